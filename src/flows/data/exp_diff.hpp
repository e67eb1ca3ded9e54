// ExpDiff: what `dvc exp diff` tells: how metrics and params differ between two experiments, commits or the work tree.
#pragma once

#include <string>
#include <vector>

#include "flows/data/repository.hpp"
#include "metrics/diff_values.hpp"

namespace mlean::flows {

struct ExpDiffRequest {
  std::string old_revision;  // "": HEAD
  std::string new_revision;  // "": the work tree
  bool all = false;          // what has not changed too
  bool param_deps = false;   // only parameters that stages depend on
};
struct ExpDiff {
  bool any = true;  // false: there is no commit
  std::vector<metrics::FileDiff> metrics;
  std::vector<metrics::FileDiff> params;
};

// kNotFound "unknown Git revision 'x'". A side that cannot be read counts as empty. The repository is open at its root.
Result<ExpDiff> DiffExperiments(Repository& repository, const ExpDiffRequest& request);

struct ExpDiffText {
  std::string title;  // "Metric", "Param"
  std::string old_name = "HEAD";
  std::string new_name = "workspace";
  bool markdown = false;
  bool no_path = false;
  std::optional<int> precision;  // significant digits
};
std::string ExpDiffTable(const std::vector<metrics::FileDiff>& diff, const ExpDiffText& options);

}  // namespace mlean::flows
