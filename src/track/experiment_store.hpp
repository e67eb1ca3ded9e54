// Experiments: ids "0" (Default), "1", "2", …; names unique, those of deleted experiments included.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/search.hpp"
#include "track/types.hpp"

namespace mlean::track {

struct NewExperiment {
  std::string name;
  std::string artifact_location = {};  // empty: <default_root>/<id>
  std::string default_root = "mlflow-artifacts:";
  std::vector<Tag> tags = {};
};

// kExists "Experiment(name=X) already exists." also for a deleted one. Returns the id.
Result<std::string> CreateExperiment(sql::Txn& txn, const NewExperiment& spec, TimeMs now);
// For servers at start: gives Default its artifact location (<default_root>/0) and times, once; later calls change nothing.
Result<void> PrepareDefaultExperiment(sql::Txn& txn, std::string_view default_root, TimeMs now);
// The id of the active experiment `name`, made when there is none; kInvalid when it is deleted.
Result<std::string> EnsureExperiment(sql::Txn& txn, const NewExperiment& spec, TimeMs now);

// Deleted ones too. kNotFound "No Experiment with id=X exists" / "Could not find experiment with name 'X'".
Result<Experiment> GetExperiment(sql::Conn& conn, std::string_view id);
Result<Experiment> GetExperimentByName(sql::Conn& conn, std::string_view name);
// Clauses on attributes name, creation_time, last_update_time and on tags; default order creation_time DESC, id ASC.
// `next`: see ListRuns.
Result<std::vector<Experiment>> ListExperiments(sql::Conn& conn, const Query& query, sql::SortPlace* next = nullptr);

// Of all active experiments, for searches over everything.
Result<std::vector<std::string>> AllExperimentIds(sql::Conn& conn);

Result<void> RenameExperiment(sql::Txn& txn, std::string_view id, std::string_view name, TimeMs now);
// Deleting marks the experiment's runs deleted too; restoring restores all its runs.
Result<void> DeleteExperiment(sql::Txn& txn, std::string_view id, TimeMs now);
Result<void> RestoreExperiment(sql::Txn& txn, std::string_view id, TimeMs now);
Result<void> SetExperimentTag(sql::Txn& txn, std::string_view id, const Tag& tag);
Result<void> DeleteExperimentTag(sql::Txn& txn, std::string_view id, std::string_view key);

}  // namespace mlean::track
