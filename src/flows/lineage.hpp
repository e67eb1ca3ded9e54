// Lineage, followed both ways through the one store: data ← run ← version ← rollouts and predictions. One shape for
// `mlean runs show`, `mlean models show --lineage`, `mlean runs list --data` and /api/mlean/v1/lineage.
#pragma once

#include <functional>
#include <string>

#include "flows/workspace.hpp"
#include "track/search.hpp"

namespace mlean::flows {

// What the reader of a lineage may see; an empty function: everything. What he may not see is left out.
struct Sight {
  std::function<Result<bool>(sql::Conn& conn, const std::string& experiment_id)> experiment;
  std::function<Result<bool>(sql::Conn& conn, const std::string& model)> model;
};

// {"run": {run_id, name, status, start_time, source, git{}, environment{}, data[], directory, exit_code, wall_seconds,
// peak_memory_mb}, "versions": [{model, version, …, rollouts[], predictions}]}; what a run does not have is left out.
// kDenied when he may not see the run itself.
Result<codec::Json> RunLineage(const Workspace& workspace, const std::string& run_id, const Sight& sight = {});

// {model, version, digest, aliases[], stage, source, run{as above, or null}, rollouts[], predictions}. Of a run that is not here,
// or not to be seen, only run_id. kDenied when the model is not to be seen.
Result<codec::Json> VersionLineage(const Workspace& workspace, const std::string& model, int version, const Sight& sight = {});

// {"digest", "runs": [{run_id, name, status, start_time, data, versions[]}]}: the runs that had a data set of this digest (DVC's
// md5), newest first; a beginning of 8 characters and more is enough. At most 1,000.
Result<codec::Json> DataLineage(const Workspace& workspace, const std::string& digest, const Sight& sight = {});

// Lets a search of runs find only those that had such data.
Result<void> AddDataClause(track::Query& query, const std::string& digest);

}  // namespace mlean::flows
