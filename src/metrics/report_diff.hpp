// `dvc diff`: added, deleted, renamed, modified and missing paths as text, Markdown table or JSON. Bytes as DVC's when piped.
#pragma once

#include <string>
#include <vector>

#include "codec/json.hpp"

namespace mlean::metrics {

struct DiffedPath {
  std::string path;      // folders end in "/"
  std::string old_path;  // of a rename: where it was; else ""
  std::string hash;      // of what is there now, or was when deleted; "" when unknown
  std::string old_hash;  // of a modification: what it was
};

struct DataDiff {
  std::vector<DiffedPath> added, deleted, renamed, modified, not_in_cache;
  bool Empty() const;
};

struct DataDiffOptions {
  bool show_hash = false;
  bool hide_missing = false;  // --hide-missing, or a second revision was given: no "not in cache" group
};

// Groups are sorted by (old) path by all three.
std::string DataDiffText(const DataDiff& diff, const DataDiffOptions& options = {});
std::string DataDiffMarkdown(const DataDiff& diff, const DataDiffOptions& options = {});
// {} without any change; else all groups, empty ones too: {"added": [{"path", "hash"?}], …}.
codec::Json DataDiffJson(const DataDiff& diff, const DataDiffOptions& options = {});

}  // namespace mlean::metrics
