// One row and many rows through a forest of 100 trees of depth 6, beside libxgboost's in-place prediction on the same model and
// rows, in the same run. The last line printed is the ratio.
#include <benchmark/benchmark.h>

#include <chrono>
#include <random>
#include <vector>

#include "infer/forest.hpp"
#include "infer/input_hash.hpp"
#include "infer/model.hpp"
#include "infer/xgboost_library_test.hpp"

namespace mlean::infer {
namespace {

constexpr std::size_t kFeatures = 20;
constexpr std::size_t kTrain = 20000;

std::vector<float> Rows(std::size_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> rows(count * kFeatures);
  for (float& value : rows) value = random() % 20 == 0 ? std::numeric_limits<float>::quiet_NaN() : normal(random);
  return rows;
}

struct Subject {
  std::string json, ubj;  // the same model in both formats
  std::vector<float> rows = Rows(kTrain);
};

Subject Make(int rounds) {
  Subject subject;
  const XgboostLibrary* const library = XgboostLibrary::Open();
  if (library == nullptr) return subject;
  std::vector<float> labels(kTrain);
  for (std::size_t i = 0; i < kTrain; ++i) {
    const float* const row = subject.rows.data() + i * kFeatures;
    labels[i] = row[0] * row[1] + std::sin(row[2] * 3) + row[3] > 0 || std::isnan(row[4]) ? 1 : 0;
  }
  constexpr std::string_view kParameters =
      "objective=binary:logistic max_depth=6 min_child_weight=0 tree_method=hist seed=1 nthread=1";
  subject.json = library->Train(subject.rows, labels, kFeatures, kParameters, rounds, "json");
  subject.ubj = library->Train(subject.rows, labels, kFeatures, kParameters, rounds, "ubj");
  return subject;
}

const Subject& Hundred() {
  static const Subject kSubject = Make(100);
  return kSubject;
}

void Ours(benchmark::State& state) {
  if (Hundred().ubj.empty()) return state.SkipWithError("no libxgboost to train with");
  const Result<Forest> forest = Forest::Parse(Hundred().ubj, "bench");
  const auto count = static_cast<std::size_t>(state.range(0));
  std::vector<float> margins(count);
  std::size_t start = 0;
  for (auto _ : state) {
    forest->PredictMargins({Hundred().rows.data() + start * kFeatures, count * kFeatures}, count, margins);
    benchmark::DoNotOptimize(margins.data());
    start = (start + count) % (kTrain - count);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Ours)->Arg(1)->Arg(1000);

void Libxgboost(benchmark::State& state) {
  const XgboostLibrary* const library = XgboostLibrary::Open();
  if (library == nullptr) return state.SkipWithError("no libxgboost");
  void* const booster = library->Load(Hundred().ubj);
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::string array = XgboostLibrary::Array(Hundred().rows.data(), count, kFeatures);
  for (auto _ : state) benchmark::DoNotOptimize(library->PredictInPlace(booster, array));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  library->Free(booster);
}
BENCHMARK(Libxgboost)->Arg(1)->Arg(1000);

template <class Call>
double NanosecondsOf(Call call, int times) {
  call();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) call();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / times;
}

// Both alternately, so that a busy machine hits both alike.
void Ratio(benchmark::State& state) {
  const XgboostLibrary* const library = XgboostLibrary::Open();
  if (library == nullptr) return state.SkipWithError("no libxgboost");
  const Result<Forest> forest = Forest::Parse(Hundred().ubj, "bench");
  void* const booster = library->Load(Hundred().ubj);
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::string array = XgboostLibrary::Array(Hundred().rows.data(), count, kFeatures);
  std::vector<float> margins(count);
  std::vector<double> ours, theirs;
  for (auto _ : state) {
    const int times = count == 1 ? 1000 : 10;
    ours.push_back(NanosecondsOf(
        [&] {
          forest->PredictMargins({Hundred().rows.data(), count * kFeatures}, count, margins);
        },
        times));
    theirs.push_back(NanosecondsOf([&] { library->PredictInPlace(booster, array); }, times));
  }
  std::nth_element(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(ours.size() / 2), ours.end());
  std::nth_element(theirs.begin(), theirs.begin() + static_cast<std::ptrdiff_t>(theirs.size() / 2), theirs.end());
  const double rows = static_cast<double>(count);
  state.counters["ours_ns_row"] = ours[ours.size() / 2] / rows;
  state.counters["theirs_ns_row"] = theirs[theirs.size() / 2] / rows;
  state.counters["times_faster"] = theirs[theirs.size() / 2] / ours[ours.size() / 2];
  library->Free(booster);
}
BENCHMARK(Ratio)->Arg(1)->Arg(1000)->Iterations(101);

void LoadFiveHundredTrees(benchmark::State& state) {
  static const Subject kSubject = Make(500);
  const std::string& bytes = state.range(0) == 0 ? kSubject.json : kSubject.ubj;
  if (bytes.empty()) return state.SkipWithError("no libxgboost to train with");
  for (auto _ : state) benchmark::DoNotOptimize(Forest::Parse(bytes, "bench"));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(LoadFiveHundredTrees)->ArgName("ubj")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

ModelSchema FlightSchema() {
  ModelSchema schema;
  for (const char* const name : {"month", "day", "hour", "minute", "distance", "wind"})
    schema.features.push_back({name, FeatureKind::kNumber, {}, true});
  schema.features.push_back({"carrier",
                             FeatureKind::kCategory,
                             {"AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN"},
                             true});
  return schema;
}

void EncodeFlatJson(benchmark::State& state) {
  const RowEncoder encoder(FlightSchema());
  constexpr std::string_view kBody =
      R"({"month": 7, "day": 14, "hour": 17.5, "minute": 30, "distance": 1069, "wind": 12.65858, "carrier": "UA"})";
  std::vector<float> row(encoder.features());
  for (auto _ : state) {
    benchmark::DoNotOptimize(encoder.EncodeFlatJson(kBody, row).ok());
    benchmark::DoNotOptimize(row.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kBody.size()));
}
BENCHMARK(EncodeFlatJson);

void HashOfInput(benchmark::State& state) {
  const std::vector<float> row(static_cast<std::size_t>(state.range(0)), 1.5F);
  for (auto _ : state) benchmark::DoNotOptimize(InputHash(row));
}
BENCHMARK(HashOfInput)->Arg(7)->Arg(20)->Arg(200);

}  // namespace
}  // namespace mlean::infer
