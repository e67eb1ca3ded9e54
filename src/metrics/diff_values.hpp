// `metrics diff` and `params diff`: what changed between two revisions, as a table or as JSON. Texts as DVC's when piped; files
// and keys are sorted here (DVC's order of files is not stable).
//
//   TRY… old = …, now = …;                                   // metrics/values.hpp
//   const std::vector<FileDiff> diff = DiffValues(old, now, /*all=*/false);
//   out = json ? DiffJson(diff).DumpPython() + "\n" : DiffText(diff, {.title = "Metric"});
//   err = ErroredLine({old, now});
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/json.hpp"
#include "metrics/values.hpp"

namespace mlean::metrics {

struct ValueChange {
  std::string name;                 // dotted; "" for a file that is a single value
  codec::Json old_value;            // null when absent
  codec::Json new_value;            // null when absent
  std::optional<codec::Json> diff;  // new - old, of two numbers (bools count as 0 and 1)
};

struct FileDiff {
  std::string path;
  std::vector<ValueChange> changes;  // sorted by name, never empty
};

// Compared as Python does (1 == 1.0 == true); `all` keeps what did not change.
std::vector<FileDiff> DiffValues(const RevisionValues& old_values, const RevisionValues& new_values, bool all);

struct DiffOptions {
  std::string title;  // "Metric" or "Param"
  std::string old_name = "HEAD";
  std::string new_name = "workspace";
  bool markdown = false;
  bool no_path = false;
  bool change_column = true;     // params diff has none
  std::optional<int> precision;  // metrics diff: kDefaultPrecision unless told; params diff: none
};

std::string DiffText(const std::vector<FileDiff>& diff, const DiffOptions& options);
// {path: {name: {"old", "new", "diff"?}}}
codec::Json DiffJson(const std::vector<FileDiff>& diff);

}  // namespace mlean::metrics
