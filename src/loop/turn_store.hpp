// Turns: one pass of the loop for one model, and its steps, each recorded before and after it acts. The record is the engine's
// memory: a turn killed at any instant goes on from the first step that is not done. A step's effects on other tables are written
// in the same transaction as its end, so none happens twice. Functions that take Txn& change, those that take Conn& read. Errors:
// kNotFound, kConflict (a turn of this model is under way).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "codec/json.hpp"
#include "sql/database.hpp"

namespace mlean::loop {

// running → waiting (for traffic or an approval) → one of: promoted, denied (by the gate), stopped (by validation), rolled_back,
// failed, unchanged (nothing to train on that the champion has not seen).
struct Turn {
  std::string id;           // UUIDv7
  std::int64_t number = 0;  // 1, 2, … over all models, for people
  std::string model;
  std::string cause;   // "manual", "schedule", "performance", "drift", "data", "api"
  std::string detail;  // "performance.auc < 0.66: performance.auc = 0.627"
  std::string status;
  std::string outcome;  // one sentence
  TimeMs created = 0;
  std::optional<TimeMs> ended;
  std::string run_id;  // of the tracked run that this turn makes; fixed from the start
  std::optional<std::int64_t> version;
  std::optional<std::string> rollout_id;
  bool UnderWay() const { return status == "running" || status == "waiting"; }
};

struct TurnStep {
  int position = 0;
  std::string name;
  std::string status;  // running, waiting, done, skipped, failed
  TimeMs started = 0;
  std::optional<TimeMs> ended;
  codec::Json inputs;  // by hash where it is data
  codec::Json outputs;
  std::string message;
  std::int64_t attempts = 1;
  std::int64_t wall_ms = 0;
};

struct NewTurn {
  std::string id;
  std::string model;
  std::string cause;
  std::string detail;
  std::string run_id;
  TimeMs created = 0;
};
Result<Turn> CreateTurn(sql::Txn& txn, const NewTurn& turn);
Result<void> SetTurnStatus(sql::Txn& txn, const std::string& id, const std::string& status);
Result<void> SetTurnVersion(sql::Txn& txn, const std::string& id, std::int64_t version);
Result<void> SetTurnRollout(sql::Txn& txn, const std::string& id, const std::string& rollout_id);
Result<void> EndTurn(sql::Txn& txn, const std::string& id, const std::string& status, const std::string& outcome, TimeMs now);

Result<Turn> GetTurn(sql::Conn& conn, const std::string& id);
Result<std::optional<Turn>> FindTurnUnderWay(sql::Conn& conn, const std::string& model);
Result<std::vector<Turn>> ListTurns(sql::Conn& conn, const std::string& model,
                                    std::int64_t limit);  // newest first; "" = all models
Result<std::vector<TurnStep>> ListSteps(sql::Conn& conn, const std::string& turn_id);

// Before: inserts the step or counts another attempt at it.
Result<void> BeginStep(sql::Txn& txn, const std::string& turn_id, int position, const std::string& name,
                       const codec::Json& inputs, TimeMs now);
// After.
Result<void> FinishStep(sql::Txn& txn, const std::string& turn_id, int position, const std::string& status,
                        const codec::Json& outputs, const std::string& message, TimeMs now, std::int64_t wall_ms);

}  // namespace mlean::loop
