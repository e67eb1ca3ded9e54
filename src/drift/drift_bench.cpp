// A data-set comparison as Evidently's default preset: two samples of 20 columns (14 real, 2 int, 4 text), and a window against a
// stored profile.
#include <benchmark/benchmark.h>

#include "drift/dataset_drift.hpp"
#include "drift/test_samples.hpp"

namespace {

using mlean::drift::CompareFrames;
using mlean::drift::CompareProfiles;
using mlean::drift::MakeProfile;
using mlean::drift::MakeSample;

mlean::types::Frame Make(std::size_t rows, int seed) {
  mlean::types::Frame frame;
  for (int i = 0; i < 20; ++i) {
    const char* maker = i < 8 ? "normal" : i < 14 ? "uniform" : i < 16 ? "ints" : "words";
    const char* range = i < 14 ? "1:2" : i < 16 ? "0:30" : "12:0";
    frame.columns.push_back(MakeSample(fmt::format("{}:{}:{}:{}", maker, seed + i, rows, range), fmt::format("c{:02}", i)));
  }
  return frame;
}

void BM_CompareFrames(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  const auto reference = Make(rows, 1);
  const auto current = Make(rows, 100);
  mlean::drift::DatasetOptions options;
  options.threads = static_cast<unsigned>(state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(CompareFrames(reference, current, options));
}
BENCHMARK(BM_CompareFrames)
    ->Args({200'000, 1})
    ->Args({200'000, 0})
    ->Args({1'000'000, 1})
    ->Args({1'000'000, 0})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void BM_WindowAgainstStoredProfile(benchmark::State& state) {
  const auto reference = MakeProfile(Make(200'000, 1), {.max_sample = mlean::drift::kStoredSample});
  const auto window = Make(5'000, 100);
  for (auto _ : state) {
    benchmark::DoNotOptimize(CompareProfiles(reference, MakeProfile(window, {.like = &reference, .threads = 1}), {.threads = 1}));
  }
}
BENCHMARK(BM_WindowAgainstStoredProfile)->Unit(benchmark::kMillisecond);

}  // namespace
