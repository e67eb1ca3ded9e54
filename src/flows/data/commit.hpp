// Commit: what `dvc commit` does: records data and dependencies as they are now, and stores the outputs.
#pragma once

#include <functional>
#include <string>

#include "flows/data/repository.hpp"

namespace mlean::flows {

struct CommitRequest {
  std::string target;  // as typed; empty: all stages
  bool with_deps = false;
  bool recursive = false;
  bool force = false;  // changes are taken over unasked
  bool relink = true;
  bool allow_missing = false;                                // data that is not there stays recorded as it is
  bool data_only = false;                                    // only what was added or imported, no stages of pipelines
  std::function<bool(const std::string& question)> confirm;  // empty: everything is declined
};

// Errors with DVC's texts: "unable to commit changed stage: 'x.dvc'. Use `-f|--force` to force.", "output 'x' does not exist".
Result<void> CommitData(Repository& repository, const CommitRequest& request);

}  // namespace mlean::flows
