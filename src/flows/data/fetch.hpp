// Fetch: what `dvc fetch` does: brings the objects that the stages use from the remotes into the cache. Each is hashed while it
// comes; what is there already is not asked for.
#pragma once

#include <vector>

#include "cas/object_id.hpp"
#include "flows/data/move_objects.hpp"

namespace mlean::flows {

// Objects that failed are in the summary, all others were tried; what no remote has is told as a warning. A file that is missing
// though its folder's .dir is on the remote counts as failed, as in DVC. Without any remote nothing is fetched. Errors, with
// DVC's texts: remotes and targets that do not exist.
Result<MoveSummary> FetchData(Repository& repository, const MoveOptions& options);

// Fetches single objects, folders with their files, from the default remote (`repro --pull`); nothing without one.
Result<MoveSummary> FetchContents(Repository& repository, const std::vector<cas::ObjectId>& ids);
// The run cache of the remote `name`, "" the default one. kUnsupported with DVC's text when that is not configured, or has no run
// cache (HTTP).
Result<void> FetchRunCacheOf(Repository& repository, const std::string& name, int jobs = 0);

}  // namespace mlean::flows
