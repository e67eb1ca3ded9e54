#include "flows/data/dag.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace mlean::flows {
namespace {

using pipeline::StageGraph;

metrics::DagGraph StageNodes(const StageGraph& graph, const pipeline::Place& place) {
  metrics::DagGraph dag;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    dag.nodes.push_back(pipeline::Addressing(graph.stage(i), place));
    for (const std::size_t need : graph.Needs(i)) dag.edges.emplace_back(i, need);
  }
  return dag;
}

// As DVC names an output: relative to the working directory, but for what was written as an absolute path or a URL.
std::string NodeName(const pipeline::Output& output, const pipeline::Place& place) {
  const bool as_written = pipeline::IsUrl(output.path) || output.path.starts_with('/');
  return as_written ? output.path : place.Shown(output.location);
}

// The outputs that a dependency reads: those at or around it, and those in it.
std::vector<const pipeline::Output*> Read(const StageGraph& graph, const pipeline::Dependency& dependency) {
  std::vector<const pipeline::Output*> outputs = graph.OutputsBelow(dependency.location);
  if (const pipeline::Output* above = graph.OutputAbove(dependency.location)) outputs.push_back(above);
  return outputs;
}

// Outputs in DVC's order: that of a tree of their paths in which what came first stays first.
std::vector<const pipeline::Output*> InTreeOrder(const StageGraph& graph) {
  std::map<std::string, std::size_t> seen;  // by path of a folder or file: when it was first met
  std::map<std::vector<std::size_t>, const pipeline::Output*> sorted;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    for (const pipeline::Output& output : graph.stage(i).outs) {
      std::vector<std::size_t> key;
      for (std::size_t end = 0; end != std::string::npos;) {
        end = output.location.find('/', end + 1);
        key.push_back(seen.emplace(output.location.substr(0, end), seen.size()).first->second);
      }
      sorted.emplace(std::move(key), &output);
    }
  }
  std::vector<const pipeline::Output*> outputs;
  for (const auto& [key, output] : sorted) outputs.push_back(output);
  return outputs;
}

metrics::DagGraph OutputNodes(const StageGraph& graph, const pipeline::Place& place) {
  metrics::DagGraph dag;
  std::map<const pipeline::Output*, std::size_t> nodes;
  for (const pipeline::Output* output : InTreeOrder(graph)) {
    nodes.emplace(output, dag.nodes.size());
    dag.nodes.push_back(NodeName(*output, place));
  }
  std::set<std::pair<std::size_t, std::size_t>> edges;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const pipeline::Stage& stage = graph.stage(i);
    if (stage.IsRepoImport() || stage.IsDbImport()) continue;
    for (const pipeline::Dependency& dependency : stage.deps) {
      if (dependency.kind == pipeline::Dependency::Kind::kDataset) continue;
      for (const pipeline::Output* read : Read(graph, dependency)) {
        for (const pipeline::Output& output : stage.outs) edges.emplace(nodes.at(&output), nodes.at(read));
      }
    }
  }
  dag.edges.assign(edges.begin(), edges.end());
  return dag;
}

Result<std::vector<std::string>> TargetNodes(Repository& repository, const DagRequest& request) {
  std::vector<std::string> names;
  if (request.target.empty()) return names;
  const pipeline::Place& place = repository.place();
  TRY(const std::vector<pipeline::Target> targets, repository.index().CollectGranular(request.target));
  for (const pipeline::Target& target : targets) {
    if (!request.outs) {
      names.push_back(pipeline::Addressing(*target.stage, place));
      continue;
    }
    for (const pipeline::Output& output : target.stage->outs) {
      if (target.filter.empty() || pipeline::IsAtOrBelow(output.location, target.filter) ||
          pipeline::IsAtOrBelow(target.filter, output.location))
        names.push_back(NodeName(output, place));
    }
  }
  return names;
}

}  // namespace

Result<metrics::DagGraph> ProjectDag(Repository& repository, const DagRequest& request) {
  TRY(const StageGraph* const graph, repository.index().Graph());
  TRY(const std::vector<std::string> targets, TargetNodes(repository, request));
  metrics::DagGraph dag = request.outs ? OutputNodes(*graph, repository.place()) : StageNodes(*graph, repository.place());
  if (!targets.empty()) {
    TRY(dag, metrics::FilterDag(dag, targets, request.full));
  }
  return request.collapse ? metrics::CollapseForeach(dag) : std::move(dag);
}

}  // namespace mlean::flows
