// Move: what `dvc move` does: renames tracked data together with its `.dvc` file and its line in .gitignore.
#pragma once

#include <string>

#include "flows/data/repository.hpp"

namespace mlean::flows {

// `from`: tracked by a `.dvc` file; `to`: its new path, or a folder to put it into; both as typed. A `.dvc` file that is named as
// its data is renamed with it. Unlike DVC it does not overwrite what lies at the new path. Errors with DVC's texts: "Unable to
// find DVC file with output 'x'", "'y.dvc' already exists".
Result<void> MoveData(Repository& repository, const std::string& from, const std::string& to);

}  // namespace mlean::flows
