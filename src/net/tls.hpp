// TLS, the server's side: versions 1.2 and 1.3 over a connected socket that does not block. Internal to the server; only tls.cpp
// sees OpenSSL.
//
// A connection is used by one thread at a time. What cannot go on at once says what the socket must be ready for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::net {

// A certificate with its chain, and its key. Never changed: a renewed certificate is another one.
class TlsContext {
 public:
  // Both are PEM files, the certificate first in its chain. kInvalid (not readable, no PEM, a key that belongs to another
  // certificate or asks for a passphrase).
  static Result<std::shared_ptr<const TlsContext>> Load(const std::string& cert_file, const std::string& key_file);
  ~TlsContext();

 private:
  friend class TlsConnection;
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class TlsConnection {
 public:
  // `socket` is borrowed.
  TlsConnection(std::shared_ptr<const TlsContext> context, int socket);
  ~TlsConnection();

  enum class Want : std::uint8_t { kNothing, kRead, kWrite, kEnd };  // kEnd: the connection is over
  struct Moved {
    std::size_t bytes = 0;
    Want want = Want::kNothing;  // when no bytes moved
  };
  Want Handshake();
  // After a handshake that ended: the client speaks HTTP without TLS.
  bool SawPlainHttp() const { return plain_http_; }
  Moved Read(std::span<char> space);
  // After kEnd: only the client's side has ended, and it may still listen.
  bool CanAnswer() const { return !broken_; }
  // After kRead or kWrite the same bytes must be offered again.
  Moved Write(std::string_view bytes);
  // Without taking what it sent.
  bool PeerIsGone();
  // Tells the client that no more comes; does not wait.
  void Shutdown();
  // What the last Write waits for.
  Want write_want() const { return write_want_; }

 private:
  struct Impl;
  Want Reason(int result);

  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<Impl> impl_;
  Want write_want_ = Want::kWrite;
  bool plain_http_ = false;
  bool broken_ = false;  // OpenSSL asks not to be called any more
};

}  // namespace mlean::net
