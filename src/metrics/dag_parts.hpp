// Shared by the drawings of dag.hpp: the connected parts of a graph.
#pragma once

#include <cstddef>
#include <vector>

#include "metrics/dag.hpp"

namespace mlean::metrics {

// Indexes of nodes by weakly connected part, sorted; parts in order of their first node.
std::vector<std::vector<std::size_t>> DagParts(const DagGraph& graph);

}  // namespace mlean::metrics
