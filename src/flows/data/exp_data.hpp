// Which data experiments use: what `exp push` and `exp pull` move.
#pragma once

#include <vector>

#include "flows/data/exp_refs.hpp"
#include "flows/data/move_objects.hpp"

namespace mlean::flows {

// Makes the query mean the commits of the experiments, from each back to where it began, and not the work tree.
Result<void> AskForData(const ExpGit& git, const std::vector<Experiment>& experiments, MoveOptions& move);

}  // namespace mlean::flows
