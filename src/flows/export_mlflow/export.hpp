// `mlean export mlflow`: this project's tracking store and registry as one that MLflow opens: a SQLite database and a folder of
// artifacts.
//
// The database is made beside its place and moved there when it is whole: a killed export leaves none, and the next one begins
// anew. It is a snapshot; the server may run meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "flows/workspace.hpp"

namespace mlean::flows::export_mlflow {

struct Options {
  std::filesystem::path database;   // absolute; must not be there
  std::filesystem::path artifacts;  // absolute; made when missing
  std::string artifact_root;        // what addresses begin with: the folder above as a path, or "mlflow-artifacts:"
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(std::string_view what, std::int64_t done)> progress;
};

struct Report {
  std::int64_t experiments = 0, runs = 0, points = 0, logged_models = 0, registered_models = 0, versions = 0, files = 0,
               bytes = 0;
};

// kExists when the database is there.
Result<Report> Export(const Workspace& workspace, const Options& options);

}  // namespace mlean::flows::export_mlflow
