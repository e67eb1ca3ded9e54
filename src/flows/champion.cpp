#include "flows/champion.hpp"

#include <fmt/core.h>

#include "flows/registry_events.hpp"
#include "registry/model_store.hpp"

namespace mlean::flows {

Result<std::optional<registry::ModelVersion>> FindChampion(sql::Conn& conn, const std::string& model) {
  Result<registry::ModelVersion> found = registry::Resolve(conn, model + "@champion");
  if (found) return std::optional<registry::ModelVersion>(*std::move(found));
  if (found.error().code == Code::kNotFound || found.error().code == Code::kInvalid)
    return std::optional<registry::ModelVersion>{};
  return std::move(found).error();
}

Result<void> PromoteVersion(sql::Txn& txn, const Workspace& workspace, const std::string& model, int version,
                            const std::string& why) {
  const TimeMs now = workspace.Now();
  TRY(const auto before, FindChampion(txn, model));
  if (before && before->version == version) return {};
  TRY(const registry::ModelVersion next, registry::GetVersion(txn, model, version));
  if (before) {
    TRYV(PointAlias(txn, model, "previous", before->version, now));
  }
  TRYV(PointAlias(txn, model, "champion", version, now));
  for (const std::string& alias : next.aliases) {
    if (alias == "candidate" || alias == "previous") TRYV(RemoveAlias(txn, model, alias, now));
  }
  TRY(codec::Json archived, ArchivedBy(txn, model, version, registry::Stage::kProduction));
  TRY(const registry::ModelVersion moved,
      registry::TransitionStage(txn, model, version, registry::Stage::kProduction, true, now));
  static_cast<void>(moved);
  codec::Json detail = codec::Json::Object{{"version", version}, {"why", why}, {"digest", next.digest}};
  if (before) detail.Set("before", before->version);
  detail.Set("from", registry::StageName(next.stage));
  detail.Set("archived", std::move(archived));
  return Record(txn, workspace, "version.promoted", fmt::format("models/{}/versions/{}", model, version), std::move(detail));
}

Result<int> RollBack(sql::Txn& txn, const Workspace& workspace, const std::string& model, const std::string& why) {
  Result<int> previous = registry::ResolveAlias(txn, model, "previous");
  if (!previous) {
    return Fail(Code::kNotFound, fmt::format("cannot roll back '{}': it has no previous champion", model), "mlean models list");
  }
  TRYV(PromoteVersion(txn, workspace, model, *previous, why));
  TRYV(Record(txn, workspace, "version.rolled_back", fmt::format("models/{}/versions/{}", model, *previous),
              codec::Json::Object{{"version", *previous}, {"why", why}}));
  return *previous;
}

Result<codec::Json> ArchivedBy(sql::Conn& conn, const std::string& model, int version, registry::Stage stage) {
  TRY(const std::vector<int> there, registry::VersionsInStage(conn, model, stage));
  codec::Json out = codec::Json::Array{};
  for (const int one : there) {
    if (one != version) out.Push(one);
  }
  return out;
}

Result<std::shared_ptr<const infer::Model>> LoadVersion(const registry::ModelVersion& version) {
  TRY(std::shared_ptr<const infer::Model> model, infer::Model::Load(version.path));
  if (!version.digest.empty() && model->digest() != version.digest) {
    return Fail(Code::kCorrupt, fmt::format("cannot load '{}' version {}: '{}' is not the file that was registered",
                                            version.model, version.version, version.path));
  }
  return model;
}

}  // namespace mlean::flows
