// The version in production, and moving production to another: alias champion, alias previous, stages, audit event.
#pragma once

#include <memory>
#include <optional>

#include "flows/workspace.hpp"
#include "infer/model.hpp"
#include "registry/version_store.hpp"

namespace mlean::flows {

// The version that the alias champion names; nothing when the model is unknown or has none.
Result<std::optional<registry::ModelVersion>> FindChampion(sql::Conn& conn, const std::string& model);

// Makes `version` the champion; the one before becomes the alias `previous`. Idempotent: already champion changes and records
// nothing. `why` goes to the audit chain.
Result<void> PromoteVersion(sql::Txn& txn, const Workspace& workspace, const std::string& model, int version,
                            const std::string& why);
// Back to the alias `previous`. kNotFound when there is none.
Result<int> RollBack(sql::Txn& txn, const Workspace& workspace, const std::string& model, const std::string& why);

// For the audit chain: the numbers of the versions that the stage is archived of when `version` enters it.
Result<codec::Json> ArchivedBy(sql::Conn& conn, const std::string& model, int version, registry::Stage stage);

// Loads a stored version's model file and checks its digest.
Result<std::shared_ptr<const infer::Model>> LoadVersion(const registry::ModelVersion& version);

}  // namespace mlean::flows
