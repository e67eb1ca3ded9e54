#include "flows/approvals.hpp"

#include <fmt/core.h>

#include "flows/registry_events.hpp"

namespace mlean::flows {
namespace {
constexpr std::string_view kPrefix = "mlean.approval.";
}

bool IsApproval(std::string_view tag_key) { return tag_key.starts_with(kPrefix); }

Result<std::vector<std::string>> Approvals(sql::Conn& conn, const std::string& model, int version) {
  TRY(const registry::ModelVersion known, registry::GetVersion(conn, model, version));
  std::vector<std::string> names;
  for (const registry::Tag& tag : known.tags) {
    if (IsApproval(tag.key) && tag.value == known.digest) names.push_back(tag.key.substr(kPrefix.size()));
  }
  return names;
}

Result<void> Approve(Workspace& workspace, const std::string& model, int version, const std::string& who,
                     const std::string& reason) {
  return workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    TRY(const registry::ModelVersion known, registry::GetVersion(txn, model, version));
    TRYV(flows::SetVersionTag(txn, model, version, {std::string(kPrefix) + who, known.digest}, workspace.Now()));
    return Record(txn, workspace, "approval.given", fmt::format("models/{}/versions/{}", model, version),
                  codec::Json::Object{{"version", version}, {"by", who}, {"reason", reason}, {"digest", known.digest}});
  });
}

}  // namespace mlean::flows
