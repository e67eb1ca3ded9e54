#include <benchmark/benchmark.h>

#include "rollout/evidence.hpp"
#include "rollout/live_window.hpp"
#include "rollout/split.hpp"

namespace mlean::rollout {
namespace {

void BM_AssignVariant(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(AssignVariant("5f0c7a1de6b94c0a9c3e6f2b1a7d8e90", "user-1234567890abcdef", 0.25));
  }
}
BENCHMARK(BM_AssignVariant);

void BM_Record(benchmark::State& state) {
  static LiveWindow window;
  std::int64_t now = 0;
  for (auto _ : state) window.Record({.now_ms = ++now / 1000, .latency_us = now % 5000, .error = false, .score = 0.3});
}
BENCHMARK(BM_Record)->Threads(1)->Threads(4);

void BM_Window(benchmark::State& state) {
  LiveWindow window;
  for (int i = 0; i < 60'000; ++i) window.Record({.now_ms = i, .latency_us = i});
  for (auto _ : state) benchmark::DoNotOptimize(window.Window(60'000));
}
BENCHMARK(BM_Window);

void BM_CompareErrors(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(CompareErrors({5000, 52}, {95'000, 480}, 0.005));
}
BENCHMARK(BM_CompareErrors);

}  // namespace
}  // namespace mlean::rollout
