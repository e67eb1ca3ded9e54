// Step observe: waits for the rollout's end, which live traffic decides (flows/progress_rollout.hpp). Aborted: the turn is rolled
// back.
#include <fmt/core.h>

#include "flows/turn/engine.hpp"
#include "rollout/rollout_store.hpp"

namespace mlean::flows {

Result<StepResult> ObserveStep(TurnContext& context) {
  StepResult result;
  if (!context.turn.rollout_id) {
    result.kind = StepResult::Kind::kSkipped;
    result.message = "no rollout";
    return result;
  }
  TRY(const rollout::Rollout rollout,
      context.workspace.db->Read([&](sql::Conn& conn) { return rollout::Get(conn, *context.turn.rollout_id); }));
  result.message = rollout.reason;
  if (rollout.state.status == rollout::Status::kPromoted) return result;
  if (rollout.state.status != rollout::Status::kAborted) {
    result.kind = StepResult::Kind::kWaiting;
    return result;
  }
  result.kind = StepResult::Kind::kEnd;
  result.turn_status = "rolled_back";
  result.message = fmt::format("version {} was taken back: {}", rollout.candidate_version, rollout.reason);
  return result;
}

}  // namespace mlean::flows
