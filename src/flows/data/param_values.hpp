// The parameters of revisions: what `dvc params diff` reads.
#pragma once

#include <string>
#include <vector>

#include "flows/data/metric_values.hpp"

namespace mlean::flows {

// The parameters of one revision: all of `files` (locations), else what stages depend on, the `params:` lists of dvc.yaml files
// and params.yaml of the project (not with deps_only), and what templates have used of files that are not among these.
Result<std::vector<metrics::FileValues>> ParamsOf(RevisionView& view, const std::vector<std::string>& files, bool deps_only);

// As in DVC targets are relative to the project's root, not to the working directory.
Result<ValuesToCompare> ParamsToCompare(Repository& repository, const ValuesDiffRequest& request);

}  // namespace mlean::flows
