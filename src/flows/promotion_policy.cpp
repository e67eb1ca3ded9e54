#include "flows/promotion_policy.hpp"

#include <fmt/core.h>

#include "flows/approvals.hpp"
#include "registry/version_store.hpp"

namespace mlean::flows {
namespace {

struct Missing {
  std::string text;  // "has not passed its gate"; empty: nothing is missing
  std::string fix;
};

// The report that the version was registered with.
bool PassedGate(const registry::ModelVersion& version) {
  const Result<codec::Json> report = codec::Json::Parse(version.gate_report);
  const codec::Json* allowed = report ? report->Find("allowed") : nullptr;
  return allowed != nullptr && allowed->IsBool() && allowed->AsBool();
}

Result<Missing> WhatIsMissing(sql::Conn& conn, const repo::ModelConfig& config, int version) {
  TRY(const registry::ModelVersion known, registry::GetVersion(conn, config.name, version));
  if (!config.gate.empty() && !PassedGate(known)) return Missing{"has not passed its gate", "mlean gate " + config.name};
  if (config.approvals == 0) return Missing{};
  TRY(const std::vector<std::string> names, Approvals(conn, config.name, version));
  if (static_cast<std::int64_t>(names.size()) >= config.approvals) return Missing{};
  return Missing{fmt::format("has {} of {} approvals", names.size(), config.approvals),
                 fmt::format("mlean approve {}@{}", config.name, version)};
}

}  // namespace

Result<void> AdmitByHand(sql::Txn& txn, const Workspace& workspace, const std::string& model, int version,
                         const std::string& change, const std::string& why) {
  const repo::ModelConfig* const config = workspace.config.FindModel(model);
  if (config == nullptr) return {};
  TRY(const Missing missing, WhatIsMissing(txn, *config, version));
  if (missing.text.empty() || workspace.config.ungated == "allow") return {};
  const std::string what = fmt::format("version {} of '{}' {}", version, model, missing.text);
  if (workspace.config.ungated == "deny") {
    return Fail(Code::kDenied, fmt::format("{}, and mlean.yaml denies such changes (registry.ungated)", what), missing.fix);
  }
  TRYV(Record(txn, workspace, "version.ungated", fmt::format("models/{}/versions/{}", model, version),
              codec::Json::Object{{"version", version}, {"change", change}, {"missing", missing.text}, {"why", why}}));
  notify::Alert alert;
  alert.kind = "promotion.ungated";
  alert.title = fmt::format("{}: version {} became {} without its gate", model, version, change);
  alert.text = fmt::format("{}; {}, by {}", what, why, workspace.actor);
  alert.fields = codec::Json::Object{{"model", model}, {"version", version}, {"change", change}, {"missing", missing.text}};
  return RaiseAlert(txn, workspace, std::move(alert));
}

}  // namespace mlean::flows
