// Inside of this folder: writes MLflow's rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "registry/types.hpp"
#include "sql/database.hpp"
#include "track/types.hpp"

namespace mlean::flows::export_mlflow {

// Addresses are written as they are given.
Result<void> WriteExperiment(sql::Conn& out, const track::Experiment& experiment);
// A run with its latest metrics, without its points.
Result<void> WriteRun(sql::Conn& out, const track::Run& run, std::optional<TimeMs> deleted_time);
Result<void> WritePoint(sql::Conn& out, const std::string& run_id, const track::Metric& point);
Result<void> WriteLoggedModel(sql::Conn& out, const track::LoggedModel& model, bool deleted);
Result<void> WriteModel(sql::Conn& out, const registry::Model& model);
// `location`: where the version's files are.
Result<void> WriteVersion(sql::Conn& out, const registry::ModelVersion& version, const std::string& location);

}  // namespace mlean::flows::export_mlflow
