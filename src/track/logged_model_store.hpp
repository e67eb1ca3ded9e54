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
// kNotFound "Logged model with ID 'x' not found." As in MLflow a deleted one is only not shown: what is written to it is kept.
Result<std::string> ExperimentOfLoggedModel(sql::Conn& conn, std::string_view model_id);
Result<LoggedModel> GetLoggedModel(sql::Conn& conn, std::string_view model_id, bool with_deleted = false);
Result<LoggedModel> FinalizeLoggedModel(sql::Txn& txn, std::string_view model_id, ModelStatus status, TimeMs now);
Result<void> LogLoggedModelParams(sql::Txn& txn, std::string_view model_id, const std::vector<Param>& params);
Result<void> SetLoggedModelTags(sql::Txn& txn, std::string_view model_id, const std::vector<Tag>& tags);
Result<void> DeleteLoggedModelTag(sql::Txn& txn, std::string_view model_id, std::string_view key);
Result<void> DeleteLoggedModel(sql::Txn& txn, std::string_view model_id, TimeMs now);

// A dataset that metric points are on; an empty member: any.
struct OnDataset {
  std::string name = {};
  std::string digest = {};
};
struct LoggedModelScope {
  // Metric clauses look at points on one of these only; without metric clauses a model must have such a point. Empty: all.
  std::vector<OnDataset> datasets = {};
  std::vector<OnDataset> order = {};  // of the order key at the same position: the points that it looks at; may be shorter
};

// Clauses on attributes name, model_id, model_type, status, source_run_id, experiment_id, creation_timestamp,
// last_updated_timestamp and on metrics, params and tags. A metric to order by is the latest point by (timestamp, step). Default
// order: creation_timestamp DESC, model_id ASC. `next`: as of ListRuns.
Result<std::vector<LoggedModel>> ListLoggedModels(sql::Conn& conn, const Query& query, const LoggedModelScope& scope = {},
                                                  sql::SortPlace* next = nullptr);

}  // namespace mlean::track
