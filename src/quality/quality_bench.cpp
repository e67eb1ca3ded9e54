// AUC and a whole report of a million rows.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <vector>

#include "quality/binary.hpp"
#include "quality/report.hpp"

namespace {

constexpr std::size_t kRows = 1'000'000;

struct Data {
  std::vector<std::uint8_t> bits;
  std::vector<double> labels;
  std::vector<double> scores;
};

Data Make() {
  Data data;
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < kRows; ++i) {
    data.bits.push_back(random() % 4 == 0 ? 1 : 0);
    data.labels.push_back(data.bits.back());
    data.scores.push_back(static_cast<double>(random() >> 11) * 0x1p-53);
  }
  return data;
}

void BM_Auc1M(benchmark::State& state) {
  const Data data = Make();
  for (auto _ : state) benchmark::DoNotOptimize(mlean::quality::Auc(data.bits, data.scores));
}
BENCHMARK(BM_Auc1M)->Unit(benchmark::kMillisecond);

void BM_Evaluate1M(benchmark::State& state) {
  const Data data = Make();
  const std::vector<std::string> classes{"no", "yes"};
  for (auto _ : state) {
    benchmark::DoNotOptimize(mlean::quality::Evaluate({.labels = data.labels, .predictions = data.scores, .classes = classes}));
  }
}
BENCHMARK(BM_Evaluate1M)->Unit(benchmark::kMillisecond);

}  // namespace
