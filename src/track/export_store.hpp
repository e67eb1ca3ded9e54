// Reading all of a store in pieces, for whoever takes it elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/types.hpp"

namespace mlean::track {

struct ExportedRun {
  std::int64_t number = 0;  // small number; where the next piece begins
  Run run;                  // with the latest metrics
  std::optional<TimeMs> deleted_time;
};
// The next runs behind `after`, deleted ones too; at most `limit`.
Result<std::vector<ExportedRun>> RunsBehind(sql::Conn& conn, std::int64_t after, int limit);
// Every point of the run's metrics, by key, time, step.
Result<void> ForEachPoint(sql::Conn& conn, std::int64_t run, const std::function<Result<void>(const Metric&)>& act);

struct ExportedModel {
  std::int64_t number = 0;
  LoggedModel model;
  bool deleted = false;
};
Result<std::vector<ExportedModel>> LoggedModelsBehind(sql::Conn& conn, std::int64_t after, int limit);

}  // namespace mlean::track
