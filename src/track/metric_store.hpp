// Metrics of runs. Points live in one clustered table keyed by (run number, key number, timestamp, step, value), about 30 bytes a
// point, so that a history is one range scan and 100 million points stay usable. An identical point is kept once. The latest
// point of a key by (step, timestamp, value) is kept beside it; NaN counts as 0 in that order, as in MLflow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/types.hpp"

namespace mlean::track {

// Adds the points; all or nothing by the caller's transaction. Any count (MLflow's batch limit is CheckBatch in limits.hpp).
Result<void> LogMetrics(sql::Txn& txn, std::string_view run_id, const std::vector<Metric>& metrics);

// Metrics, params and tags of one runs/log-batch call, after CheckBatch.
Result<void> LogBatch(sql::Txn& txn, std::string_view run_id, const std::vector<Metric>& metrics,
                      const std::vector<Param>& params, const std::vector<Tag>& tags);

// By timestamp, step, value. `limit` 0 gives everything. An unknown key has an empty history.
Result<std::vector<Metric>> MetricHistory(sql::Conn& conn, std::string_view run_id, std::string_view key, std::size_t limit = 0);

// The `limit` next ones after one that MetricHistory has given (its run_id and key count too): for pages, and for histories too
// long to be held.
Result<std::vector<Metric>> MetricHistoryAfter(sql::Conn& conn, const Metric& last, std::size_t limit);

constexpr std::size_t kMaxIntervalPoints = 2500;

struct IntervalSpec {
  std::vector<std::string> run_ids;  // at most 100
  std::string key;
  std::optional<std::int64_t> start_step;
  std::optional<std::int64_t> end_step;
  std::size_t max_points = kMaxIntervalPoints;  // of each run; neither 0 nor more than that
};
// A sample for charts, by run, step, timestamp and value: of each run evenly spread points, with its first and last, as servers
// from 3.17 take it. By points, not by steps, of which a run that tells none has one. A run that is not there has no points.
Result<std::vector<Metric>> MetricInterval(sql::Conn& conn, const IntervalSpec& spec);

}  // namespace mlean::track
