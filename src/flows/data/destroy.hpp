// Destroy: what `dvc destroy` does: the project is DVC's no more. Tracked data stays as ordinary files.
#pragma once

#include "flows/data/repository.hpp"

namespace mlean::flows {

// Outputs that are links to the cache become files; then the files of the stages (`.dvc`, dvc.yaml, dvc.lock), the root's
// .dvcignore and all of .dvc go, with the cache inside. The repository is of no use afterwards: not even Finish(). Killed at any
// instant it may be started again, and no file of the work tree is lost. Errors with DVC's texts, before anything is removed; a
// path that cannot be removed.
Result<void> Destroy(Repository& repository);

}  // namespace mlean::flows
