// Storing a model file for the registry: checked, then kept under its digest; the registry's versions name the kept file, so what
// is served never changes under a version's feet.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "flows/workspace.hpp"
#include "infer/model.hpp"
#include "registry/version_store.hpp"

namespace mlean::flows {

struct StoredModel {
  std::string path;  // absolute
  std::int64_t size = 0;
  std::shared_ptr<const infer::Model> model;
};
// Loads (and so validates) the file and keeps a copy; idempotent.
Result<StoredModel> StoreModelFile(const Workspace& workspace, const std::string& model, const std::filesystem::path& file);

// `mlean models register NAME FILE`: a new version of a file made elsewhere.
Result<registry::ModelVersion> RegisterFile(Workspace& workspace, const std::string& model, const std::filesystem::path& file,
                                            const std::string& description);
// `mlean models alias NAME ALIAS VERSION`; champion goes through PromoteVersion.
Result<void> SetVersionAlias(Workspace& workspace, const std::string& model, const std::string& alias, int version);

}  // namespace mlean::flows
