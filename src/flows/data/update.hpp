// UpdateImports: what `dvc update` does: brings imports up to date with their sources.
#pragma once

#include <string>
#include <vector>

#include "flows/data/repository.hpp"

namespace mlean::flows {

struct UpdateRequest {
  std::vector<std::string> targets;  // as typed
  std::string revision;              // of the source's repository
  bool recursive = false;
  bool no_download = false;
  bool to_remote = false;
  std::string remote;  // with to_remote: its name
  int jobs = 0;        // with to_remote: files under way at once
};

// Each .dvc file is written when its data is there. Errors with DVC's texts, without "failed update data - ".
Result<void> UpdateImports(Repository& repository, const UpdateRequest& request);

}  // namespace mlean::flows
