// Step rollout: starts the guarded move of traffic to the new version. Without a champion to protect (and nothing that answers in
// its place), or when mlean.yaml asks for none, the version is promoted at once by the step promote.
#include <fmt/core.h>

#include "flows/champion.hpp"
#include "flows/turn/engine.hpp"
#include "rollout/rollout_store.hpp"

namespace mlean::flows {
namespace {

Result<rollout::Plan> PlanOf(const repo::RolloutConfig& config) {
  rollout::Plan plan;
  TRY(plan.strategy, rollout::ParseStrategy(config.strategy));
  if (plan.strategy == rollout::Strategy::kShadow) {
    return Fail(Code::kUnsupported, "cannot start a shadow rollout: requests are not mirrored yet", "use strategy: canary");
  }
  plan.steps = config.steps;
  plan.step_for_ms = config.step_for_ms;
  plan.min_requests = config.min_requests;
  return plan;
}

bool HasConstant(const repo::ModelConfig& model) {
  for (const repo::Fallback& fallback : model.serve.fallback) {
    if (fallback.kind == repo::Fallback::Kind::kConstant) return true;
  }
  return false;
}

}  // namespace

Result<StepResult> RolloutStep(TurnContext& context) {
  StepResult result;
  TRY(const auto champion, context.workspace.db->Read([&](sql::Conn& conn) { return FindChampion(conn, context.model.name); }));
  if (!context.model.rollout || context.model.rollout->strategy == "instant") {
    result.kind = StepResult::Kind::kSkipped;
    result.message = "no rollout asked: promoted at once";
    return result;
  }
  if (!champion && !HasConstant(context.model)) {
    result.kind = StepResult::Kind::kSkipped;
    result.message = "no champion yet: promoted at once";
    return result;
  }
  rollout::NewRollout spec;
  spec.model = context.model.name;
  spec.candidate_version = context.turn.version.value_or(0);
  if (champion) spec.champion_version = champion->version;
  TRY(spec.plan, PlanOf(*context.model.rollout));
  spec.turn_id = context.turn.id;
  Workspace& workspace = context.workspace;
  const std::string turn_id = context.turn.id;
  result.effects = [&workspace, spec, turn_id](sql::Txn& txn) -> Result<void> {
    TRY(const rollout::Rollout made, rollout::Create(txn, spec, workspace.Now()));
    TRYV(loop::SetTurnRollout(txn, turn_id, made.id));
    return Record(txn, workspace, "rollout.started", "models/" + spec.model + "/rollouts/" + made.id,
                  codec::Json::Object{{"version", spec.candidate_version},
                                      {"strategy", rollout::StrategyName(spec.plan.strategy)},
                                      {"weight", made.state.weight}});
  };
  result.message = fmt::format("{} of version {} against {}", context.model.rollout->strategy, spec.candidate_version,
                               champion ? fmt::format("version {}", champion->version) : "the constant answer");
  return result;
}

}  // namespace mlean::flows
