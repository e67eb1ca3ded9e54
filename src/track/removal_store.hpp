// Deleting for good what is in state deleted: first a run's own row, from when on it cannot be seen or restored, then, in
// transactions of bounded size, all rows that belong to it. Killed in between, SweepRemoved finishes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/types.hpp"

namespace mlean::track {

struct Removable {
  std::string id;             // of a run, logged model or experiment
  std::string experiment_id;  // where it is
  std::string artifact_uri;
  TimeMs deleted_time = 0;
};
// Runs and logged models deleted at or before `until`, behind `after` by id; at most `limit`. `experiments` empty: of all.
Result<std::vector<Removable>> DeletedRuns(sql::Conn& conn, TimeMs until, const std::vector<std::string>& experiments,
                                           std::string_view after, int limit);
Result<std::vector<Removable>> DeletedLoggedModels(sql::Conn& conn, TimeMs until, const std::vector<std::string>& experiments,
                                                   std::string_view after, int limit);
// Without Default.
Result<std::vector<Removable>> DeletedExperiments(sql::Conn& conn, TimeMs until, const std::vector<std::string>& experiments);

// Takes the run away; its rows go by SweepRemoved. kInvalid for a run that is not deleted, kNotFound.
Result<void> RemoveRun(sql::Txn& txn, std::string_view run_id);
Result<void> RemoveLoggedModel(sql::Txn& txn, std::string_view model_id);
// A deleted experiment without runs and logged models, with its tags and datasets; false: it has some still.
Result<bool> RemoveExperiment(sql::Txn& txn, std::string_view id);
// Deletes some thousand rows of removed runs; false: there are none left.
Result<bool> SweepRemoved(sql::Txn& txn);

}  // namespace mlean::track
