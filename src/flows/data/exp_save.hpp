// ExpSave: what `dvc exp save` does: keeps the work tree as an experiment without running anything.
#pragma once

#include <string>
#include <vector>

#include "flows/data/repository.hpp"

namespace mlean::flows {

struct ExpSaveRequest {
  std::vector<std::string> targets;  // whose data is committed; none: all
  bool recursive = false;
  bool force = false;                          // replace an experiment of that name
  std::string name;                            // "": one is made up
  std::string message;                         // "": DVC's own
  std::vector<std::string> include_untracked;  // paths as typed
};
struct ExpSaveReport {
  std::string name;
  std::string commit;
};

// Warns of untracked files that are left out. Errors, with DVC's texts: "Experiment conflicts with existing experiment 'x'. …",
// those of CommitData.
Result<ExpSaveReport> SaveExperiment(Repository& repository, const ExpSaveRequest& request);

}  // namespace mlean::flows
