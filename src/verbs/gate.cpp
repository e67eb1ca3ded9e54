// mlean gate: would the model file that is there now pass its gate? Nothing is registered or changed.
#include <fmt/core.h>

#include "flows/gate.hpp"
#include "flows/turn/engine.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Gate(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const repo::ModelConfig* model, workspace.config.Model(arguments.Text("MODEL")));
  const flows::TurnOptions options;
  flows::TurnContext turn{workspace, *model, {}, {}, options};
  flows::GateInput input;
  TRY(const flows::StepResult pull, flows::PullStep(turn));
  input.pull = pull.outputs;
  TRY(const flows::StepResult validate, flows::ValidateStep(turn));
  input.validation = validate.outputs;
  TRY(const flows::StepResult evaluate, flows::EvaluateStep(turn));
  input.evaluation = evaluate.outputs;
  if (evaluate.turn_status == "unchanged") {
    PrintLine(evaluate.message);
    return 0;
  }
  TRY(const flows::GateVerdict verdict, flows::DecideGate(*model, input));
  if (context.json) {
    PrintJson(verdict.ToJson());
  } else {
    PrintLine(evaluate.message);
    for (const flows::GateDecision& decision : verdict.decisions) {
      PrintLine(fmt::format("  {}  {}", decision.passed_over ? "skip" : decision.allowed ? "pass" : "deny", decision.reason));
    }
    PrintLine(verdict.allowed ? "the gate lets it pass" : "the gate denies it");
  }
  return verdict.allowed ? 0 : 6;
}

}  // namespace

VerbSpec GateVerb() {
  return {.words = {"gate"},
          .summary = "evaluate the model file at hand and ask its gate",
          .description = "Champion and model file are measured on the same evaluation data. Nothing is registered or changed.",
          .options = {Positional("MODEL", "the model's name in mlean.yaml")},
          .examples = {"mlean gate arrival-delay", "mlean gate arrival-delay --json"},
          .exit_codes = "0 passes · 1 failed · 2 usage · 4 no such model · 6 denied",
          .run = Gate};
}

}  // namespace mlean::verbs
