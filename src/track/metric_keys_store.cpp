#include "track/metric_keys_store.hpp"

#include <cmath>
#include <limits>

namespace mlean::track {

Result<std::int64_t> MetricKeys::Number(const std::string& key) {
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  TRY(std::int64_t number, FindMetricKey(txn_, key));
  if (number < 0) {
    TRYV(txn_.Exec("INSERT INTO metric_keys(key) VALUES(?1)", key));
    number = txn_.LastRowId();
  }
  known_.emplace(key, number);
  return number;
}

Result<std::int64_t> FindMetricKey(sql::Conn& conn, std::string_view key) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no FROM metric_keys WHERE key = ?1"));
  stmt.Bind(key);
  TRY(const bool found, stmt.Step());
  return found ? stmt.Int(0) : -1;
}

StoredValue ToStored(double value) {
  if (std::isnan(value)) return {0.0, true};
  return {value == 0 ? 0.0 : value, false};  // -0 becomes 0: they are one point
}

double FromStored(double value, bool is_nan) { return is_nan ? std::numeric_limits<double>::quiet_NaN() : value; }

}  // namespace mlean::track
