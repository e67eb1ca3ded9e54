// Entities of the track and registry rooms as MLflow's JSON: proto field names, empty lists and unset members left out.
#pragma once

#include "codec/json.hpp"
#include "registry/types.hpp"
#include "track/types.hpp"

namespace mlean::api::mlflow {

codec::Json TagsJson(const std::vector<track::Tag>& tags);
codec::Json ExperimentJson(const track::Experiment& experiment);
codec::Json RunInfoJson(const track::RunInfo& info);
codec::Json RunJson(const track::Run& run);
codec::Json MetricJson(const track::Metric& metric);
codec::Json LoggedModelJson(const track::LoggedModel& model);
codec::Json ModelVersionJson(const registry::ModelVersion& version);
codec::Json RegisteredModelJson(const registry::Model& model);

// Sets the member unless `list` is an empty list.
void SetList(codec::Json& object, std::string_view key, codec::Json list);

}  // namespace mlean::api::mlflow
