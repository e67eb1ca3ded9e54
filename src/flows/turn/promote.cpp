// Step promote: the version is the champion. After a rollout it is already; else it becomes it here.
#include <fmt/core.h>

#include "flows/champion.hpp"
#include "flows/turn/engine.hpp"

namespace mlean::flows {

Result<StepResult> PromoteStep(TurnContext& context) {
  Workspace& workspace = context.workspace;
  const int version = static_cast<int>(context.turn.version.value_or(0));
  const std::string model = context.model.name;
  const std::string why = fmt::format("turn {}: {}", context.turn.number, context.turn.cause);
  StepResult result;
  result.kind = StepResult::Kind::kEnd;
  result.turn_status = "promoted";
  result.message = fmt::format("version {} is the champion", version);
  result.effects = [&workspace, model, version, why](sql::Txn& txn) {
    return PromoteVersion(txn, workspace, model, version, why);
  };
  return result;
}

}  // namespace mlean::flows
