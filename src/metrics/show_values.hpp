// `metrics show`: one row a file (and revision), one column a metric, sorted by name; and its JSON. Texts as DVC's when piped.
//
//   Path      auc     loss
//   m.json    0.91    0.12346
#pragma once

#include <string>
#include <vector>

#include "codec/json.hpp"
#include "metrics/values.hpp"

namespace mlean::metrics {

inline constexpr int kDefaultPrecision = 5;  // digits after the point to which tables round floats

struct ShowOptions {
  bool markdown = false;
  bool revision_column = false;  // with -a, -T or -A
  int precision = kDefaultPrecision;
};

// "" when there are no files at all (with markdown an empty table).
std::string ShowText(const std::vector<RevisionValues>& revisions, const ShowOptions& options = {});
// {rev: {"data": {path: {"data": values}}}}, {path: {"error": {"type", "msg"}}} or {rev: {"error": …}}.
codec::Json ShowJson(const std::vector<RevisionValues>& revisions);

}  // namespace mlean::metrics
