// Server: HTTP/1.1 over TCP or TLS. Keep-alive, pipelining, chunked and gzip/deflate request bodies, Expect: 100-continue, HEAD,
// ranges, streams. Handlers are plain functions (net/router.hpp).
//
// Threads: `io_threads` I/O threads, each with its own event loop (connections go to the one with the fewest); `pool_threads` for
// handlers On::kPool behind a queue of `pool_queue`; up to `max_streams` threads, started on need, that pull the bodies of
// streams. Every bound refuses with a status and counts in mlean_http_refused_total{reason}. Start, Drain and Stop are called
// from threads that are none of these; a Stop cuts short the Drain of another thread.
//
// Metrics: mlean_http_requests_total{route,method,code}, mlean_http_request_seconds{route} (headers complete to reply handed to
// the kernel), mlean_http_in_flight, mlean_http_connections, mlean_http_refused_total{reason}, mlean_http_pool_queue.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/metrics.hpp"
#include "base/result.hpp"
#include "net/gate.hpp"
#include "net/router.hpp"

namespace mlean::net {

struct ServerOptions {
  std::string address = "127.0.0.1";                // a numeric IPv4 or IPv6 address, or "localhost"
  std::uint16_t port = 0;                           // 0: the system picks one
  std::size_t io_threads = 0;                       // 0: one per core
  std::size_t pool_threads = 4;                     // 0: handlers On::kPool run inline
  std::size_t pool_queue = 256;                     // waiting calls; more are answered 503 with Retry-After: 1
  std::size_t max_connections = 1024;               // more are answered 503 and closed
  std::size_t max_streams = 64;                     // replies with a PullStream at once; more are answered 503
  std::size_t header_limit = 16 * 1024;             // bytes of request line and headers; more is 431
  std::chrono::milliseconds read_timeout{30'000};   // first byte to end of headers; for the body plus 1 s per 64 KiB received
  std::chrono::milliseconds idle_timeout{75'000};   // between requests of a connection
  std::chrono::milliseconds write_timeout{30'000};  // for each 256 KiB of a reply
  std::chrono::milliseconds drain_timeout{10'000};
  std::chrono::milliseconds handshake_timeout{10'000};  // of TLS, from the connection's beginning
  std::string tls_cert;  // PEM files; both or none. Set: the server speaks TLS 1.2 and 1.3 and nothing else
  std::string tls_key;
  Gate* gate = nullptr;  // borrowed; null: every request passes
};

class Server {
 public:
  // Listens and answers when this returns. `metrics` is borrowed and must outlive the server. Errors: kInvalid (address,
  // certificate), kBusy (port in use), kDenied (privileged port), kIo.
  static Result<std::unique_ptr<Server>> Start(ServerOptions options, Router router, Metrics& metrics);
  ~Server();  // Stop()

  std::uint16_t port() const;
  const std::string& url() const;  // "http://127.0.0.1:5000" or https, without a slash at the end
  const Router& router() const;

  // Reads certificate and key again; new connections get them. On error everything stays as it was. Thread-safe.
  Result<void> ReloadTls();

  // Closes the listener and idle connections, answers new requests on open ones with 503 and Connection: close, and waits until
  // the requests in flight are answered or `drain_timeout` has passed. True: nothing was cut off. May be called once or more.
  bool Drain();
  // Closes everything, waits for handlers that are running (they cannot be interrupted), joins all threads. Idempotent.
  void Stop();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlean::net
