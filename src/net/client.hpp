// Client: HTTP and HTTPS requests over libcurl, which is opened on first use (kUnsupported with a fix when it is not installed).
//
// A Client keeps one connection alive per host and reuses it. Not thread-safe: one Client per thread. No redirects unless asked
// for, TLS certificates are checked unless told otherwise, responses are bounded. A status such as 404 or 500 is a Response, not
// an error; errors are kTimeout, kIo (refused, reset, name not found, TLS), kInvalid (url), kTooLarge (response), kCancelled (by
// `sink`).
//
//   Client client;
//   TRY(const Response response, client.Send({.method = "GET", .url = "http://127.0.0.1:5000/health"}));
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace mlean::net {

struct Response;

struct Tls {
  bool verify = true;
  std::string ca_file;    // PEM file or folder instead of the system's; once set, this Client does not go back to the system's
  std::string cert_file;  // of the client, PEM
  std::string key_file;   // default: in cert_file
  friend bool operator==(const Tls&, const Tls&) = default;
};

struct Request {
  std::string method = "GET";
  std::string url;  // http:// or https:// only
  std::vector<std::pair<std::string, std::string>>
      headers;  // names and values without CR, LF, NUL; no Content-Type: none is sent
  std::string body;
  std::string body_file;                     // when set, the body is this file, streamed
  std::uint64_t body_offset = 0;             // of body_file: from here …
  std::optional<std::uint64_t> body_length;  // … so many bytes; default: to its end
  std::int64_t timeout_ms = 30'000;          // for the whole exchange; 0: none
  std::int64_t connect_timeout_ms = 5'000;
  std::int64_t stall_timeout_ms = 0;           // kTimeout when nothing moves for so long (whole seconds); 0: none
  const std::atomic<bool>* cancel = nullptr;   // kCancelled within a second after it turns true; not owned
  std::size_t max_response_bytes = 64u << 20;  // of the body kept in Response::body
  int max_redirects = 0;
  // Connects to public addresses only (net/address.hpp) and to no proxy; else kDenied. For URLs given by strangers. All requests
  // of a Client have it or none: a connection that is there already is not looked at again.
  bool public_only = false;
  // When set, gets the pieces of the body of a 2xx answer instead of Response::body (any size), with status and headers in
  // `head`; false cancels. Other answers keep theirs in Response::body.
  std::function<bool(const Response& head, std::string_view piece)> sink;
  std::function<void(std::uint64_t bytes)> on_sent;  // bytes of body_file taken since the last call
  std::string user_password;                         // "user:password" for basic authorisation
  Tls tls;
};

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // of the last response, in order, names as sent
  std::string body;

  // First value of a header, "" when absent; the name is compared without case.
  std::string_view Header(std::string_view name) const;
};

class Client {
 public:
  Client();
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  Result<Response> Send(const Request& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlean::net
