#include "flows/gate.hpp"

#include "base/text.hpp"
#include "flows/policy_values.hpp"
#include "policy/program.hpp"

namespace mlean::flows {
namespace {

// metrics, prod, fairness …: what the expressions see.
codec::Json Variables(const GateInput& input) {
  codec::Json root = codec::Json::Object{};
  if (const codec::Json* mine = input.evaluation.Find("challenger")) {
    if (const codec::Json* metrics = mine->Find("metrics")) root.Set("metrics", *metrics);
    if (const codec::Json* fairness = mine->Find("fairness")) root.Set("fairness", *fairness);
  }
  if (const codec::Json* champion = input.evaluation.Find("champion")) root.Set("prod", *champion);
  if (const codec::Json* paired = input.evaluation.Find("paired")) root.Set("paired", *paired);
  codec::Json data = codec::Json::Object{};
  if (const codec::Json* entries = input.pull.Find("data")) data = *entries;
  if (const codec::Json* checks = input.validation.Find("checks")) {
    for (const auto& [name, check] : checks->AsObject()) {
      if (data.Find(name) == nullptr) data.Set(name, codec::Json::Object{});
      data.Find(name)->Set("checks", check);
    }
  }
  root.Set("data", std::move(data));
  codec::Json approvals = codec::Json::Array{};
  for (const std::string& name : input.approvals) approvals.Push(name);
  root.Set("approvals", std::move(approvals));
  return root;
}

// "metrics.calibration.ece" is one member named "calibration.ece"; expressions want it nested.
codec::Json NestDotted(const codec::Json& json) {
  if (!json.IsObject()) return json;
  codec::Json out = codec::Json::Object{};
  for (const auto& [key, value] : json.AsObject()) {
    const std::size_t dot = key.find('.');
    if (dot == key.npos) {
      out.Set(key, NestDotted(value));
      continue;
    }
    const std::string head = key.substr(0, dot);
    if (out.Find(head) == nullptr || !out.Find(head)->IsObject()) out.Set(head, codec::Json::Object{});
    out.Find(head)->Set(key.substr(dot + 1), value);
  }
  return out;
}

bool NeedsChampion(const policy::Program& program) {
  for (const std::string& path : program.References()) {
    if (path == "prod" || path == "paired" || path.rfind("prod.", 0) == 0 || path.rfind("paired.", 0) == 0) return true;
  }
  return false;
}

}  // namespace

codec::Json GateVerdict::ToJson() const {
  codec::Json list = codec::Json::Array{};
  for (const GateDecision& decision : decisions) {
    list.Push(codec::Json::Object{{"expression", decision.expression},
                                  {"allowed", decision.allowed},
                                  {"passed_over", decision.passed_over},
                                  {"reason", decision.reason}});
  }
  return codec::Json::Object{{"allowed", allowed}, {"decisions", std::move(list)}};
}

std::string GateVerdict::Reasons() const {
  std::vector<std::string> reasons;
  for (const GateDecision& decision : decisions) {
    if (!decision.allowed) reasons.push_back(decision.reason);
  }
  return Join(reasons, "; ");
}

Result<GateVerdict> DecideGate(const repo::ModelConfig& model, const GateInput& input) {
  GateVerdict verdict;
  const codec::Json variables = NestDotted(Variables(input));
  const policy::Value root = ToPolicyValue(variables);
  const bool has_champion = variables.Find("prod") != nullptr;
  for (const repo::Expression& expression : model.gate) {
    Result<policy::Program> program = policy::Program::Compile(expression.text);
    if (!program) return std::move(program).error().With(expression.place.Text());
    GateDecision decision;
    decision.expression = expression.text;
    if (!has_champion && NeedsChampion(*program)) {
      decision.allowed = true;
      decision.passed_over = true;
      decision.reason = expression.text + ": passed over, there is no champion yet";
    } else {
      const policy::Decision decided = program->Decide(root);
      decision.allowed = decided.allowed;
      decision.reason = decided.reason;
    }
    verdict.allowed = verdict.allowed && decision.allowed;
    verdict.decisions.push_back(std::move(decision));
  }
  return verdict;
}

}  // namespace mlean::flows
