// Bringing a registered model of another registry in: its versions keep their numbers, times and stages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "registry/types.hpp"
#include "sql/database.hpp"

namespace mlean::registry {

struct ImportedModel {
  Model model;                         // `latest` is not used
  int last_version = 0;                // the highest number ever given, deleted versions included
  std::vector<ModelVersion> versions;  // without deleted ones
};

// A new model with all of it. kExists "Registered Model (name=X) already exists." Returns its small number.
Result<std::int64_t> ImportModel(sql::Txn& txn, const ImportedModel& imported);
// Versions of the model that are not here yet, and nothing else; none when the model is gone. Returns how many came.
Result<int> AddMissingVersions(sql::Txn& txn, std::int64_t model, const ImportedModel& imported);
// Sources that lie under `from` ("file:///old/1") lie under `to` from now on, of versions of the model.
Result<void> MoveSources(sql::Txn& txn, std::int64_t model, std::string_view from, std::string_view to);

struct ModelCounts {
  std::int64_t tags = 0, aliases = 0, versions = 0, version_tags = 0;
};
// Deleted versions are not counted; a model that is gone has none of anything.
Result<ModelCounts> CountModel(sql::Conn& conn, std::int64_t model);

}  // namespace mlean::registry
