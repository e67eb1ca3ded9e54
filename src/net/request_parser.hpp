// RequestParser: turns the bytes of one connection into requests (RFC 9112). It owns the connection's read buffer, whose size is
// fixed, so views into it stay valid until Next(). The grammar is Boost.Beast's; what Beast leaves open (ambiguous lengths,
// folded lines, a missing Host) is refused here.
//
//   while (parser.ParseHead() == kMore) parser.Received(read(parser.Space()));
//   … head() …; while (parser.ParseBody(body) == kMore) parser.Received(read(parser.Space()));
//   … answer …; parser.Next();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "net/message.hpp"
#include "net/request_body.hpp"

namespace mlean::net {

struct RequestHead {
  std::string_view method;
  std::string_view target;
  std::vector<HeaderView> headers;
  bool http11 = false;
  bool keep_alive = false;
  bool chunked = false;
  std::uint64_t content_length = 0;  // 0 when chunked or without a body

  bool HasBody() const { return chunked || content_length > 0; }
};

class RequestParser {
 public:
  enum class Step : std::uint8_t {
    kMore,   // read into Space(), call Received(), then again
    kReady,  // the head or the body is complete
    kBad,    // error_status() and error_text() say why; the connection cannot go on
  };

  explicit RequestParser(std::size_t header_limit);
  ~RequestParser();

  std::span<char> Space();
  void Received(std::size_t bytes);
  // No byte of a next request has arrived.
  bool Empty() const;
  // After a ready head: all of its body is in the buffer already (a chunked one counts as not).
  bool BodyIsHere() const;

  Step ParseHead();
  const RequestHead& head() const;
  // After a ready head that HasBody(). A body that fits the buffer is lent to `body` without a copy.
  Step ParseBody(RequestBody& body, std::uint64_t limit, std::string_view spool_dir, bool hash = false);
  // Forgets the request; bytes after it are the start of the next.
  void Next();

  int error_status() const;
  std::string_view error_text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlean::net
