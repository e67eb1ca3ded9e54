// `dag`: a graph of stages or outputs as dot, mermaid or a drawing of characters.
//
// An edge goes from a node to what it depends on, as in DVC; every drawing shows the flow the other way, from dependency to
// dependent. The order of nodes is that of DVC's graph: stages in order of collection; outputs in
// that of a tree of their paths. The order of edges does not matter. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace mlean::metrics {

struct DagGraph {
  std::vector<std::string> nodes;                          // names, unique: "train", "sub/dvc.yaml:train", "data.dvc", "out.csv"
  std::vector<std::pair<std::size_t, std::size_t>> edges;  // {dependent, dependency}: indexes into nodes, no duplicates
};

// What `targets` need: their ancestors in the flow (full: the whole connected parts they are in). kNotFound for an unknown one.
Result<DagGraph> FilterDag(const DagGraph& graph, const std::vector<std::string>& targets, bool full);
// All "name@…" of a foreach or matrix become one node "name".
DagGraph CollapseForeach(const DagGraph& graph);

// What DVC writes, less the line end its output function adds.
std::string DagDot(const DagGraph& graph);
std::string DagMermaid(const DagGraph& graph, bool markdown);
// Boxes in layers, one connected part after the other. Ours, not byte for byte DVC's. A part whose drawing would be over
// 4,000,000 characters is written as lines "name <- dependencies" instead.
std::string DagAscii(const DagGraph& graph);

}  // namespace mlean::metrics
