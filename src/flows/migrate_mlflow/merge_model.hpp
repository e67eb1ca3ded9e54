// Inside of this folder: what has changed of a registered model at the source since it was brought. Field by field, what was
// brought, what is here and what is there are compared: a change there comes over, unless the field has changed here as well.
// Aliases and stages ask the model's gate and leave events in the audit chain, as when they are changed by hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flows/workspace.hpp"
#include "registry/import_store.hpp"

namespace mlean::flows::migrate_mlflow {

// The model as the source has it, to be kept for the next call. JSON.
std::string ModelState(const registry::ImportedModel& source);

struct ModelMerge {
  std::int64_t brought = 0;          // fields that changed there
  std::int64_t kept = 0;             // that changed here, too
  std::vector<std::string> refused;  // that the gate refused, and why
};
// `name` is the model's here, `before` the state that was kept; "" (of an older release): nothing comes over.
Result<ModelMerge> MergeModel(sql::Txn& txn, const Workspace& workspace, const std::string& name, const std::string& before,
                              const registry::ImportedModel& source, const std::string& why);

}  // namespace mlean::flows::migrate_mlflow
