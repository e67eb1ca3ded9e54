// Loop: one I/O thread with its event loop and the connections it serves; and Shared, what the loops of one server have in
// common. Internal to the server. Connections are coroutines (loop.cpp, the only file that sees Asio).
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.hpp"
#include "net/pool.hpp"
#include "net/router.hpp"
#include "net/server.hpp"
#include "net/tls.hpp"

namespace mlean::net {

// The metrics of the requests of a server; children are made when first needed and then found without a lock.
class HttpMetrics {
 public:
  HttpMetrics(Metrics& metrics, const Router& router);

  // `route` null: no route matched; `method` then is what the client sent.
  void Answered(const Route* route, std::string_view method, int status, double seconds);
  void Refused(std::string_view reason) { refused_.With({{"reason", reason}}).Add(); }

  Gauge& in_flight;
  Gauge& connections;
  Gauge& pool_queue;

 private:
  static constexpr std::array kStatuses = {200, 201, 204, 206, 302, 304, 400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503};
  struct PerRoute {
    std::array<std::atomic<Counter*>, kStatuses.size()> by_status{};
    std::atomic<Histogram*> seconds = nullptr;
  };
  CounterFamily& requests_;
  HistogramFamily& seconds_;
  CounterFamily& refused_;
  std::vector<PerRoute> routes_;
};

struct Shared {
  Shared(ServerOptions server_options, Router server_router, Metrics& metrics);

  const ServerOptions options;
  const Router router;
  HttpMetrics metrics;
  std::atomic<std::shared_ptr<const TlsContext>> tls;  // null: plain HTTP
  Pool pool;
  Pool streams;
  const std::string id_prefix;  // of request ids made here; random for each server
  std::atomic<bool> draining = false;
  std::atomic<std::size_t> active_streams = 0;
  std::atomic<std::size_t> connections = 0;
  std::mutex drained_mutex;
  std::condition_variable drained;  // notified when connections becomes 0
};

class Loop {
 public:
  Loop(Shared& shared, std::size_t index);
  ~Loop();  // after StopThread() and Shared::pool.Drop()

  void StartThread();
  // Serves a connected socket, which is owned from here. `refuse`: only tells the client that the server is full. Thread-safe.
  void Add(int fd, std::string remote, bool refuse);
  std::size_t Connections() const;
  // Closes connections that wait for a request / all of them. Thread-safe.
  void CloseIdle();
  void CloseAll();
  // Ends the event loop and joins its thread.
  void StopThread();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlean::net
