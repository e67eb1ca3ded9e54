#include "api/mlflow/render.hpp"

#include "api/mlflow/reply.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

Json DatasetInputJson(const track::DatasetInput& input) {
  Json dataset = Json::Object{{"name", input.dataset.name},
                              {"digest", input.dataset.digest},
                              {"source_type", input.dataset.source_type},
                              {"source", input.dataset.source}};
  if (input.dataset.schema) dataset.Set("schema", *input.dataset.schema);
  if (input.dataset.profile) dataset.Set("profile", *input.dataset.profile);
  Json out;
  SetList(out, "tags", TagsJson(input.tags));
  out.Set("dataset", std::move(dataset));
  return out;
}

}  // namespace

void SetList(Json& object, std::string_view key, Json list) {
  if (list.IsArray() && !list.AsArray().empty()) object.Set(key, std::move(list));
}

Json TagsJson(const std::vector<track::Tag>& tags) {
  Json::Array out;
  out.reserve(tags.size());
  for (const track::Tag& tag : tags) out.push_back(Json::Object{{"key", tag.key}, {"value", tag.value}});
  return out;
}

Json ExperimentJson(const track::Experiment& experiment) {
  Json out = Json::Object{{"experiment_id", experiment.id},
                          {"name", experiment.name},
                          {"artifact_location", experiment.artifact_location},
                          {"lifecycle_stage", track::StageName(experiment.stage)},
                          {"last_update_time", experiment.updated},
                          {"creation_time", experiment.created}};
  SetList(out, "tags", TagsJson(experiment.tags));
  return out;
}

Json RunInfoJson(const track::RunInfo& info) {
  Json out =
      Json::Object{{"run_uuid", info.run_id}, {"experiment_id", info.experiment_id},         {"run_name", info.name},
                   {"user_id", info.user_id}, {"status", track::RunStatusName(info.status)}, {"start_time", info.start_time}};
  if (info.end_time) out.Set("end_time", *info.end_time);
  out.Set("artifact_uri", info.artifact_uri);
  out.Set("lifecycle_stage", track::StageName(info.stage));
  out.Set("run_id", info.run_id);
  return out;
}

Json MetricJson(const track::Metric& metric) {
  return Json::Object{
      {"key", metric.key}, {"value", DoubleJson(metric.value)}, {"timestamp", metric.timestamp}, {"step", metric.step}};
}

Json RunJson(const track::Run& run) {
  Json data = Json::Object{};
  Json::Array metrics;
  metrics.reserve(run.metrics.size());
  for (const track::Metric& metric : run.metrics) metrics.push_back(MetricJson(metric));
  SetList(data, "metrics", std::move(metrics));
  SetList(data, "params", TagsJson(run.params));
  SetList(data, "tags", TagsJson(run.tags));
  Json inputs = Json::Object{};
  Json::Array datasets;
  for (const track::DatasetInput& input : run.datasets) datasets.push_back(DatasetInputJson(input));
  SetList(inputs, "dataset_inputs", std::move(datasets));
  Json::Array model_inputs;
  for (const std::string& id : run.model_inputs) model_inputs.push_back(Json::Object{{"model_id", id}});
  SetList(inputs, "model_inputs", std::move(model_inputs));
  Json out = Json::Object{{"info", RunInfoJson(run.info)}, {"data", std::move(data)}, {"inputs", std::move(inputs)}};
  Json::Array outputs;
  for (const track::ModelOutput& output : run.model_outputs) {
    outputs.push_back(Json::Object{{"model_id", output.model_id}, {"step", output.step}});
  }
  if (!outputs.empty()) out.Set("outputs", Json::Object{{"model_outputs", std::move(outputs)}});
  return out;
}

Json LoggedModelJson(const track::LoggedModel& model) {
  Json info = Json::Object{{"model_id", model.model_id},
                           {"experiment_id", model.experiment_id},
                           {"name", model.name},
                           {"creation_timestamp_ms", model.created},
                           {"last_updated_timestamp_ms", model.updated},
                           {"artifact_uri", model.artifact_uri},
                           {"status", track::ModelStatusName(model.status)}};
  if (!model.model_type.empty()) info.Set("model_type", model.model_type);
  if (!model.source_run_id.empty()) info.Set("source_run_id", model.source_run_id);
  if (!model.status_message.empty()) info.Set("status_message", model.status_message);
  SetList(info, "tags", TagsJson(model.tags));
  Json data = Json::Object{};
  SetList(data, "params", TagsJson(model.params));
  Json::Array metrics;
  for (const track::Metric& metric : model.metrics) {
    Json one = MetricJson(metric);
    if (!metric.dataset_name.empty()) one.Set("dataset_name", metric.dataset_name);
    if (!metric.dataset_digest.empty()) one.Set("dataset_digest", metric.dataset_digest);
    one.Set("model_id", model.model_id);
    one.Set("run_id", metric.run_id);
    metrics.push_back(std::move(one));
  }
  SetList(data, "metrics", std::move(metrics));
  return Json::Object{{"info", std::move(info)}, {"data", std::move(data)}};
}

namespace {

Json RegistryTagsJson(const std::vector<registry::Tag>& tags) {
  Json::Array out;
  for (const registry::Tag& tag : tags) out.push_back(Json::Object{{"key", tag.key}, {"value", tag.value}});
  return out;
}

}  // namespace

Json ModelVersionJson(const registry::ModelVersion& version) {
  Json out = Json::Object{{"name", version.model},
                          {"version", std::to_string(version.version)},
                          {"creation_timestamp", version.created},
                          {"last_updated_timestamp", version.updated},
                          {"current_stage", registry::StageName(version.stage)},
                          {"description", version.description},
                          {"source", version.source},
                          {"run_id", version.run_id},
                          {"status", version.status},
                          {"run_link", version.run_link}};
  if (!version.user_id.empty()) out.Set("user_id", version.user_id);
  if (!version.logged_model_id.empty()) out.Set("model_id", version.logged_model_id);
  SetList(out, "tags", RegistryTagsJson(version.tags));
  SetList(out, "aliases", Json::Array(version.aliases.begin(), version.aliases.end()));
  return out;
}

Json RegisteredModelJson(const registry::Model& model) {
  Json out = Json::Object{{"name", model.name},
                          {"creation_timestamp", model.created},
                          {"last_updated_timestamp", model.updated},
                          {"description", model.description}};
  Json::Array latest;
  for (const registry::ModelVersion& version : model.latest) latest.push_back(ModelVersionJson(version));
  SetList(out, "latest_versions", std::move(latest));
  SetList(out, "tags", RegistryTagsJson(model.tags));
  Json::Array aliases;
  for (const registry::Alias& alias : model.aliases) {
    aliases.push_back(Json::Object{{"alias", alias.name}, {"version", std::to_string(alias.version)}});
  }
  SetList(out, "aliases", std::move(aliases));
  return out;
}

}  // namespace mlean::api::mlflow
