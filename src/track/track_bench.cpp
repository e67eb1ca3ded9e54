#include <benchmark/benchmark.h>

#include <filesystem>

#include <fmt/format.h>

#include "track/metric_store.hpp"
#include "track/migrations.hpp"
#include "track/param_store.hpp"
#include "track/run_store.hpp"

namespace mlean::track {
namespace {

namespace fs = std::filesystem;

struct Store {
  Store() : folder(fs::temp_directory_path() / "mlean-bench-track") {
    fs::remove_all(folder);
    db = *sql::Database::Open({.path = folder / "t.db"}, Migrations());
  }
  ~Store() {
    db.reset();
    fs::remove_all(folder);
  }
  fs::path folder;
  std::unique_ptr<sql::Database> db;
};

// One log-batch of 1,000 points over 10 keys.
void BM_LogBatch(benchmark::State& state) {
  Store store;
  const std::string run = store.db->Write([](sql::Txn& t) { return CreateRun(t, {}, 1); })->info.run_id;
  std::vector<Metric> metrics(1000);
  std::int64_t step = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < metrics.size(); ++i)
      metrics[i] = {.key = fmt::format("m{}", i / 100), .value = 0.5, .timestamp = ++step, .step = step};
    benchmark::DoNotOptimize(store.db->Write([&](sql::Txn& t) { return LogBatch(t, run, metrics, {}, {}); }).ok());
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_LogBatch)->Unit(benchmark::kMicrosecond);

void BM_LogOneMetric(benchmark::State& state) {
  Store store;
  const std::string run = store.db->Write([](sql::Txn& t) { return CreateRun(t, {}, 1); })->info.run_id;
  std::int64_t step = 0;
  for (auto _ : state) {
    ++step;
    benchmark::DoNotOptimize(
        store.db->Write([&](sql::Txn& t) { return LogMetrics(t, run, {{.key = "m", .timestamp = step, .step = step}}); }).ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_LogOneMetric)->Unit(benchmark::kMicrosecond);

// Filter on a param and a metric, order by a metric, 100 of 100,000 runs.
void BM_SearchRuns(benchmark::State& state) {
  Store store;
  for (int chunk = 0; chunk < 100; ++chunk) {
    const auto done = store.db->Write([&](sql::Txn& t) -> Result<void> {
      for (int i = 0; i < 1000; ++i) {
        TRY(const Run run, CreateRun(t, {.start_time = chunk * 1000 + i}, 1));
        TRYV(LogMetrics(t, run.info.run_id, {{.key = "auc", .value = (i * 7919 % 1000) / 1000.0}}));
        TRYV(LogParam(t, run.info.run_id, {"depth", fmt::format("{}", i % 10)}));
      }
      return {};
    });
    if (!done) return state.SkipWithError("cannot fill");
  }
  const Query query{.experiment_ids = {"0"},
                    .where = {{Field::kParam, "depth", Op::kEq, "6"}, {Field::kMetric, "auc", Op::kGt, 0.5}},
                    .order = {{Field::kMetric, "auc", false}},
                    .limit = 100};
  for (auto _ : state) benchmark::DoNotOptimize(store.db->Read([&](sql::Conn& c) { return ListRuns(c, query); })->size());
}
BENCHMARK(BM_SearchRuns)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mlean::track
