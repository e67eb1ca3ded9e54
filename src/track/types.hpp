// Vocabulary of tracking: experiments, runs, metrics, params, tags, datasets and logged models, with MLflow's meanings
// (reference/mlflow.md 1.2, 1.3, 2, 3). Plain values; ids as MLflow prints them; times in milliseconds since 1970 UTC.
//
// Errors of this room carry MLflow's own texts as `what` ("Run with id=x not found"), since clients match on them; codes are
// kNotFound (RESOURCE_DOES_NOT_EXIST), kExists (RESOURCE_ALREADY_EXISTS), kInvalid and kTooLarge (INVALID_PARAMETER_VALUE), and
// kConflict for a changed param (INVALID_PARAMETER_VALUE on MLflow's wire).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace mlean::track {

enum class Stage : std::uint8_t { kActive, kDeleted };
enum class View : std::uint8_t { kActiveOnly, kDeletedOnly, kAll };
// Numbered as MLflow's RunStatus.
enum class RunStatus : std::uint8_t { kRunning = 1, kScheduled = 2, kFinished = 3, kFailed = 4, kKilled = 5 };
// Numbered as MLflow's LoggedModelStatus.
enum class ModelStatus : std::uint8_t { kPending = 1, kReady = 2, kUploadFailed = 3 };

std::string_view StageName(Stage stage);                             // "active", "deleted"
std::string_view RunStatusName(RunStatus status);                    // "RUNNING"
std::optional<RunStatus> ParseRunStatus(std::string_view name);      // "RUNNING" or its number
std::string_view ModelStatusName(ModelStatus status);                // "LOGGED_MODEL_PENDING"
std::optional<ModelStatus> ParseModelStatus(std::string_view name);  // "LOGGED_MODEL_READY", "READY" or its number

struct Tag {
  std::string key;
  std::string value;
  friend bool operator==(const Tag&, const Tag&) = default;
};
using Param = Tag;

// One point of a metric's history. `value` may be NaN or infinite. `model_id` also attaches it to that logged model; the dataset
// fields are kept with the model only.
struct Metric {
  std::string key;
  double value = 0;
  TimeMs timestamp = 0;
  std::int64_t step = 0;
  std::string model_id = {};
  std::string dataset_name = {};
  std::string dataset_digest = {};
  std::string run_id = {};  // filled by readers that span runs
};

struct Experiment {
  std::string id;  // "0", "1", …
  std::string name;
  std::string artifact_location;
  Stage stage = Stage::kActive;
  TimeMs created = 0;
  TimeMs updated = 0;
  std::vector<Tag> tags;  // by key
};

struct RunInfo {
  std::string run_id;  // 32 hex digits; MLflow's run_uuid is the same
  std::string experiment_id;
  std::string name;
  std::string user_id;
  RunStatus status = RunStatus::kRunning;
  TimeMs start_time = 0;
  std::optional<TimeMs> end_time;
  std::string artifact_uri;
  Stage stage = Stage::kActive;
};

struct Dataset {
  std::string name;
  std::string digest;
  std::string source_type;
  std::string source;
  std::optional<std::string> schema;
  std::optional<std::string> profile;
};

struct DatasetInput {
  Dataset dataset;
  std::vector<Tag> tags;  // user tags first, "mlflow.data.context" last
};

struct ModelOutput {
  std::string model_id;
  std::int64_t step = 0;
};

struct Run {
  RunInfo info;
  std::vector<Metric> metrics;  // the latest of each key by (step, timestamp, value), keys ascending
  std::vector<Param> params;    // by key
  std::vector<Tag> tags;        // by key
  std::vector<DatasetInput> datasets;
  std::vector<std::string> model_inputs;
  std::vector<ModelOutput> model_outputs;
};

struct LoggedModel {
  std::string model_id;  // "m-" + 32 hex digits
  std::string experiment_id;
  std::string name;
  std::string model_type;
  std::string source_run_id;
  std::string artifact_uri;
  ModelStatus status = ModelStatus::kPending;
  std::string status_message;
  TimeMs created = 0;
  TimeMs updated = 0;
  std::vector<Tag> tags;
  std::vector<Param> params;
  std::vector<Metric> metrics;  // every point
};

}  // namespace mlean::track
