// StageList: what `dvc stage list` tells of the stages of a project.
#pragma once

#include <string>
#include <vector>

#include "flows/data/repository.hpp"

namespace mlean::flows {

struct StageListRequest {
  std::vector<std::string> targets;  // as typed; none: dvc.yaml of the working directory
  bool all = false;                  // of the whole project
  bool recursive = false;
};

struct ListedStage {
  std::string name;         // its addressing
  std::string description;  // its own, or what it writes and needs; 80 characters at most
};

Result<std::vector<ListedStage>> ListStages(Repository& repository, const StageListRequest& request);

}  // namespace mlean::flows
