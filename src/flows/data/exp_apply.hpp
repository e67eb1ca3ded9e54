// ExpApply: what `dvc exp apply` does: makes the work tree what an experiment (or any commit) has.
#pragma once

#include <string>

#include "flows/data/repository.hpp"

namespace mlean::flows {

// What was in the work tree before, untracked files too, stays to be had as a stash, refs/exps/apply/stash. Files that the
// experiment does not have stay where the work tree was changed. HEAD and the index are not touched. Tracked data is checked out;
// what is not in the cache is an error, kNotFound "Checkout failed for following targets: …", with everything else done.
// kNotFound "'x' does not appear to be an experiment commit.: unknown Git revision 'x'".
Result<void> ApplyExperiment(Repository& repository, const std::string& revision);

}  // namespace mlean::flows
