// What `exp.auto_push` asks for (or DVC_EXP_AUTO_PUSH): a new experiment goes to git's and DVC's remotes at once.
#pragma once

#include <string>

#include "flows/data/repository.hpp"

namespace mlean::flows {

// Before the experiment is made: whether it will be pushed. Remotes that are none are told as a warning, and nothing will be.
bool WantsAutoPush(Repository& repository);
// `ref`: of the experiment. A failure is a warning.
Result<void> AutoPush(Repository& repository, const std::string& ref);

}  // namespace mlean::flows
