#include "track/metric_store.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "codec/python_text.hpp"
#include "sql/rows.hpp"
#include "track/limits.hpp"
#include "track/metric_keys_store.hpp"
#include "track/metric_rows_store.hpp"
#include "track/param_store.hpp"
#include "track/run_store.hpp"
#include "track/tag_store.hpp"

namespace mlean::track {
namespace {

constexpr std::size_t kMaxIntervalRuns = 100;

Result<void> AttachToModel(sql::Txn& txn, std::int64_t run, std::int64_t key, const Metric& metric) {
  std::int64_t model = 0;
  {
    TRY(sql::Stmt stmt, txn.Prepare("SELECT no FROM logged_models WHERE model_id = ?1 AND deleted = 0"));
    stmt.Bind(metric.model_id);
    TRY(const bool found, stmt.Step());
    if (!found) return Fail(Code::kNotFound, fmt::format("Logged model with ID '{}' not found.", metric.model_id));
    model = stmt.Int(0);
  }
  const StoredValue stored = ToStored(metric.value);
  return txn.Exec(
      "INSERT INTO logged_model_metrics(model, key, time, step, run, dataset_name, dataset_digest, value, is_nan) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
      model, key, metric.timestamp, metric.step, run, metric.dataset_name, metric.dataset_digest, stored.value, stored.is_nan);
}

// From a row of time, step, value, is_nan.
Metric PointOf(const sql::Stmt& row, std::string_view key, std::string_view run_id) {
  Metric metric;
  metric.key = key;
  metric.timestamp = row.Int(0);
  metric.step = row.Int(1);
  metric.value = FromStored(row.Double(2), row.Int(3) != 0);
  metric.run_id = run_id;
  return metric;
}

// Which of `count` points, in order, stand for all: the first of each of `most` equal parts (as SQL's NTILE makes them) and the
// last one, in the place of the last part's first.
class Sample {
 public:
  Sample(std::size_t count, std::size_t most) : count_(count), parts_(std::min(count, most)) {}
  bool Takes(std::size_t index) {
    if (count_ > parts_ && part_ + 1 == parts_) return index + 1 == count_;
    if (part_ == parts_ || index != part_ * (count_ / parts_) + std::min(part_, count_ % parts_)) return false;
    ++part_;
    return true;
  }

 private:
  std::size_t count_;
  std::size_t parts_;
  std::size_t part_ = 0;  // the next
};

}  // namespace

Result<void> LogMetrics(sql::Txn& txn, std::string_view run_id, const std::vector<Metric>& metrics) {
  TRY(const std::int64_t run, ActiveRun(txn, run_id));
  TRY(MetricRows rows, MetricRows::Of(txn, run));
  for (const Metric& metric : metrics) {
    if (metric.timestamp < 0) {
      return Fail(Code::kInvalid,
                  fmt::format("Invalid value {} for parameter 'timestamp' supplied: metric '{}' (value={}). Timestamp must "
                              "be a nonnegative long (64-bit integer) ",
                              metric.timestamp, metric.key, codec::PythonFloat(metric.value)));
    }
    TRYV(CheckKey(metric.key, KeyOf::kMetric));
    TRY(const std::int64_t key, rows.Add(metric));
    if (!metric.model_id.empty()) TRYV(AttachToModel(txn, run, key, metric));
  }
  return rows.Finish();
}

Result<void> LogBatch(sql::Txn& txn, std::string_view run_id, const std::vector<Metric>& metrics,
                      const std::vector<Param>& params, const std::vector<Tag>& tags) {
  TRYV(CheckRunId(run_id));
  TRYV(CheckBatch(metrics, params, tags));
  TRYV(ActiveRun(txn, run_id));
  if (!params.empty()) TRYV(LogParams(txn, run_id, params));
  if (!metrics.empty()) TRYV(LogMetrics(txn, run_id, metrics));
  if (!tags.empty()) TRYV(SetTags(txn, run_id, tags));
  return {};
}

Result<std::vector<Metric>> MetricHistory(sql::Conn& conn, std::string_view run_id, std::string_view key, std::size_t limit) {
  TRY(const std::int64_t run, RunNumber(conn, run_id));
  TRY(const std::int64_t number, FindMetricKey(conn, key));
  TRY(sql::Stmt stmt, conn.Prepare("SELECT time, step, value, is_nan FROM metrics WHERE run = ?1 AND key = ?2 "
                                   "ORDER BY time, step, value, is_nan LIMIT ?3"));
  stmt.Bind(run).Bind(number).Bind(limit == 0 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(limit));
  return sql::ReadRows(stmt, [&](const sql::Stmt& row) { return PointOf(row, key, run_id); });
}

Result<std::vector<Metric>> MetricHistoryAfter(sql::Conn& conn, const Metric& last, std::size_t limit) {
  TRY(const std::int64_t run, RunNumber(conn, last.run_id));
  TRY(const std::int64_t number, FindMetricKey(conn, last.key));
  const StoredValue stored = ToStored(last.value);
  TRY(sql::Stmt stmt, conn.Prepare("SELECT time, step, value, is_nan FROM metrics WHERE run = ?1 AND key = ?2 AND "
                                   "(time, step, value, is_nan) > (?3, ?4, ?5, ?6) ORDER BY time, step, value, is_nan LIMIT ?7"));
  stmt.Bind(run).Bind(number).Bind(last.timestamp).Bind(last.step).Bind(stored.value).Bind(stored.is_nan);
  stmt.Bind(static_cast<std::int64_t>(limit));
  return sql::ReadRows(stmt, [&](const sql::Stmt& row) { return PointOf(row, last.key, last.run_id); });
}

Result<std::vector<Metric>> MetricInterval(sql::Conn& conn, const IntervalSpec& spec) {
  if (spec.run_ids.empty()) {
    return Fail(Code::kInvalid, "GetMetricHistoryBulkInterval request must specify at least one run_id.");
  }
  if (spec.run_ids.size() > kMaxIntervalRuns) {
    return Fail(Code::kInvalid,
                fmt::format("GetMetricHistoryBulkInterval request must specify at most {} run_ids. Received {} run_ids.",
                            kMaxIntervalRuns, spec.run_ids.size()));
  }
  if (spec.max_points == 0 || spec.max_points > kMaxIntervalPoints) {
    return Fail(
        Code::kInvalid,
        fmt::format("max_results must be between 1 and {}. See the API docs for more information about request parameters.",
                    kMaxIntervalPoints));
  }
  if (spec.start_step.has_value() != spec.end_step.has_value()) {
    return Fail(Code::kInvalid, "If either start step or end step are specified, both must be specified.");
  }
  if (spec.start_step && *spec.start_step > *spec.end_step) {
    return Fail(Code::kInvalid, fmt::format("end_step must be greater than start_step. Found start_step={} and end_step={}.",
                                            *spec.start_step, *spec.end_step));
  }
  TRY(const std::int64_t key, FindMetricKey(conn, spec.key));
  constexpr std::string_view kOfKey = " FROM metrics WHERE run = ?1 AND key = ?2 AND step BETWEEN ?3 AND ?4";
  TRY(sql::Stmt count, conn.Prepare(fmt::format("SELECT count(*){}", kOfKey)));
  TRY(sql::Stmt points,
      conn.Prepare(fmt::format("SELECT time, step, value, is_nan{} ORDER BY step, time, value, is_nan", kOfKey)));
  const std::int64_t start = spec.start_step.value_or(std::numeric_limits<std::int64_t>::min());
  const std::int64_t end = spec.end_step.value_or(std::numeric_limits<std::int64_t>::max());
  std::vector<Metric> out;
  for (const std::string& run_id : spec.run_ids) {
    const Result<std::int64_t> run = RunNumber(conn, run_id);
    if (!run && run.error().code == Code::kNotFound) continue;
    if (!run) return run.error();
    count.Bind(*run).Bind(key).Bind(start).Bind(end);
    TRYV(count.Step());
    Sample sample(static_cast<std::size_t>(count.Int(0)), spec.max_points);
    count.Reset();
    std::size_t index = 0;
    points.Bind(*run).Bind(key).Bind(start).Bind(end);
    TRYV(sql::ForEachRow(points, [&](const sql::Stmt& row) {
      if (sample.Takes(index++)) out.push_back(PointOf(row, spec.key, run_id));
    }));
    points.Reset();
  }
  return out;
}

}  // namespace mlean::track
