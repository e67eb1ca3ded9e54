// Runs: life cycle and the whole picture of one run. What is logged to a run has a store file per noun beside this one.
// Every writer of a run's data refuses a deleted run: "The run X must be in the 'active' state. Current state is deleted."
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/search.hpp"
#include "track/types.hpp"

namespace mlean::track {

struct NewRun {
  std::string experiment_id = "0";
  std::string name = {};    // empty: the tag mlflow.runName, else adjective-noun-NNN
  std::string run_id = {};  // empty: a fresh one. Given (a turn's own id): a run that has it already is returned unchanged
  std::string user_id = {};
  std::optional<TimeMs> start_time = {};  // none: now
  std::vector<Tag> tags = {};             // mlflow.runName is added
  RunStatus status = RunStatus::kRunning;
};

// The run with its tags, no metrics.
Result<Run> CreateRun(sql::Txn& txn, const NewRun& spec, TimeMs now);

struct RunChange {
  std::optional<RunStatus> status = {};
  std::optional<TimeMs> end_time = {};
  std::optional<std::string> name = {};
};
Result<RunInfo> UpdateRun(sql::Txn& txn, std::string_view run_id, const RunChange& change);
// Soft; doing it twice changes nothing.
Result<void> DeleteRun(sql::Txn& txn, std::string_view run_id, TimeMs now);
Result<void> RestoreRun(sql::Txn& txn, std::string_view run_id);

// Deleted runs too. kNotFound "Run with id=X not found".
// The id of the run's experiment; cheaper than the rest of what is known about it.
Result<std::string> ExperimentOfRun(sql::Conn& conn, std::string_view run_id);
Result<RunInfo> GetRunInfo(sql::Conn& conn, std::string_view run_id);
Result<Run> GetRun(sql::Conn& conn, std::string_view run_id);

// Runs matching `query` (reference/mlflow.md 2: attributes, metrics, params, tags, datasets), in full or infos only. Default
// order and ties: start_time DESC, run_id ASC.
// `next`, unless null: what Query::after must be for the page behind this one; empty when there is none.
Result<std::vector<Run>> ListRuns(sql::Conn& conn, const Query& query, sql::SortPlace* next = nullptr);
Result<std::vector<RunInfo>> ListRunInfos(sql::Conn& conn, const Query& query);

// For the stores of this room: a run's small number. `ActiveRun` refuses deleted runs.
Result<std::int64_t> RunNumber(sql::Conn& conn, std::string_view run_id);
Result<std::int64_t> ActiveRun(sql::Conn& conn, std::string_view run_id);

}  // namespace mlean::track
