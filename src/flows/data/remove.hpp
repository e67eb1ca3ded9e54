// Remove: what `dvc remove` does: drops a `.dvc` file, or a stage of dvc.yaml with its lock entry, and its lines in .gitignore.
#pragma once

#include <string>

#include "flows/data/repository.hpp"

namespace mlean::flows {

// `target`: a `.dvc` file or the name of a stage. `outs`: the data goes too. Errors with DVC's texts, with nothing done.
Result<void> RemoveStages(Repository& repository, const std::string& target, bool outs);

}  // namespace mlean::flows
