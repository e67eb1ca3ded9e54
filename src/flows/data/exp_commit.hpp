// The commit of an experiment: what git tracks as it stands in the work tree, and files that belong to the experiment besides.
#pragma once

#include <string>
#include <vector>

#include "flows/data/exp_git.hpp"
#include "flows/data/repository.hpp"
#include "pipeline/stage.hpp"

namespace mlean::flows {

struct ExpCommit {
  std::string baseline;
  std::string name;
  std::string message;              // "": DVC's own, with the hash of the stages
  std::string hash;                 // of ExperimentHash
  bool replace = false;             // an experiment of that name
  std::vector<std::string> add;     // locations: to be in the commit unless git ignores them
  std::vector<std::string> forced;  // locations: also when git ignores them
};

// Writes the commit and its ref; nothing else changes. kExists "Experiment conflicts with existing experiment 'x'. …".
Result<std::string> CommitExperiment(const Repository& repository, const ExpGit& git, const ExpCommit& commit);

// sha256 of the dvc.lock entries of the stages of dvc.yaml files among these, by name.
std::string ExperimentHash(const std::vector<const pipeline::Stage*>& stages);

// The files that belong to a stage and are git's: its dvc file, dvc.lock, dependencies and outputs that no cache holds.
Result<std::vector<std::string>> FilesOfStage(Repository& repository, const pipeline::Stage& stage);
// The files that dvc.yaml files name at their top: metrics, params and plots.
Result<std::vector<std::string>> TopLevelFiles(Repository& repository);

// From git's root; "" outside of it.
std::string PathInGit(const Repository& repository, const std::string& location);
// A name that no experiment of the commit has.
Result<std::string> FreeName(const ExpGit& git, const std::string& baseline);

}  // namespace mlean::flows
