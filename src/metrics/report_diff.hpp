// `dvc diff`: added, deleted, renamed, modified and missing paths as text, Markdown table or JSON. Bytes as DVC's when piped.
#pragma once

#include <string>

#include "metrics/made_list.hpp"
#include "metrics/text_pieces.hpp"

namespace mlean::metrics {

struct DiffedPath {
  std::string path;      // folders end in "/"
  std::string old_path;  // of a rename: where it was; else ""
  std::string hash;      // of what is there now, or was when deleted; "" when unknown
  std::string old_hash;  // of a modification: what it was
};

// Each sorted by path, renames by the old one.
struct DataDiff {
  MadeList<DiffedPath> added, deleted, renamed, modified, not_in_cache;
  bool Empty() const;
};

struct DataDiffOptions {
  bool show_hash = false;
  bool hide_missing = false;  // --hide-missing, or a second revision was given: no "not in cache" group
};

void WriteDataDiffText(const DataDiff& diff, const DataDiffOptions& options, const TextSink& sink);
void WriteDataDiffMarkdown(const DataDiff& diff, const DataDiffOptions& options, const TextSink& sink);
// Without a newline. {} without any change; else all groups, empty ones too: {"added": [{"path", "hash"?}], …}.
void WriteDataDiffJson(const DataDiff& diff, const DataDiffOptions& options, const TextSink& sink);

}  // namespace mlean::metrics
