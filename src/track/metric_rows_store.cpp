#include "track/metric_rows_store.hpp"

#include <utility>

namespace mlean::track {

Result<MetricRows> MetricRows::Of(sql::Txn& txn, std::int64_t run) {
  TRY(sql::Stmt insert,
      txn.Prepare(
          "INSERT INTO metrics(run, key, time, step, value, is_nan) VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING"));
  return MetricRows(txn, run, std::move(insert));
}

Result<std::int64_t> MetricRows::Add(const Metric& metric) {
  TRY(const std::int64_t key, keys_.Number(metric.key));
  const Point point{ToStored(metric.value), metric.timestamp, metric.step};
  insert_.Bind(run_).Bind(key).Bind(point.time).Bind(point.step).Bind(point.stored.value).Bind(point.stored.is_nan);
  TRYV(insert_.Run());
  insert_.Reset();
  const auto [slot, added] = newest_.try_emplace(key, point);
  if (!added && point.Rank() > slot->second.Rank()) slot->second = point;
  return key;
}

Result<void> MetricRows::Finish() {
  TRY(sql::Stmt stmt,
      txn_.Prepare("INSERT INTO latest_metrics(run, key, value, is_nan, time, step) VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
                   "ON CONFLICT(run, key) DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan, time = excluded.time, "
                   "step = excluded.step "
                   "WHERE (excluded.step, excluded.time, excluded.value) > (latest_metrics.step, latest_metrics.time, "
                   "latest_metrics.value)"));
  for (const auto& [key, point] : newest_) {
    stmt.Bind(run_).Bind(key).Bind(point.stored.value).Bind(point.stored.is_nan).Bind(point.time).Bind(point.step);
    TRYV(stmt.Run());
    stmt.Reset();
  }
  return {};
}

}  // namespace mlean::track
