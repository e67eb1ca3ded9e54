#include "api/health.hpp"

#include "os/machine.hpp"

namespace mlean::api {

void BindHealth(net::Router& router, const serving::LiveModels& models, Metrics& metrics, const std::string& version) {
  const net::RouteOptions inline_small{.on = net::On::kInline, .max_body = 1u << 16, .access = net::Access::kAnyone};
  Gauge& rss = metrics.Gauges("process_resident_memory_bytes", "Resident memory of the process.").Only();
  metrics.BeforeRender([&rss] { rss.Set(static_cast<double>(os::RssBytes())); });
  router.Add("GET", "/health", inline_small, [](const net::Call&) { return net::Reply::Text(200, "OK"); });
  router.Add("GET", "/ready", inline_small, [&models](const net::Call&) {
    // -1: the registry was never read, so nothing can be answered yet.
    return models.synced() >= 0 ? net::Reply::Text(200, "OK") : net::Reply::Text(503, "starting");
  });
  router.Add("GET", "/version", inline_small, [version](const net::Call&) { return net::Reply::Text(200, version); });
  router.Add("GET", "/metrics", {.on = net::On::kPool, .max_body = 1u << 16, .access = net::Access::kReader},
             [&metrics](const net::Call&) {
               net::Reply reply = net::Reply::Text(200, metrics.RenderPrometheus());
               reply.content_type = std::string(kPrometheusType);
               return reply;
             });
}

}  // namespace mlean::api
