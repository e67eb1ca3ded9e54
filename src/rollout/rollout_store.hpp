// RolloutStore: the rollouts table. Free functions: writers take a Txn, readers a Conn, so a flow can move an alias, write its
// audit event and update the rollout in one transaction.
//
// At most one rollout of a model is running (running or waiting_for_evidence); a unique index holds that even between processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "rollout/step_plan.hpp"
#include "sql/database.hpp"

namespace mlean::rollout {

struct Rollout {
  std::string id;     // UUIDv7
  std::string model;  // registered model name
  std::int64_t candidate_version = 0;
  std::optional<std::int64_t> champion_version;  // empty: the model's first version
  Plan plan;
  std::string seed;  // of the split; another for each rollout, so that no user is always the first to be tried on;
                     // a hash of model, version and number of the rollout, so that the same history gives the same split
  State state;
  TimeMs started = 0;
  std::optional<TimeMs> ended;
  std::optional<Verdict> verdict;      // the last one
  std::string reason;                  // of the last change
  std::string evidence = "{}";         // the last findings, a JSON object made by the caller
  std::optional<std::string> turn_id;  // the turn that started it
};

struct NewRollout {
  std::string model;
  std::int64_t candidate_version = 0;
  std::optional<std::int64_t> champion_version;
  Plan plan;
  std::optional<std::string> turn_id;
};

std::vector<sql::Migration> Migrations();

// Stores a rollout in the state that Begin gives (an instant one is stored as promoted and ended). Errors: kConflict when another
// rollout of the model is running, kInvalid for a bad plan.
Result<Rollout> Create(sql::Txn& txn, const NewRollout& spec, TimeMs now);

struct StateUpdate {
  State state;
  std::optional<Verdict> verdict;
  std::string reason;
  std::string evidence = "{}";
};
// Stores the state of a rollout that runs, and its end when the new state is an end. Errors: kNotFound; kConflict when it has
// ended.
Result<void> UpdateState(sql::Txn& txn, std::string_view id, const StateUpdate& update, TimeMs now);

// Ends a rollout: promoted (weight 1) or aborted (weight 0). Idempotent: ending it the same way again changes nothing.
// Errors: kNotFound; kConflict when it ended the other way; kInvalid when `status` is no end.
Result<void> Finish(sql::Txn& txn, std::string_view id, Status status, std::string_view reason, TimeMs now);

Result<std::optional<Rollout>> FindRunning(sql::Conn& conn, std::string_view model);
Result<Rollout> Get(sql::Conn& conn, std::string_view id);  // kNotFound

struct ListFilter {
  std::optional<std::string> model;
  std::optional<Status> status;
  int limit = 100;  // 1 … 1000
};
// Newest first.
Result<std::vector<Rollout>> List(sql::Conn& conn, const ListFilter& filter = {});

}  // namespace mlean::rollout
