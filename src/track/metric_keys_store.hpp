// Inside of this room: metric keys by small number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "sql/database.hpp"

namespace mlean::track {

// Numbers of keys, remembered for the length of one batch.
class MetricKeys {
 public:
  explicit MetricKeys(sql::Txn& txn) : txn_(txn) {}
  // The key's number; made when missing.
  Result<std::int64_t> Number(const std::string& key);

 private:
  sql::Txn& txn_;
  std::unordered_map<std::string, std::int64_t> known_;
};

// -1 when the key was never logged.
Result<std::int64_t> FindMetricKey(sql::Conn& conn, std::string_view key);

// NaN is kept as 0 with a flag, as MLflow does: "metrics.m = 0" finds it and it sorts as 0.
struct StoredValue {
  double value = 0;
  bool is_nan = false;
};
StoredValue ToStored(double value);
double FromStored(double value, bool is_nan);

}  // namespace mlean::track
