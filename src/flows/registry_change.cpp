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

Result<registry::ModelVersion> ChangeStage(sql::Txn& txn, const Workspace& workspace, const std::string& model, int version,
                                           registry::Stage stage, bool archive_existing, const std::string& why) {
  TRY(const registry::ModelVersion before, registry::GetVersion(txn, model, version));
  if (stage == registry::Stage::kProduction && before.stage != stage) {
    TRYV(AdmitByHand(txn, workspace, model, version, "stage Production", why));
  }
  TRY(registry::ModelVersion after, registry::TransitionStage(txn, model, version, stage, archive_existing, workspace.Now()));
  if (before.stage == after.stage && !archive_existing) return after;
  TRYV(Record(txn, workspace, "version.stage_changed", ObjectOf(model, version),
              codec::Json::Object{{"from", registry::StageName(before.stage)},
                                  {"to", registry::StageName(after.stage)},
                                  {"archive_existing", archive_existing},
                                  {"why", why}}));
  return after;
}

}  // namespace mlean::flows
