// Tags of runs: last write wins. Values over 8000 characters are cut. Setting mlflow.runName renames the run.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/types.hpp"

namespace mlean::track {

constexpr std::string_view kRunNameTag = "mlflow.runName";

Result<void> SetTags(sql::Txn& txn, std::string_view run_id, const std::vector<Tag>& tags);
// kNotFound "No tag with name: k in run with id r".
Result<void> DeleteTag(sql::Txn& txn, std::string_view run_id, std::string_view key);

}  // namespace mlean::track
