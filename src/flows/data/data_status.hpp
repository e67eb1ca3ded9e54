// DataStatus: what `dvc data status` tells: what differs between HEAD and the dvc files, and between these and the workspace.
#pragma once

#include <string>
#include <vector>

#include "flows/data/repository.hpp"
#include "metrics/report_data_status.hpp"

namespace mlean::flows {

struct DataStatusRequest {
  std::vector<std::string> targets;  // paths as typed; none: all
  bool granular = false;             // file by file in folders
  bool unchanged = false;            // tell what is unchanged too
  bool untracked = false;            // tell git's untracked files too
  bool git_state = true;             // ask git whether it is dirty (not needed for JSON)
  bool not_in_remote = false;
  std::string remote;
};

Result<metrics::DataStatus> ReadDataStatus(Repository& repository, const DataStatusRequest& request);

}  // namespace mlean::flows
