#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "codec/json.hpp"

namespace mlean::codec {
namespace {

// A batch of 1,000 prediction rows, as request bodies have them.
std::string Rows() {
  std::string text = "{\"instances\": [";
  for (int i = 0; i < 1000; ++i) {
    text += fmt::format(
        R"({}{{"month": {}, "dep_delay": {:.3f}, "carrier": "UA", "origin": "EWR", "dest": "IAH", "distance": {}, "late": {}}})",
        i == 0 ? "" : ", ", i % 12, i * 0.731, 100 + i, i % 3 == 0);
  }
  return text + "]}";
}
std::string Matrix() {
  std::string text = "[";
  for (int i = 0; i < 20000; ++i) text += fmt::format("{}{}", i == 0 ? "" : ",", i * 0.0173913);
  return text + "]";
}
std::string Logs() {
  std::string text = "[";
  for (int i = 0; i < 2000; ++i) {
    text += fmt::format(R"({}{{"message": "step {} finished after a while, wrote some output to the file\n", "id": {}}})",
                        i == 0 ? "" : ",", i, i);
  }
  return text + "]";
}

void Parse(benchmark::State& state, const std::string& text) {
  for (auto _ : state) benchmark::DoNotOptimize(Json::Parse(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
void Dump(benchmark::State& state, const std::string& text) {
  const Json value = *Json::Parse(text);
  for (auto _ : state) benchmark::DoNotOptimize(value.Dump());
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * value.Dump().size()));
}
BENCHMARK_CAPTURE(Parse, rows, Rows());
BENCHMARK_CAPTURE(Parse, matrix, Matrix());
BENCHMARK_CAPTURE(Parse, logs, Logs());
BENCHMARK_CAPTURE(Dump, rows, Rows());
BENCHMARK_CAPTURE(Dump, matrix, Matrix());

}  // namespace
}  // namespace mlean::codec
