// CloudStatus: what `dvc status -c` tells: which objects of the stages only the cache has, only the remote, or neither.
#pragma once

#include "flows/data/used_objects.hpp"
#include "metrics/report_status.hpp"

namespace mlean::flows {

// `query`: targets and revisions; its `remote` is the one to compare with. Sorted as DVC groups them: deleted (only the remote
// has it), new (only the cache), missing. Outputs with a remote of their own are left out, as in DVC. A folder whose .dir is
// nowhere is told as a warning. Errors with DVC's texts.
Result<metrics::CloudStates> DataCloudStatus(Repository& repository, const ObjectQuery& query, int jobs);

}  // namespace mlean::flows
