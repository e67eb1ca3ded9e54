#include "flows/registry_change.hpp"

#include <fmt/core.h>

#include "flows/champion.hpp"
#include "flows/promotion_policy.hpp"
#include "flows/registry_events.hpp"
#include "registry/model_store.hpp"

namespace mlean::flows {
namespace {

std::string ObjectOf(const std::string& model, int version) { return fmt::format("models/{}/versions/{}", model, version); }

}  // namespace

Result<void> SetAlias(sql::Txn& txn, const Workspace& workspace, const std::string& model, const std::string& alias, int version,
                      const std::string& why) {
  TRYV(registry::GetVersion(txn, model, version));
  const Result<int> before = registry::ResolveAlias(txn, model, alias);
  if (before && *before == version) return {};
  // A rollback makes `previous` the champion.
  if (alias == "champion" || alias == "previous") TRYV(AdmitByHand(txn, workspace, model, version, alias, why));
  if (alias == "champion") return PromoteVersion(txn, workspace, model, version, why);
  TRYV(PointAlias(txn, model, alias, version, workspace.Now()));
  codec::Json detail = codec::Json::Object{{"alias", alias}, {"version", version}, {"why", why}};
  if (before) detail.Set("before", *before);
  return Record(txn, workspace, "alias.set", ObjectOf(model, version), std::move(detail));
}

Result<void> DeleteAlias(sql::Txn& txn, const Workspace& workspace, const std::string& model, const std::string& alias,
                         const std::string& why) {
  const Result<int> before = registry::ResolveAlias(txn, model, alias);
  TRYV(RemoveAlias(txn, model, alias, workspace.Now()));
  if (!before) return {};
  return Record(txn, workspace, "alias.deleted", ObjectOf(model, *before), codec::Json::Object{{"alias", alias}, {"why", why}});
}

Result<void> RenameModel(sql::Txn& txn, const Workspace& workspace, const std::string& model, const std::string& new_name,
                         const std::string& why) {
  TRYV(registry::RenameModel(txn, model, new_name, workspace.Now()));
  if (new_name == model) return {};
  if (workspace.config.FindModel(new_name) != nullptr) {
    for (const char* const alias : {"champion", "previous"}) {
      const Result<int> version = registry::ResolveAlias(txn, new_name, alias);
      if (version) TRYV(AdmitByHand(txn, workspace, new_name, *version, alias, why));
    }
    TRY(const std::vector<int> live, registry::VersionsInStage(txn, new_name, registry::Stage::kProduction));
    for (const int version : live) TRYV(AdmitByHand(txn, workspace, new_name, version, "stage Production", why));
  }
  return Record(txn, workspace, "model.renamed", "models/" + new_name,
                codec::Json::Object{{"from", model}, {"to", new_name}, {"why", why}});
}

Result<registry::ModelVersion> ChangeStage(sql::Txn& txn, const Workspace& workspace, const std::string& model, int version,
                                           registry::Stage stage, bool archive_existing, const std::string& why) {
  TRY(const registry::ModelVersion before, registry::GetVersion(txn, model, version));
  if (stage == registry::Stage::kProduction && before.stage != stage) {
    TRYV(AdmitByHand(txn, workspace, model, version, "stage Production", why));
  }
  codec::Json archived = codec::Json::Array{};
  if (archive_existing) {
    TRY(archived, ArchivedBy(txn, model, version, stage));
  }
  TRY(registry::ModelVersion after, registry::TransitionStage(txn, model, version, stage, archive_existing, workspace.Now()));
  if (before.stage == after.stage && archived.AsArray().empty()) return after;
  TRYV(Record(txn, workspace, "version.stage_changed", ObjectOf(model, version),
              codec::Json::Object{{"from", registry::StageName(before.stage)},
                                  {"to", registry::StageName(after.stage)},
                                  {"archived", std::move(archived)},
                                  {"why", why}}));
  return after;
}

}  // namespace mlean::flows
