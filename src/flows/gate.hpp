// The gate: the expressions of mlean.yaml that a version must satisfy. Every decision keeps its expression, inputs and reason.
//
// Variables: metrics.* (the challenger on the evaluation data), prod.metrics.* (the champion on the same data), paired.* (their
// difference in AUC), fairness.COLUMN.*, data.NAME.rows, data.NAME.checks.success, approvals (names). What is undefined denies;
// but while there is no champion at all, an expression that reads prod or paired has nothing to compare with and is passed over.
#pragma once

#include <string>
#include <vector>

#include "codec/json.hpp"
#include "flows/workspace.hpp"

namespace mlean::flows {

struct GateDecision {
  std::string expression;
  bool allowed = false;
  bool passed_over = false;
  std::string reason;
};
struct GateVerdict {
  bool allowed = true;  // all of them
  std::vector<GateDecision> decisions;
  codec::Json ToJson() const;
  std::string Reasons() const;  // of the denials, one line
};

struct GateInput {
  codec::Json evaluation;  // outputs of the step evaluate
  codec::Json validation;  // outputs of the step validate; may be null
  codec::Json pull;        // outputs of the step pull; may be null
  std::vector<std::string> approvals;
};
// kInvalid with the place in mlean.yaml for an expression that does not compile.
Result<GateVerdict> DecideGate(const repo::ModelConfig& model, const GateInput& input);

}  // namespace mlean::flows
