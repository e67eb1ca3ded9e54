// Step gate: may this challenger be registered at all? A denial ends the turn with an alert.
#include "flows/gate.hpp"

#include <fmt/core.h>

#include "flows/turn/engine.hpp"

namespace mlean::flows {

Result<StepResult> GateStep(TurnContext& context) {
  GateInput input;
  input.evaluation = context.outputs["evaluate"];
  input.validation = context.outputs["validate"];
  input.pull = context.outputs["pull"];
  TRY(const GateVerdict verdict, DecideGate(context.model, input));
  StepResult result;
  result.outputs = verdict.ToJson();
  if (verdict.allowed) {
    result.action = "gate.passed";
    result.message = fmt::format("{} of {} expressions hold", verdict.decisions.size(), verdict.decisions.size());
    return result;
  }
  result.kind = StepResult::Kind::kEnd;
  result.turn_status = "denied";
  result.action = "gate.denied";
  result.message = verdict.Reasons();
  notify::Alert alert;
  alert.kind = "gate.failed";
  alert.severity = notify::Severity::kWarning;
  alert.title = fmt::format("the gate of {} denied a candidate", context.model.name);
  alert.text = result.message;
  alert.fields = verdict.ToJson();
  result.alert = std::move(alert);
  return result;
}

}  // namespace mlean::flows
