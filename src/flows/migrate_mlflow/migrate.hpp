// `mlean migrate mlflow`: everything of an MLflow tracking store and registry into this project's store, files by content.
//
// Rows go in by short transactions, each with the record of what it brought (track/import_store.hpp): killed at any instant and
// run again, it goes on, and nothing is there twice. The server may run meanwhile, here and at the source. A later call brings
// what is new there and what has changed there since; what has changed here as well stays as it is here. What is deleted for good
// there, stays here.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flows/migrate_mlflow/source.hpp"
#include "flows/workspace.hpp"
#include "track/import_store.hpp"

namespace mlean::flows::migrate_mlflow {

struct Options {
  std::string from;                                // as the user wrote it
  std::filesystem::path directory;                 // what relative paths are relative to
  std::optional<std::filesystem::path> artifacts;  // the folder behind `mlflow-artifacts:`
  bool files = true;
  std::optional<std::string> prefix;             // in front of the names of experiments and registered models
  const std::atomic<bool>* cancelled = nullptr;  // kCancelled soon after it turns true; the next call goes on
  // How far it is: "runs" or "files of runs", so many of `total` (0: not known).
  std::function<void(std::string_view what, std::int64_t done, std::int64_t total)> progress;
};

struct CountLine {
  std::string what;
  std::int64_t source = 0;
  std::int64_t target = 0;
};

struct Report {
  std::string source;
  std::vector<CountLine> counts;             // what neither has is left out
  std::int64_t same_points = 0;              // points that the source has more than once: kept once
  std::int64_t removed = 0;                  // runs of an earlier call that have been deleted for good here
  track::Changes changes;                    // of what earlier calls have brought
  std::vector<std::string> refused_changes;  // of these, what the gate of a model refused
  std::int64_t files = 0, bytes = 0;         // copied by this call
  std::int64_t files_elsewhere = 0;          // runs and logged models whose files lie elsewhere (s3://…): their address is kept
  std::int64_t files_missing = 0;            // the same of files that only the old server's folder has (`--artifacts`)
  std::vector<std::string> refused_files;    // links, odd names, unreadable ones; the first hundred of this call
  std::int64_t refused = 0;                  // of earlier calls, too
  std::vector<std::string> left_out;         // kinds of things that are not brought
  std::int64_t rows = 0;                     // rows of runs written by this call
  double seconds = 0;
  bool complete = false;  // nothing of the source is missing here
};

// kExists with a fix when the source has an experiment or model whose name is taken by one that did not come from there.
Result<Report> Migrate(const Workspace& workspace, const Options& options);
// What is there, and what would stand in the way. `workspace` null: a project that is not there yet.
Result<Report> Preview(const Workspace* workspace, const Options& options);

}  // namespace mlean::flows::migrate_mlflow
