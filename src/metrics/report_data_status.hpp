// `dvc data status`: HEAD, dvc files and workspace compared, as text and JSON. Bytes as DVC's when piped.
#pragma once

#include <string>
#include <string_view>

#include "metrics/made_list.hpp"
#include "metrics/text_pieces.hpp"

namespace mlean::metrics {

// One changed path. Groups are told in the order in which their first change comes, paths in theirs.
struct PathChange {
  std::string_view state;  // "modified", "added", "deleted", "renamed", "unknown": a literal
  std::string path;        // folders end in "/"
  std::string old_path;    // of a rename: where it was
};

struct DataStatus {
  MadeList<std::string> not_in_cache;
  MadeList<std::string> not_in_remote;
  MadeList<PathChange> committed;
  MadeList<PathChange> uncommitted;
  MadeList<std::string> untracked;  // leave empty with --untracked-files=no
  MadeList<std::string> unchanged;  // leave empty without --unchanged
  bool git_dirty = false;           // git status reports other changes
  bool git_empty = false;           // no commit yet
};

void WriteDataStatusText(const DataStatus& status, const TextSink& sink);
// Without a newline. Empty groups are absent: {"committed": {"added": […]}, "not_in_cache": […]}; {} when clean.
void WriteDataStatusJson(const DataStatus& status, const TextSink& sink);

}  // namespace mlean::metrics
