// Call and Reply: what an HTTP handler gets and gives. Plain values, no sockets: a handler is a function Reply(const Call&) and
// is tested by calling it (Call::For, Router::Handle).
//
// A Call borrows everything from the connection: its views are valid until the handler returns. A pull stream, which runs later,
// must copy what it needs. One Call is used by one thread at a time.
//
//   Reply GetModel(const Call& call) {
//     const std::string_view name = call.Path("name");
//     const std::optional<std::string> version = call.Query("version");
//     return Reply::Json(200, text);
//   }
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "types/caller.hpp"

namespace mlean::net {

// Header names and such: ASCII letters compared without case.
bool EqualNoCase(std::string_view a, std::string_view b);

struct HeaderView {
  std::string_view name;
  std::string_view value;
};

struct Call {
  // A call made by hand, for tests and inner dispatch. `target` is "/path?query"; all arguments are borrowed.
  static Call For(std::string_view method, std::string_view target, std::string_view body = {},
                  std::span<const HeaderView> headers = {});

  std::string_view method;       // "GET", upper case as sent
  std::string_view path;         // before '?', as sent (not decoded)
  std::string_view query;        // after '?', as sent; every '%' in it is sound once the router has seen it
  std::string_view body;         // whole, after removing chunks and compression; empty when it was spooled to body_file
  std::string_view body_file;    // see RouteOptions::spool_dir; empty otherwise
  std::string_view body_sha256;  // of body_file, in hex, see RouteOptions::hash_spooled; empty otherwise
  std::string_view remote;       // "127.0.0.1:51234"
  bool secure = false;           // came over TLS
  std::string_view request_id;   // X-Request-Id when sane (1..128 of [A-Za-z0-9._-]), else made
  std::chrono::steady_clock::time_point arrived{};  // when the request line and headers were complete
  std::span<const HeaderView> headers;
  std::shared_ptr<const Caller> caller;  // who calls, once a gate (net/gate.hpp) has made sure; null: nobody asked

  // The decoded text captured by "{name}" in the pattern, "" when there is none. It is valid UTF-8 without control characters,
  // but may hold '/' (sent as %2F) and, for "{name...}", parts like "..": check before using it as a file name.
  std::string_view Path(std::string_view name) const;
  // First value of a query key, decoded ('+' is a blank).
  std::optional<std::string> Query(std::string_view key) const;
  std::vector<std::string> QueryAll(std::string_view key) const;
  std::vector<std::pair<std::string, std::string>> QueryPairs() const;
  // First value of a header, "" when absent; the name is compared without case.
  std::string_view Header(std::string_view name) const;
  bool HasHeader(std::string_view name) const;

  // What the router captured. Offsets, so that a Call may be moved.
  struct Capture {
    std::string_view name;  // borrowed from the router
    bool decoded = false;   // in decoded_path, else in path
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  static constexpr std::size_t kMaxCaptures = 8;
  std::array<Capture, kMaxCaptures> captures{};
  std::uint8_t capture_count = 0;
  std::string decoded_path;  // segments that had escapes, decoded, one after the other
};

struct ReplyHeader {
  std::string_view name;  // a text that lives as long as the program, mostly a literal
  std::string value;      // CR, LF and NUL become blanks when sent
};

// A span of a file; the server opens it when it sends. Missing or unreadable: the reply becomes 404 or 500.
struct FileBody {
  std::string path;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;  // to the end of the file when not given
};

// Appends the next piece of a body to `chunk`. True: call again (an empty chunk is allowed and means "nothing yet"); false: this
// was the last piece. An error ends the connection without the final chunk, so that the receiver sees it is incomplete. Called
// off the I/O threads, never twice at once; must return within about a second (return an empty chunk rather than wait longer), or
// it delays the end of the server. Destroyed when the receiver is gone.
using PullStream = std::function<Result<bool>(std::string& chunk)>;

// Exactly one of body, static_body, file, stream is the body. The server adds Content-Length or chunks, Date, Connection and
// X-Content-Type-Options: nosniff. A reply with an "ETag" header and status 200 becomes 304 when If-None-Match names it; file
// bodies answer Range (one range; If-Range by ETag) with 206 or 416.
struct Reply {
  int status = 200;
  std::string content_type;  // left out when empty
  std::string body;
  std::vector<ReplyHeader> headers;
  std::string_view static_body;  // text that lives as long as the program (embedded pages): sent without a copy
  std::optional<FileBody> file;
  PullStream stream;

  static Reply Json(int status, std::string body);
  static Reply Text(int status, std::string body);
  static Reply Html(int status, std::string body);
  static Reply NoContent();
  static Reply File(std::string path, std::string content_type);
  static Reply Stream(std::string content_type, PullStream stream);
  static Reply Redirect(std::string location, int status = 302);

  // Adds a header and returns *this for chaining. `name`: see ReplyHeader.
  Reply& With(std::string_view name, std::string value) &;
  Reply&& With(std::string_view name, std::string value) &&;
};

using Handler = std::function<Reply(const Call&)>;

// "Not Found" for 404; "Status 599" style text for a code without a name.
std::string_view StatusText(int status);

// An inclusive byte range of a body of `size` bytes. `none`: no usable Range header, send the whole; `bad`: answer 416.
struct ByteRange {
  enum class Kind : std::uint8_t { kWhole, kPart, kBad } kind = Kind::kWhole;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
// Reads "bytes=a-b", "bytes=a-", "bytes=-n" (RFC 9110, 14.2). Several ranges, other units and wrong syntax mean the whole.
ByteRange ParseRange(std::string_view header, std::uint64_t size);

}  // namespace mlean::net
