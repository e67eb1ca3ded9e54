// Freeze: what `dvc freeze` and `dvc unfreeze` do: a frozen stage does not look at what it depends on.
#pragma once

#include <string>

#include "flows/data/repository.hpp"

namespace mlean::flows {

// `target`: one stage ("train", "sub/dvc.yaml:train") or a `.dvc` file. Errors with DVC's texts.
Result<void> FreezeStage(Repository& repository, const std::string& target, bool frozen);

}  // namespace mlean::flows
