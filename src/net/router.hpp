// Router: maps method and path to a handler by a tree of path segments. Filled at start, then read by many threads.
//
// Patterns: "/v2/models/{name}/infer"; "/files/{path...}" (the rest, may be empty, last only); "/v1/models/{name}:predict" (a
// fixed suffix after a capture). Fixed text wins over a capture with the longer suffix, that over one without, that over a rest;
// when the better branch leads nowhere for this method the next is tried. Double and trailing slashes in a request do not matter.
// Segments are percent-decoded before they are compared, so %2F is part of a segment. HEAD is answered by GET's handler, OPTIONS
// with 204 and Allow. Adding the same method and pattern twice, or a malformed pattern, is a bug and aborts.
//
//   Router router;
//   router.Add("POST", "/v2/models/{name}/infer", {.on = On::kInline, .max_body = 16 << 20}, Infer);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/message.hpp"

namespace mlean::net {

// Where a handler runs. kInline: on the I/O thread; only for work of microseconds that never waits. kPool: on the bounded pool.
enum class On : std::uint8_t { kInline, kPool };

// Who may call a route where a gate (net/gate.hpp) asks. A route that does not say lets nobody in.
enum class Access : std::uint8_t {
  kUndeclared,
  kAnyone,  // also without credentials: probes
  kReader,  // any user; the request changes nothing
  kWriter,  // any user, but not one who came with a read-only token; what exactly it may change the handler asks
  kAdmin,   // administrators
};

struct RouteOptions {
  On on = On::kPool;
  std::uint64_t max_body = 64ull << 20;  // bytes, also after decompression; more is 413
  std::string label;                     // value of the metrics label "route"; empty: the pattern
  // When set, a body over 256 KiB is written to a new file in this folder (made when missing) instead of memory, so that max_body
  // may be gigabytes, and Call::body_file is its path. The handler may rename it away; what is left is removed after the handler
  // returns.
  std::string spool_dir;
  bool hash_spooled = false;  // sets Call::body_sha256 of such a file, at little cost: its bytes are at hand as they come
  Access access = Access::kUndeclared;
  // Asked, when set, on the I/O thread, while the server has no other request to answer. A reply is the answer, and saves two
  // switches between threads; without one, nothing was done, and the handler runs on the pool.
  std::function<std::optional<Reply>(const Call&)> at_once;
  // Asked, when set, on the pool, before a body that did not come with the head is read. A reply is the answer, and nothing of
  // the body is kept. A body that is here already goes to the handler at once, which asks the same.
  std::function<std::optional<Reply>(const Call&)> refuse;
};

struct Route {
  std::string method;
  std::string pattern;
  RouteOptions options;
  Handler handler;
  std::size_t index = 0;  // position in Routes()
};

// Makes the body of an error the server finds by itself: 400, 404, 405, 413, 415, 417, 431, 500, 503. The caller adds headers
// such as Allow and Retry-After. `call` may lack everything after the point of failure (a broken request line has no path).
using ErrorBody = std::function<Reply(int status, std::string_view message, const Call& call)>;

class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  void Add(std::string_view method, std::string_view pattern, RouteOptions options, Handler handler);
  // Errors on paths that start with `prefix` (longest wins, "" for all) get the shape of `body`. Default: {"error": message}.
  void SetErrorBody(std::string_view prefix, ErrorBody body);

  struct Match {
    const Route* route = nullptr;  // null: `reply` is the answer (OPTIONS, 400, 404, 405)
    Reply reply;
  };
  // Finds the route and fills the captures of `call`.
  Match Find(Call& call) const;

  // Find, then the handler; what the server does without limits, threads and metrics. For tests and inner calls. Throws what the
  // handler throws.
  Reply Handle(Call call) const;

  Reply Error(int status, std::string_view message, const Call& call) const;

  // In the order of Add(), for docs and metrics. Addresses are stable.
  const std::vector<std::unique_ptr<Route>>& Routes() const { return routes_; }

 private:
  struct Node;
  struct Walk;

  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::vector<std::pair<std::string, ErrorBody>> error_bodies_;  // longest prefix first
};

}  // namespace mlean::net
