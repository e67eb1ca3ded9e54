// InstallHooks: what `dvc install` does: git hooks that run status, push and checkout, and the merge driver of .dvc files.
#pragma once

#include "flows/data/repository.hpp"

namespace mlean::flows {

// With `pre_commit_tool` an entry in .pre-commit-config.yaml instead of hooks. Without git nothing. kExists "Hook 'pre-push'
// already exists. …".
Result<void> InstallHooks(const Repository& repository, bool pre_commit_tool);

}  // namespace mlean::flows
