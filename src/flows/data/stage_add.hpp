// StageAdd: what `dvc stage add` does: a new stage in dvc.yaml of the working directory, its outputs ignored by git.
#pragma once

#include <string>
#include <vector>

#include "flows/data/repository.hpp"
#include "pipeline/stage_edit.hpp"

namespace mlean::flows {

// Command line words as one command for a shell, as DVC joins them: a word with blanks gets double quotes, unless it has some
// itself. One word is taken as it is.
std::string JoinCommand(const std::vector<std::string>& words);

struct AddedStage {
  std::string name;  // its addressing
  std::string file;  // "dvc.yaml", as shown
  std::vector<std::string> warnings;
};

// Errors with DVC's texts (pipeline/stage_edit.hpp), with nothing written.
Result<AddedStage> AddStage(Repository& repository, const pipeline::NewStage& wanted);

}  // namespace mlean::flows
