// DiffData: what `dvc diff` tells: what tracked data differs between two revisions, or a revision and the workspace.
#pragma once

#include <string>
#include <vector>

#include "flows/data/repository.hpp"
#include "metrics/report_diff.hpp"

namespace mlean::flows {

struct DiffRequest {
  std::string before = "HEAD";
  std::string after;                 // "" or "workspace": the workspace
  std::vector<std::string> targets;  // as typed; none: all
  bool hashes = false;               // of what is told, too
};

// Objects missing from the cache are looked for when `after` is "". Errors that DVC's command catches: kNotFound "unknown Git
// revision 'x'". A target that is on neither side: kIo "unexpected error - [Errno 2] No such file or directory: 'x'".
Result<metrics::DataDiff> DiffData(Repository& repository, const DiffRequest& request);

}  // namespace mlean::flows
