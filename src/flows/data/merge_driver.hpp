// MergeDvcFiles: git's merge driver for .dvc files: merges the folders that two branches track, file by file.
#pragma once

#include <filesystem>

#include "flows/data/repository.hpp"

namespace mlean::flows {

struct MergeRequest {
  std::filesystem::path ancestor;  // absolute; an empty file: there is none
  std::filesystem::path our;       // gets the result
  std::filesystem::path their;
};

// Files that both sides have changed alike are merged. kConflict "unable to auto-merge the following paths:\n…" when they differ,
// and kConflict for files and for anything but added, removed and changed files of one folder; then nothing is written.
Result<void> MergeDvcFiles(Repository& repository, const MergeRequest& request);

}  // namespace mlean::flows
