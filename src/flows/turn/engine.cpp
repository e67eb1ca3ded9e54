#include "flows/turn/engine.hpp"

#include <fmt/core.h>

#include <chrono>

#include "base/ids.hpp"
#include "base/text.hpp"

namespace mlean::flows {
namespace {

struct StepEntry {
  std::string_view name;
  StepFunction run;
};
constexpr StepEntry kSteps[] = {{"pull", PullStep},         {"validate", ValidateStep}, {"reproduce", ReproduceStep},
                                {"evaluate", EvaluateStep}, {"track", TrackStep},       {"gate", GateStep},
                                {"register", RegisterStep}, {"approve", ApproveStep},   {"rollout", RolloutStep},
                                {"observe", ObserveStep},   {"promote", PromoteStep}};

std::string_view KindText(StepResult::Kind kind) {
  switch (kind) {
    case StepResult::Kind::kDone: return "done";
    case StepResult::Kind::kSkipped: return "skipped";
    case StepResult::Kind::kWaiting: return "waiting";
    case StepResult::Kind::kEnd: return "done";
  }
  return "done";
}

// A step that returned an error: the turn is over, production is as it was.
StepResult FailedStep(const TurnContext& context, std::string_view step, const Error& error) {
  StepResult result;
  result.kind = StepResult::Kind::kEnd;
  result.message = error.what;
  result.turn_status = "failed";
  result.action = "turn.failed";
  notify::Alert alert;
  alert.kind = "job.failed";
  alert.severity = notify::Severity::kCritical;
  alert.title = fmt::format("turn {} of {} failed in step {}", context.turn.number, context.model.name, step);
  alert.text = error.what;
  alert.fields = codec::Json::Object{{"model", context.model.name}, {"step", step}};
  result.alert = std::move(alert);
  return result;
}

// Everything that the end of a step changes, in one transaction.
Result<void> CommitStep(TurnContext& context, int position, std::string_view name, const StepResult& result,
                        std::int64_t wall_ms) {
  Workspace& workspace = context.workspace;
  const TimeMs now = workspace.Now();
  return workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    if (result.effects) TRYV(result.effects(txn));
    const bool failed = result.turn_status == "failed";
    TRYV(loop::FinishStep(txn, context.turn.id, position, failed ? "failed" : std::string(KindText(result.kind)), result.outputs,
                          result.message, now, wall_ms));
    if (!result.action.empty()) {
      codec::Json detail = codec::Json::Object{{"turn", context.turn.number}, {"step", name}, {"message", result.message}};
      if (result.kind == StepResult::Kind::kEnd) detail.Set("status", result.turn_status);
      TRYV(Record(txn, workspace, result.action, context.Object(), std::move(detail)));
    }
    if (result.alert) {
      notify::Alert alert = *result.alert;
      alert.dedup_key = fmt::format("{}/{}", context.turn.id, name);
      TRYV(RaiseAlert(txn, workspace, std::move(alert)));
    }
    if (result.kind == StepResult::Kind::kEnd) {
      return loop::EndTurn(txn, context.turn.id, result.turn_status, result.message, now);
    }
    const bool waiting = result.kind == StepResult::Kind::kWaiting;
    return loop::SetTurnStatus(txn, context.turn.id, waiting ? "waiting" : "running");
  });
}

// Runs one step; true when the turn goes on.
Result<bool> RunStep(TurnContext& context, int position, const StepEntry& entry) {
  Workspace& workspace = context.workspace;
  TRYV(workspace.db->Write([&](sql::Txn& txn) {
    return loop::BeginStep(txn, context.turn.id, position, std::string(entry.name), codec::Json::Object{}, workspace.Now());
  }));
  const auto start = std::chrono::steady_clock::now();
  Result<StepResult> ran = entry.run(context);
  if (!ran && ran.error().code == Code::kCancelled) return std::move(ran).error();
  const StepResult result = ran ? *std::move(ran) : FailedStep(context, entry.name, ran.error());
  const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
  TRYV(CommitStep(context, position, entry.name, result, wall));
  if (context.options.on_step) {
    loop::TurnStep step;
    step.position = position;
    step.name = std::string(entry.name);
    step.status = result.turn_status == "failed" ? "failed" : std::string(KindText(result.kind));
    step.message = result.message;
    step.outputs = result.outputs;
    step.wall_ms = wall;
    context.options.on_step(step);
  }
  context.outputs[std::string(entry.name)] = result.outputs;
  return result.kind == StepResult::Kind::kDone || result.kind == StepResult::Kind::kSkipped;
}

}  // namespace

Result<loop::Turn> StartTurn(Workspace& workspace, const std::string& model, const std::string& cause, const std::string& detail,
                             const std::function<Result<void>(sql::Txn&)>& also) {
  TRY(const repo::ModelConfig* config, workspace.config.Model(model));
  loop::NewTurn turn{NewUuidV7(workspace.Now()), config->name, cause, detail, NewHex32(), workspace.Now()};
  return workspace.db->Write([&](sql::Txn& txn) -> Result<loop::Turn> {
    TRY(loop::Turn created, loop::CreateTurn(txn, turn));
    if (also) TRYV(also(txn));
    TRYV(Record(txn, workspace, "turn.started", "models/" + model + "/turns/" + created.id,
                codec::Json::Object{{"turn", created.number}, {"cause", cause}, {"detail", detail}}));
    return created;
  });
}

Result<loop::Turn> RunTurn(Workspace& workspace, const std::string& turn_id, const TurnOptions& options) {
  TRY(loop::Turn turn, workspace.db->Read([&](sql::Conn& conn) { return loop::GetTurn(conn, turn_id); }));
  if (!turn.UnderWay()) return turn;
  TRY(const repo::ModelConfig* model, workspace.config.Model(turn.model));
  TRY(const auto recorded, workspace.db->Read([&](sql::Conn& conn) { return loop::ListSteps(conn, turn_id); }));
  TurnContext context{workspace, *model, turn, {}, options};
  for (int position = 0; position < static_cast<int>(std::size(kSteps)); ++position) {
    const StepEntry& entry = kSteps[position];
    bool done = false;
    for (const loop::TurnStep& step : recorded) {
      if (step.name != entry.name || (step.status != "done" && step.status != "skipped")) continue;
      context.outputs[step.name] = step.outputs;
      done = true;
    }
    if (done) continue;
    TRY(const bool goes_on, RunStep(context, position, entry));
    if (!goes_on) break;
    TRY(context.turn, workspace.db->Read([&](sql::Conn& conn) { return loop::GetTurn(conn, turn_id); }));
  }
  return workspace.db->Read([&](sql::Conn& conn) { return loop::GetTurn(conn, turn_id); });
}

}  // namespace mlean::flows
