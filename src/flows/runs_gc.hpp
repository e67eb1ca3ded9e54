// `mlean runs gc`: runs, logged models and experiments that were deleted go for good, with their rows and with the files that
// nothing else names.
//
// What a version of the registry refers to stays. Killed at any instant and run again, it finishes; no file is removed while a
// row names it (artifacts/artifact_store.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flows/workspace.hpp"

namespace mlean::flows {

struct RunsGcOptions {
  TimeMs older_than = 0;                    // milliseconds since it was deleted, at least
  std::vector<std::string> run_ids;         // only these; kNotFound or kInvalid when one is not there or not deleted
  std::vector<std::string> experiment_ids;  // only what is in these
  bool dry = false;                         // nothing is removed
};

struct RunsGcReport {
  std::vector<std::string> runs, logged_models, experiments;  // gone; the first thousand of each
  std::int64_t run_count = 0, logged_model_count = 0, experiment_count = 0;
  std::vector<std::string> kept;  // "run 'x': model 'm' version 3 refers to it"; the first thousand
  std::int64_t kept_count = 0;
  std::int64_t foreign_files = 0;     // runs and models with files outside of our store: those are left
  std::int64_t blobs = 0, bytes = 0;  // files removed, or that would be
};

Result<RunsGcReport> RunsGc(const Workspace& workspace, const RunsGcOptions& options);

// "30d", "12h", "90m", "3600s", and MLflow's "1d2h3m4s", as milliseconds. kUsage.
Result<TimeMs> ParseAge(const std::string& text);
codec::Json RunsGcJson(const RunsGcReport& report, bool dry);

}  // namespace mlean::flows
