// Files of runs and models on this machine's disk, as MLflow's artifact addresses name them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/artifact_store.hpp"
#include "base/result.hpp"

namespace mlean::flows::migrate_mlflow {

// The folder that a URI means here: a path, `file:…`, or `mlflow-artifacts:` and a server's proxy address below `artifacts`.
std::optional<std::filesystem::path> LocalFolder(std::string_view uri, const std::optional<std::filesystem::path>& artifacts);
// An address that an MLflow server answers for: `mlflow-artifacts:…`, or that of its proxy.
bool IsProxied(std::string_view uri);
// For the folder of an experiment, or of a run's or logged model's files in it. False when neither the experiment's nor the one
// around it is there: the files are on another machine. Otherwise a folder that is not there holds nothing yet.
bool IsReachable(const std::filesystem::path& folder);
// Paths of all files below `folder`; "" in none. Links and odd names go to `refused`.
Result<std::vector<std::string>> FilesBelow(const std::filesystem::path& folder, std::vector<std::string>& refused);
// Copies and takes the digest in one pass.
Result<artifacts::Blob> CopyWithDigest(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace mlean::flows::migrate_mlflow
