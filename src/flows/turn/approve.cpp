// Step approve: waits until as many people as mlean.yaml asks have approved this very version (`mlean approve MODEL@VERSION`). An
// approval is bound to the model file's digest: it does not count for another file.
#include <fmt/core.h>

#include "flows/approvals.hpp"
#include "flows/turn/engine.hpp"
#include "registry/version_store.hpp"

namespace mlean::flows {

Result<StepResult> ApproveStep(TurnContext& context) {
  StepResult result;
  if (context.model.approvals == 0) {
    result.kind = StepResult::Kind::kSkipped;
    result.message = "no approvals asked";
    return result;
  }
  const int version = static_cast<int>(context.turn.version.value_or(0));
  TRY(const std::vector<std::string> names,
      context.workspace.db->Read([&](sql::Conn& conn) { return Approvals(conn, context.model.name, version); }));
  const auto have = static_cast<std::int64_t>(names.size());
  result.message = fmt::format("{} of {} approvals of version {}", have, context.model.approvals, version);
  if (have < context.model.approvals) {
    result.kind = StepResult::Kind::kWaiting;
    result.message += fmt::format("; approve with: mlean approve {}@{}", context.model.name, version);
    return result;
  }
  result.action = "version.approved";
  return result;
}

}  // namespace mlean::flows
