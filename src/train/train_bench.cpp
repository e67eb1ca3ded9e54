// 80,000 rows × 15 features, 200 trees of depth 6.
#include <benchmark/benchmark.h>

#include "train/test_frames.hpp"
#include "train/train.hpp"

namespace {

void BM_Train80kBy15(benchmark::State& state) {
  const mlean::types::Frame frame = mlean::train::MakeFlights(80'000, 1, 11);
  mlean::train::TrainSpec spec;
  spec.label = "late";
  spec.exclude = {"delay"};
  spec.rounds = 200;
  spec.params = {{"max_depth", "6"}, {"eta", "0.1"}};
  for (auto _ : state) {
    const auto outcome = mlean::train::Train(frame, nullptr, spec);
    if (!outcome) return state.SkipWithError(outcome.error().what.c_str());
    benchmark::DoNotOptimize(outcome->model.size());
  }
}
BENCHMARK(BM_Train80kBy15)->Unit(benchmark::kMillisecond);

}  // namespace
