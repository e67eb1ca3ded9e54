// Status: what `dvc status` tells of the stages of a repository.
#pragma once

#include <string>
#include <vector>

#include "flows/data/repository.hpp"
#include "metrics/report_status.hpp"

namespace mlean::flows {

struct StatusRequest {
  std::vector<std::string> targets;  // as typed; none: all stages
  bool with_deps = false;
  bool recursive = false;
  bool check_updates = true;  // ask the sources of imports
};

// Only stages with something to tell, in DVC's order. Frozen stages are told as a warning. Errors are those that DVC's command
// catches.
Result<std::vector<metrics::StageStatus>> DataStageStatus(Repository& repository, const StatusRequest& request);

}  // namespace mlean::flows
