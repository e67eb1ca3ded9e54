// What a request costs: finding its route, parsing its head, and a whole round trip of our client and our server on one
// connection.
#include <benchmark/benchmark.h>

#include <cstring>

#include "net/client.hpp"
#include "net/request_parser.hpp"
#include "net/server.hpp"

namespace mlean::net {
namespace {

Router MakeRouter() {
  Router router;
  for (const char* pattern : {"/hello", "/v2/models/{name}/infer", "/v2/models/{name}", "/api/2.0/mlflow/runs/create",
                              "/api/2.0/mlflow/runs/get", "/files/{path...}"}) {
    router.Add("GET", pattern, {.on = On::kInline}, [](const Call&) { return Reply::Text(200, "hello"); });
  }
  router.Add("GET", "/pool", {}, [](const Call&) { return Reply::Text(200, "hello"); });
  return router;
}

void FindRoute(benchmark::State& state) {
  const Router router = MakeRouter();
  Call call = Call::For("GET", "/v2/models/churn/infer");
  for (auto _ : state) benchmark::DoNotOptimize(router.Find(call).route);
}
BENCHMARK(FindRoute);

void ParseHead(benchmark::State& state) {
  constexpr std::string_view kHead =
      "GET /v2/models/churn/infer HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nAccept: */*\r\nUser-Agent: x\r\n\r\n";
  RequestParser parser(16 * 1024);
  for (auto _ : state) {
    std::memcpy(parser.Space().data(), kHead.data(), kHead.size());
    parser.Received(kHead.size());
    benchmark::DoNotOptimize(parser.ParseHead());
    parser.Next();
  }
}
BENCHMARK(ParseHead);

void RoundTrip(benchmark::State& state, const char* path) {
  Metrics metrics;
  const auto server = Server::Start({.io_threads = 1}, MakeRouter(), metrics);
  Client client;
  const Request request{.url = (*server)->url() + path};
  for (auto _ : state) {
    if (!client.Send(request)) state.SkipWithError("request failed");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(RoundTrip, inline, "/hello")->UseRealTime();
BENCHMARK_CAPTURE(RoundTrip, pool, "/pool")->UseRealTime();

}  // namespace
}  // namespace mlean::net
