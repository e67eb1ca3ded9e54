// Inputs and outputs of runs: datasets with tags (context), logged models read, logged models made.
// A dataset is known by (experiment, name, digest); an input already there for the run is kept as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/types.hpp"

namespace mlean::track {

Result<void> LogInputs(sql::Txn& txn, std::string_view run_id, const std::vector<DatasetInput>& datasets,
                       const std::vector<std::string>& model_ids = {});
Result<void> LogOutputs(sql::Txn& txn, std::string_view run_id, const std::vector<ModelOutput>& models);

struct DatasetSummary {
  std::string experiment_id;
  std::string name;
  std::string digest;
  std::string context;  // "" when there is none
};
// Distinct datasets of the experiments' active runs; at most 1000.
Result<std::vector<DatasetSummary>> ListDatasets(sql::Conn& conn, const std::vector<std::string>& experiment_ids);

}  // namespace mlean::track
