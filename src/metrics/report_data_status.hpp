// `dvc data status`: HEAD, dvc files and workspace compared, as text and JSON. Bytes as DVC's when piped.
#pragma once

#include <string>
#include <vector>

#include "codec/json.hpp"

namespace mlean::metrics {

// One changed path. Groups are told in the order in which their first change comes, paths in theirs.
struct PathChange {
  std::string state;     // "modified", "added", "deleted", "renamed", "unknown"
  std::string path;      // folders end in "/"
  std::string old_path;  // of a rename: where it was
};

struct DataStatus {
  std::vector<std::string> not_in_cache;
  std::vector<std::string> not_in_remote;
  std::vector<PathChange> committed;
  std::vector<PathChange> uncommitted;
  std::vector<std::string> untracked;  // leave empty with --untracked-files=no
  std::vector<std::string> unchanged;  // leave empty without --unchanged
  bool git_dirty = false;              // git status reports other changes
  bool git_empty = false;              // no commit yet
};

std::string DataStatusText(const DataStatus& status);
// Empty groups are absent: {"committed": {"added": […]}, "not_in_cache": […]}; {} when clean.
codec::Json DataStatusJson(const DataStatus& status);

}  // namespace mlean::metrics
