#include "flows/export_mlflow/mlflow_rows_store.hpp"

#include <cmath>
#include <limits>

#include "base/ids.hpp"

namespace mlean::flows::export_mlflow {
namespace {

struct Stored {
  double value = 0;
  bool is_nan = false;
};

// As MLflow's SQL store keeps them: NaN as 0 with a flag, infinities as the largest doubles.
Stored Store(double value) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  if (std::isnan(value)) return {0, true};
  return {std::isinf(value) ? std::copysign(kLargest, value) : value, false};
}

std::string_view StageName(bool deleted) { return deleted ? "deleted" : "active"; }

std::optional<std::string> MaybeText(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

template <class Tags, class... Owner>
Result<void> WriteTags(sql::Conn& out, std::string_view sql, const Tags& tags, const Owner&... owner) {
  for (const auto& tag : tags) TRYV(out.Exec(sql, tag.key, tag.value, owner...));
  return {};
}

Result<void> WriteDatasets(sql::Conn& out, const track::Run& run) {
  for (const track::DatasetInput& input : run.datasets) {
    const track::Dataset& dataset = input.dataset;
    TRYV(out.Exec("INSERT OR IGNORE INTO datasets VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", NewHex32(), run.info.experiment_id,
                  dataset.name, dataset.digest, dataset.source_type, dataset.source, dataset.schema, dataset.profile));
    const std::string input_uuid = NewHex32();
    TRYV(out.Exec(
        "INSERT INTO inputs(input_uuid, source_type, source_id, destination_type, destination_id) "
        "SELECT ?1, 'DATASET', dataset_uuid, 'RUN', ?2 FROM datasets WHERE experiment_id = ?3 AND name = ?4 AND digest = ?5",
        input_uuid, run.info.run_id, run.info.experiment_id, dataset.name, dataset.digest));
    TRYV(WriteTags(out, "INSERT OR IGNORE INTO input_tags(name, value, input_uuid) VALUES(?1, ?2, ?3)", input.tags, input_uuid));
  }
  return {};
}

}  // namespace

Result<void> WriteExperiment(sql::Conn& out, const track::Experiment& experiment) {
  TRYV(out.Exec("INSERT INTO experiments VALUES(?1, ?2, ?3, ?4, ?5, ?6)", experiment.id, experiment.name,
                experiment.artifact_location, StageName(experiment.stage == track::Stage::kDeleted), experiment.created,
                experiment.updated));
  return WriteTags(out, "INSERT INTO experiment_tags(\"key\", value, experiment_id) VALUES(?1, ?2, ?3)", experiment.tags,
                   experiment.id);
}

Result<void> WriteRun(sql::Conn& out, const track::Run& run, std::optional<TimeMs> deleted_time) {
  const track::RunInfo& info = run.info;
  TRYV(out.Exec(
      "INSERT INTO runs(run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, "
      "source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time) "
      "VALUES(?1, ?2, 'UNKNOWN', '', '', ?3, ?4, ?5, ?6, '', ?7, ?8, ?9, ?10)",
      info.run_id, info.name, info.user_id, track::RunStatusName(info.status), info.start_time, info.end_time,
      StageName(info.stage == track::Stage::kDeleted), info.artifact_uri, info.experiment_id, deleted_time));
  TRYV(WriteTags(out, "INSERT INTO params(\"key\", value, run_uuid) VALUES(?1, ?2, ?3)", run.params, info.run_id));
  TRYV(WriteTags(out, "INSERT INTO tags(\"key\", value, run_uuid) VALUES(?1, ?2, ?3)", run.tags, info.run_id));
  for (const track::Metric& metric : run.metrics) {
    const Stored stored = Store(metric.value);
    TRYV(out.Exec("INSERT INTO latest_metrics VALUES(?1, ?2, ?3, ?4, ?5, ?6)", metric.key, stored.value, metric.timestamp,
                  metric.step, stored.is_nan, info.run_id));
  }
  TRYV(WriteDatasets(out, run));
  for (const std::string& model_id : run.model_inputs)
    TRYV(out.Exec("INSERT OR IGNORE INTO inputs VALUES(?1, 'RUN_INPUT', ?2, 'MODEL_INPUT', ?3, 0)", NewHex32(), info.run_id,
                  model_id));
  for (const track::ModelOutput& output : run.model_outputs) {
    TRYV(out.Exec("INSERT OR IGNORE INTO inputs VALUES(?1, 'RUN_OUTPUT', ?2, 'MODEL_OUTPUT', ?3, ?4)", NewHex32(), info.run_id,
                  output.model_id, output.step));
  }
  return {};
}

Result<void> WritePoint(sql::Conn& out, const std::string& run_id, const track::Metric& point) {
  const Stored stored = Store(point.value);
  // An infinity and the largest double are one to MLflow.
  return out.Exec("INSERT OR IGNORE INTO metrics VALUES(?1, ?2, ?3, ?4, ?5, ?6)", point.key, stored.value, point.timestamp,
                  run_id, point.step, stored.is_nan);
}

Result<void> WriteLoggedModel(sql::Conn& out, const track::LoggedModel& model, bool deleted) {
  TRYV(out.Exec("INSERT INTO logged_models VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", model.model_id,
                model.experiment_id, model.name, model.artifact_uri, model.created, model.updated, static_cast<int>(model.status),
                StageName(deleted), MaybeText(model.model_type), MaybeText(model.source_run_id),
                MaybeText(model.status_message)));
  TRYV(WriteTags(out, "INSERT INTO logged_model_params(param_key, param_value, model_id, experiment_id) VALUES(?1, ?2, ?3, ?4)",
                 model.params, model.model_id, model.experiment_id));
  TRYV(WriteTags(out, "INSERT INTO logged_model_tags(tag_key, tag_value, model_id, experiment_id) VALUES(?1, ?2, ?3, ?4)",
                 model.tags, model.model_id, model.experiment_id));
  for (const track::Metric& metric : model.metrics) {
    TRYV(out.Exec("INSERT OR IGNORE INTO logged_model_metrics VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8, ?9)", model.model_id,
                  metric.key, metric.timestamp, metric.step, Store(metric.value).value, model.experiment_id, metric.run_id,
                  MaybeText(metric.dataset_name), MaybeText(metric.dataset_digest)));
  }
  return {};
}

Result<void> WriteModel(sql::Conn& out, const registry::Model& model) {
  TRYV(out.Exec("INSERT INTO registered_models VALUES(?1, ?2, ?3, ?4)", model.name, model.created, model.updated,
                model.description));
  for (const registry::Alias& alias : model.aliases)
    TRYV(out.Exec("INSERT INTO registered_model_aliases(alias, version, name) VALUES(?1, ?2, ?3)", alias.name, alias.version,
                  model.name));
  return WriteTags(out, "INSERT INTO registered_model_tags(\"key\", value, name) VALUES(?1, ?2, ?3)", model.tags, model.name);
}

Result<void> WriteVersion(sql::Conn& out, const registry::ModelVersion& version, const std::string& location) {
  TRYV(out.Exec("INSERT INTO model_versions VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL, ?11, ?12)", version.model,
                version.version, version.created, version.updated, version.description, MaybeText(version.user_id),
                registry::StageName(version.stage), version.source, MaybeText(version.run_id), version.status,
                MaybeText(version.run_link), location));
  return WriteTags(out, "INSERT INTO model_version_tags(\"key\", value, name, version) VALUES(?1, ?2, ?3, ?4)", version.tags,
                   version.model, version.version);
}

}  // namespace mlean::flows::export_mlflow
