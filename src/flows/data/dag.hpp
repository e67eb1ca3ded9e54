// Dag: what `dvc dag` draws: the graph of a project's stages or outputs.
#pragma once

#include <string>

#include "flows/data/repository.hpp"
#include "metrics/dag.hpp"

namespace mlean::flows {

struct DagRequest {
  std::string target;     // as typed: a stage or an output; empty: all
  bool full = false;      // all that is connected with the target, not only what it needs
  bool outs = false;      // outputs as nodes
  bool collapse = false;  // foreach and matrix groups as one node; not with outs
};

Result<metrics::DagGraph> ProjectDag(Repository& repository, const DagRequest& request);

}  // namespace mlean::flows
