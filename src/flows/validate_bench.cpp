// Twelve expectations over 10 M rows of Parquet, against one plain aggregate over the same columns: what validation costs on top.
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "check/validate.hpp"
#include "flows/duck_table_source.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace {

using codec::Json;

struct Data {
  os::TempDir dir = *os::TempDir::Make("mlean-bench");
  std::unique_ptr<tables::Engine> engine = *tables::Engine::Open();
  std::string path = (dir.path() / "rows.parquet").string();
  Data() {
    CHECK_BUG(engine
                  ->Execute(fmt::format("COPY (SELECT i AS id, (i * 7919) % 1000 AS delay, random() * 100 AS score, CASE WHEN i "
                                        "% 50 = 0 THEN NULL ELSE (i % 600) / 3.0 END "
                                        "AS distance, ['AA', 'UA', 'DL', 'B6'][1 + i % 4] AS carrier, 'N' || (10000 + i % 4000) "
                                        "AS tail FROM range(10000000) t(i)) TO '{}'",
                                        path))
                  .ok());
  }
};

Data& SharedData() {
  static auto* const data = new Data();
  return *data;
}

check::Suite TwelveExpectations() {
  check::Suite suite;
  const auto add = [&](const char* type, Json kwargs) {
    suite.expectations.push_back(*check::MakeExpectation(type, std::move(kwargs)));
  };
  add("expect_table_row_count_to_be_between", Json::Object{{"min_value", 1}});
  add("expect_column_values_to_not_be_null", Json::Object{{"column", "delay"}});
  add("expect_column_values_to_not_be_null", Json::Object{{"column", "distance"}, {"mostly", 0.9}});
  add("expect_column_values_to_be_between", Json::Object{{"column", "delay"}, {"min_value", 0}, {"max_value", 999}});
  add("expect_column_values_to_be_between", Json::Object{{"column", "score"}, {"min_value", 0}, {"max_value", 100}});
  add("expect_column_values_to_be_between", Json::Object{{"column", "distance"}, {"min_value", 0}, {"max_value", 200}});
  add("expect_column_values_to_be_in_set",
      Json::Object{{"column", "carrier"}, {"value_set", Json::Array{"AA", "UA", "DL", "B6"}}});
  add("expect_column_value_lengths_to_equal", Json::Object{{"column", "carrier"}, {"value", 2}});
  add("expect_column_mean_to_be_between", Json::Object{{"column", "score"}, {"min_value", 40}, {"max_value", 60}});
  add("expect_column_max_to_be_between", Json::Object{{"column", "delay"}, {"max_value", 1000}});
  add("expect_column_stdev_to_be_between", Json::Object{{"column", "distance"}, {"min_value", 1}});
  add("expect_column_values_to_match_regex", Json::Object{{"column", "tail"}, {"regex", "^N[0-9]+$"}});
  return suite;
}

void BM_Validate12(benchmark::State& state) {
  Data& data = SharedData();
  const check::Suite suite = TwelveExpectations();
  for (auto _ : state) {
    auto source = DuckTableSource::Open(*data.engine, {.path = data.path});
    auto result = check::Validate(suite, **source);
    CHECK_BUG(result.ok());
    for (const auto& item : result->items) {
      if (!item.success) state.SkipWithError((item.expectation.type + " " + item.exception).c_str());
    }
  }
}
BENCHMARK(BM_Validate12)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->Iterations(3);

void BM_OneAggregate(benchmark::State& state) {
  Data& data = SharedData();
  const std::string sql = fmt::format(
      "SELECT count(*), count(delay), max(delay), avg(score), count(distance), stddev_samp(distance), min(distance), "
      "max(distance), "
      "min(score), max(score), min(carrier), max(tail) FROM read_parquet('{}')",
      data.path);
  for (auto _ : state) CHECK_BUG(data.engine->Query(sql).ok());
}
BENCHMARK(BM_OneAggregate)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->Iterations(3);

void BM_SamePredicatesByHand(benchmark::State& state) {
  Data& data = SharedData();
  const std::string sql = fmt::format(
      "SELECT count(*), count(delay), count(distance), count_if(delay < 0 OR delay > 999), count_if(score < 0 OR score > 100), "
      "count_if(distance < 0 OR distance > 200), count_if(carrier NOT IN ('AA','UA','DL','B6')), count_if(length(carrier) <> 2), "
      "avg(score), "
      "max(delay), stddev_samp(distance), count_if(NOT regexp_matches(tail, '^N[0-9]+$')) FROM read_parquet('{}')",
      data.path);
  for (auto _ : state) CHECK_BUG(data.engine->Query(sql).ok());
}
BENCHMARK(BM_SamePredicatesByHand)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->Iterations(3);

void BM_ReadFrame(benchmark::State& state) {
  Data& data = SharedData();
  for (auto _ : state) {
    auto frame = tables::ReadFrame(*data.engine, {.path = data.path}, {"delay", "score", "carrier", "tail"});
    CHECK_BUG(frame.ok() && frame->rows() == 10'000'000);
  }
  state.SetItemsProcessed(state.iterations() * 10'000'000);
}
BENCHMARK(BM_ReadFrame)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->Iterations(2);

}  // namespace
}  // namespace mlean::flows
