// Inside of this room: the rows of a run's points, written one by one, and the newest of each key beside them.
#pragma once

#include <cstdint>
#include <tuple>
#include <unordered_map>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/metric_keys_store.hpp"
#include "track/types.hpp"

namespace mlean::track {

class MetricRows {
 public:
  static Result<MetricRows> Of(sql::Txn& txn, std::int64_t run);
  // Returns the key's number. A point that is there already stays as it is.
  Result<std::int64_t> Add(const Metric& metric);
  // Writes the newest points; once, behind the last Add.
  Result<void> Finish();

 private:
  struct Point {
    StoredValue stored;
    TimeMs time = 0;
    std::int64_t step = 0;
    auto Rank() const { return std::tuple(step, time, stored.value); }
  };
  MetricRows(sql::Txn& txn, std::int64_t run, sql::Stmt insert) : txn_(txn), run_(run), keys_(txn), insert_(std::move(insert)) {}

  sql::Txn& txn_;
  std::int64_t run_;
  MetricKeys keys_;
  sql::Stmt insert_;
  std::unordered_map<std::int64_t, Point> newest_;
};

}  // namespace mlean::track
