// ExpPull: what `dvc exp pull` does: brings experiments from a git remote, and the data they use to the cache.
#pragma once

#include "flows/data/exp_push.hpp"

namespace mlean::flows {

// Names and baselines are looked for on the remote. Errors: "'x' is not a valid Git remote or URL", "Experiment 'x' does not
// exist in 'origin'" …; those of FetchData.
Result<ExpTransferReport> PullExperiments(Repository& repository, const ExpTransferRequest& request);

}  // namespace mlean::flows
