// Where a model version's files are: what a client may name as `source`, and which artifact location it means
// (reference/mlflow.md 1.4).
#pragma once

#include <string>

#include "base/result.hpp"
#include "registry/types.hpp"
#include "sql/database.hpp"

namespace mlean::api::mlflow {

// kInvalid, with MLflow's texts: "..", encoded or not, and NUL in a remote source; a source of a run or logged model, or a local
// path, that is not of the run or logged model that is named beside it.
Result<void> CheckSource(sql::Conn& conn, const std::string& source, const std::string& run_id, const std::string& model_id);

// models:/m-… is that logged model's location, models:/NAME/VERSION that version's, runs:/ID/PATH a place in that run's
// artifacts; anything else is itself.
Result<std::string> DownloadUri(sql::Conn& conn, const registry::ModelVersion& version);

}  // namespace mlean::api::mlflow
