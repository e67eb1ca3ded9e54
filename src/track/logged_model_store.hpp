// Logged models (MLflow 3): a model's files under an experiment, with status, params, tags and metrics. Their metrics come in
// through LogMetrics (Metric::model_id). Deleted ones vanish from every reader.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/search.hpp"
#include "track/types.hpp"

namespace mlean::track {

struct NewLoggedModel {
  std::string experiment_id = "0";
  std::string name = {};  // empty: adjective-noun-NNN. Not allowed: / : . % " '
  std::string model_type = {};
  std::string source_run_id = {};
  std::vector<Param> params = {};
  std::vector<Tag> tags = {};
};

// Status kPending, artifact_uri <experiment's location>/models/<model_id>/artifacts.
Result<LoggedModel> CreateLoggedModel(sql::Txn& txn, const NewLoggedModel& spec, TimeMs now);
// kNotFound "Logged model with ID 'x' not found."
Result<std::string> ExperimentOfLoggedModel(sql::Conn& conn, std::string_view model_id);
Result<LoggedModel> GetLoggedModel(sql::Conn& conn, std::string_view model_id);
Result<LoggedModel> FinalizeLoggedModel(sql::Txn& txn, std::string_view model_id, ModelStatus status, TimeMs now);
Result<void> LogLoggedModelParams(sql::Txn& txn, std::string_view model_id, const std::vector<Param>& params);
Result<void> SetLoggedModelTags(sql::Txn& txn, std::string_view model_id, const std::vector<Tag>& tags, TimeMs now);
Result<void> DeleteLoggedModelTag(sql::Txn& txn, std::string_view model_id, std::string_view key, TimeMs now);
Result<void> DeleteLoggedModel(sql::Txn& txn, std::string_view model_id, TimeMs now);

// Clauses on attributes name, model_id, model_type, status, source_run_id, creation_timestamp, last_updated_timestamp and on
// metrics, params and tags. `datasets` narrows metric clauses and orders to points on these datasets (name and digest). Default
// order: creation_timestamp DESC, model_id ASC.
Result<std::vector<LoggedModel>> ListLoggedModels(sql::Conn& conn, const Query& query, const std::vector<Dataset>& datasets = {});

}  // namespace mlean::track
