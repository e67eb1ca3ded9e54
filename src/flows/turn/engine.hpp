// The turn engine: pull → validate → reproduce → evaluate → track → gate → register → approve → rollout → observe → promote.
//
// Every step is recorded before it acts and after. What a step changes in the database is written in the same transaction as its
// end, its audit event and its alert; what it changes on disk is idempotent. So a turn killed at any instant goes on from the
// step it was in when it is run again, and nothing is registered, promoted or alerted twice. A step that fails or stops the turn
// leaves production as it was.
//
// A turn is driven by one process at a time: the caller holds the project's lock (.mlean/lock).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>

#include "flows/workspace.hpp"
#include "loop/turn_store.hpp"

namespace mlean::flows {

struct TurnOptions {
  const std::atomic<bool>* cancel = nullptr;                // stops a running stage; the turn stays under way
  std::function<void(const loop::TurnStep& step)> on_step;  // after each step, for progress
};

// What a step sees.
struct TurnContext {
  Workspace& workspace;
  const repo::ModelConfig& model;
  loop::Turn turn;
  std::map<std::string, codec::Json> outputs;  // of the steps before, by name
  const TurnOptions& options;

  std::string Object() const { return "models/" + model.name + "/turns/" + turn.id; }
  std::filesystem::path LogDir() const { return workspace.project.LogDir() / "turns" / turn.id; }
};

// How a step ended.
struct StepResult {
  enum class Kind : std::uint8_t { kDone, kSkipped, kWaiting, kEnd };
  Kind kind = Kind::kDone;
  codec::Json outputs = codec::Json::Object{};
  std::string message;                             // one line for people
  std::function<Result<void>(sql::Txn&)> effects;  // database changes, in the transaction that ends the step
  std::string action;                              // of the audit event; "" for none
  // kEnd: the turn is over.
  std::string turn_status;  // promoted, denied, stopped, rolled_back, unchanged
  std::optional<notify::Alert> alert;
};

using StepFunction = Result<StepResult> (*)(TurnContext&);

// The steps, each in a file of its own beside this one.
Result<StepResult> PullStep(TurnContext& context);
Result<StepResult> ValidateStep(TurnContext& context);
Result<StepResult> ReproduceStep(TurnContext& context);
Result<StepResult> EvaluateStep(TurnContext& context);
Result<StepResult> TrackStep(TurnContext& context);
Result<StepResult> GateStep(TurnContext& context);
Result<StepResult> RegisterStep(TurnContext& context);
Result<StepResult> ApproveStep(TurnContext& context);
Result<StepResult> RolloutStep(TurnContext& context);
Result<StepResult> ObserveStep(TurnContext& context);
Result<StepResult> PromoteStep(TurnContext& context);

// Records a new turn of the model, and `also` in the same transaction; kConflict when one is under way.
Result<loop::Turn> StartTurn(Workspace& workspace, const std::string& model, const std::string& cause, const std::string& detail,
                             const std::function<Result<void>(sql::Txn&)>& also = {});
// Runs the steps that are not done until the turn ends or waits. An error inside a step fails the turn (alert job.failed) and is
// recorded; the Error returned is for what could not even be recorded, and for kCancelled (the turn stays under way).
Result<loop::Turn> RunTurn(Workspace& workspace, const std::string& turn_id, const TurnOptions& options);

}  // namespace mlean::flows
