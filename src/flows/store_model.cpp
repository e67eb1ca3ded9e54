#include "flows/store_model.hpp"

#include <fmt/core.h>

#include "artifacts/artifact_store.hpp"
#include "flows/champion.hpp"
#include "flows/registry_change.hpp"
#include "flows/registry_events.hpp"
#include "os/files.hpp"

namespace mlean::flows {

Result<StoredModel> StoreModelFile(const Workspace& workspace, const std::string& model, const std::filesystem::path& file) {
  StoredModel stored;
  TRY(stored.model, infer::Model::Load(file.string()));
  const std::filesystem::path target = workspace.ModelStore(model) / (stored.model->digest() + file.extension().string());
  if (!os::Exists(target)) {
    TRYV(os::MakeDirs(target.parent_path()));
    // What is among the artifacts already (of the run that made it) is on the disk once, under both names.
    const std::filesystem::path blob = artifacts::BlobPath(workspace.BlobDir(), stored.model->digest());
    if (!os::Link(os::LinkKind::kHard, blob, target)) TRYV(os::CopyFile(file, target, {.mode = 0444}));
  }
  TRY(const os::FileStat stat, os::Stat(target));
  stored.path = target.string();
  stored.size = static_cast<std::int64_t>(stat.size);
  return stored;
}

Result<registry::ModelVersion> RegisterFile(Workspace& workspace, const std::string& model, const std::filesystem::path& file,
                                            const std::string& description) {
  TRY(const StoredModel stored, StoreModelFile(workspace, model, file));
  registry::NewVersion version;
  version.model = model;
  version.source = file.string();
  version.description = description;
  version.digest = stored.model->digest();
  version.path = stored.path;
  version.size = stored.size;
  version.schema = stored.model->schema().ToJson().Dump();
  const TimeMs now = workspace.Now();
  return workspace.db->Write([&](sql::Txn& txn) -> Result<registry::ModelVersion> {
    TRY(const registry::Model made, flows::EnsureModel(txn, model, now));
    static_cast<void>(made);
    TRY(registry::ModelVersion created, flows::CreateVersion(txn, version, now));
    TRYV(Record(txn, workspace, "version.registered", fmt::format("models/{}/versions/{}", model, created.version),
                codec::Json::Object{{"version", created.version}, {"digest", created.digest}, {"source", created.source}}));
    return created;
  });
}

Result<void> SetVersionAlias(Workspace& workspace, const std::string& model, const std::string& alias, int version) {
  return workspace.db->Write([&](sql::Txn& txn) { return SetAlias(txn, workspace, model, alias, version, "alias set by hand"); });
}

}  // namespace mlean::flows
