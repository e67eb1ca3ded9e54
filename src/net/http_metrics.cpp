#include <algorithm>

#include "base/ids.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"

namespace mlean::net {
namespace {

constexpr std::size_t kMaxSeries = 5000;  // routes times statuses

std::string_view KnownMethod(std::string_view method) {
  for (const std::string_view known : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    if (method == known) return known;
  }
  return "other";
}

std::string RandomPrefix() {
  unsigned char bytes[4];
  RandomBytes(bytes, sizeof(bytes));
  return Hex(bytes, sizeof(bytes));
}

}  // namespace

HttpMetrics::HttpMetrics(Metrics& metrics, const Router& router)
    : in_flight(metrics.Gauges("mlean_http_in_flight", "Requests whose reply is not yet sent.").Only()),
      connections(metrics.Gauges("mlean_http_connections", "Open connections.").Only()),
      pool_queue(metrics.Gauges("mlean_http_pool_queue", "Requests waiting for a thread of the pool.").Only()),
      requests_(metrics.Counters("mlean_http_requests_total", "Requests answered.", {"route", "method", "code"}, kMaxSeries)),
      seconds_(metrics.Histograms("mlean_http_request_seconds", "From the end of the headers to the reply handed to the system.",
                                  {"route"})),
      refused_(metrics.Counters("mlean_http_refused_total", "Requests and connections turned away by a limit.", {"reason"})),
      routes_(router.Routes().size()) {}

void HttpMetrics::Answered(const Route* route, std::string_view method, int status, double seconds) {
  const std::string_view label = route != nullptr ? std::string_view(route->options.label) : "none";
  const auto count = [&](std::string_view known_method) -> Counter& {
    return requests_.With({{"route", label}, {"method", known_method}, {"code", std::to_string(status)}});
  };
  if (route == nullptr) {
    count(KnownMethod(method)).Add();
    seconds_.With({{"route", label}}).Observe(seconds);
    return;
  }
  PerRoute& cache = routes_[route->index];
  const auto slot = static_cast<std::size_t>(std::find(kStatuses.begin(), kStatuses.end(), status) - kStatuses.begin());
  if (slot == kStatuses.size()) {
    count(route->method).Add();
  } else {
    Counter* counter = cache.by_status[slot].load(std::memory_order_acquire);
    if (counter == nullptr) cache.by_status[slot].store(counter = &count(route->method), std::memory_order_release);
    counter->Add();
  }
  Histogram* histogram = cache.seconds.load(std::memory_order_acquire);
  if (histogram == nullptr) cache.seconds.store(histogram = &seconds_.With({{"route", label}}), std::memory_order_release);
  histogram->Observe(seconds);
}

Shared::Shared(ServerOptions server_options, Router server_router, Metrics& registry)
    : options(std::move(server_options)),
      router(std::move(server_router)),
      metrics(registry, router),
      pool("mlean-pool", options.pool_threads, options.pool_queue),
      // Twice as many places as streams: a pull's place is given back a moment after the next one asks.
      streams("mlean-stream", options.max_streams, options.max_streams),
      id_prefix(RandomPrefix()) {}

}  // namespace mlean::net
