#include "metrics/dag.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "metrics/dag_parts.hpp"

namespace mlean::metrics {

namespace {

constexpr char kGroupMark = '@';  // "name@item" of foreach and matrix

// The graph without the nodes that are not kept.
DagGraph Subgraph(const DagGraph& graph, const std::vector<bool>& kept) {
  DagGraph out;
  std::vector<std::size_t> index(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!kept[i]) continue;
    index[i] = out.nodes.size();
    out.nodes.push_back(graph.nodes[i]);
  }
  for (const auto& [from, to] : graph.edges) {
    if (kept[from] && kept[to]) out.edges.emplace_back(index[from], index[to]);
  }
  return out;
}

bool IsGroupMember(const std::string& node) { return !node.ends_with(".dvc") && node.find(kGroupMark) != std::string::npos; }

std::string Quoted(const std::string& node) {
  return !node.empty() && node.front() != '"' && node.back() != '"' ? "\"" + node + "\"" : node;
}

}  // namespace

std::vector<std::vector<std::size_t>> DagParts(const DagGraph& graph) {
  const std::size_t size = graph.nodes.size();
  std::vector<std::vector<std::size_t>> near(size);
  for (const auto& [from, to] : graph.edges) {
    near[from].push_back(to);
    near[to].push_back(from);
  }
  std::vector<bool> seen(size, false);
  std::vector<std::vector<std::size_t>> parts;
  for (std::size_t start = 0; start < size; ++start) {
    if (seen[start]) continue;
    seen[start] = true;
    std::vector<std::size_t> part = {start};
    for (std::size_t at = 0; at < part.size(); ++at) {
      for (const std::size_t next : near[part[at]]) {
        if (!seen[next]) part.push_back(next);
        seen[next] = true;
      }
    }
    std::sort(part.begin(), part.end());
    parts.push_back(std::move(part));
  }
  return parts;
}

Result<DagGraph> FilterDag(const DagGraph& graph, const std::vector<std::string>& targets, bool full) {
  if (targets.empty()) return graph;
  std::vector<std::size_t> starts;
  for (const std::string& target : targets) {
    const auto found = std::find(graph.nodes.begin(), graph.nodes.end(), target);
    if (found == graph.nodes.end()) return Fail(Code::kNotFound, fmt::format("cannot draw '{}': it is not in the graph", target));
    starts.push_back(static_cast<std::size_t>(found - graph.nodes.begin()));
  }
  std::vector<bool> kept(graph.nodes.size(), false);
  if (full) {
    for (const auto& part : DagParts(graph)) {
      const bool wanted = std::any_of(starts.begin(), starts.end(),
                                      [&](std::size_t s) { return std::binary_search(part.begin(), part.end(), s); });
      for (const std::size_t node : part) kept[node] = wanted;
    }
    return Subgraph(graph, kept);
  }
  std::vector<std::vector<std::size_t>> needs(graph.nodes.size());
  for (const auto& [from, to] : graph.edges) needs[from].push_back(to);
  while (!starts.empty()) {
    const std::size_t node = starts.back();
    starts.pop_back();
    if (kept[node]) continue;
    kept[node] = true;
    starts.insert(starts.end(), needs[node].begin(), needs[node].end());
  }
  return Subgraph(graph, kept);
}

DagGraph CollapseForeach(const DagGraph& graph) {
  DagGraph out;
  std::unordered_map<std::string, std::size_t> index;
  std::vector<std::size_t> place(graph.nodes.size());
  const auto add = [&](std::size_t i, const std::string& name) {
    const auto [at, fresh] = index.emplace(name, out.nodes.size());
    if (fresh) out.nodes.push_back(name);
    place[i] = at->second;
  };
  // Groups come after what is kept, as DVC appends them.
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!IsGroupMember(graph.nodes[i])) add(i, graph.nodes[i]);
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (IsGroupMember(graph.nodes[i])) add(i, graph.nodes[i].substr(0, graph.nodes[i].find(kGroupMark)));
  }
  std::set<std::pair<std::size_t, std::size_t>> edges;
  for (const auto& [from, to] : graph.edges) edges.emplace(place[from], place[to]);
  out.edges.assign(edges.begin(), edges.end());
  return out;
}

std::string DagDot(const DagGraph& graph) {
  const bool loop =
      std::any_of(graph.edges.begin(), graph.edges.end(), [](const auto& edge) { return edge.first == edge.second; });
  std::string out = loop ? "digraph {\n" : "strict digraph {\n";
  for (const std::string& node : graph.nodes) out += Quoted(node) + ";\n";
  // From dependency to dependent, sorted by the order of nodes.
  std::set<std::pair<std::size_t, std::size_t>> edges;
  for (const auto& [from, to] : graph.edges) edges.emplace(to, from);
  for (const auto& [from, to] : edges) out += fmt::format("{} -> {};\n", Quoted(graph.nodes[from]), Quoted(graph.nodes[to]));
  return out + "}\n";
}

std::string DagMermaid(const DagGraph& graph, bool markdown) {
  std::string out = "flowchart TD";
  std::size_t total = 0;
  std::vector<std::size_t> number(graph.nodes.size()), part_of(graph.nodes.size());
  const auto parts = DagParts(graph);
  std::vector<std::vector<std::pair<std::string_view, std::string_view>>> edges(parts.size());
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (const std::size_t node : parts[i]) part_of[node] = i;
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) index.emplace(graph.nodes[i], i);
  for (const auto& [from, to] : graph.edges) edges[part_of[from]].emplace_back(graph.nodes[to], graph.nodes[from]);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::vector<std::size_t> nodes = parts[i];
    std::sort(nodes.begin(), nodes.end(), [&](std::size_t a, std::size_t b) { return graph.nodes[a] < graph.nodes[b]; });
    for (const std::size_t node : nodes) {
      number[node] = ++total;
      out += fmt::format("\n\tnode{}[\"{}\"]", total, graph.nodes[node]);
    }
    std::sort(edges[i].begin(), edges[i].end());
    for (const auto& [from, to] : edges[i])
      out += fmt::format("\n\tnode{}-->node{}", number[index.at(from)], number[index.at(to)]);
  }
  return markdown ? "```mermaid\n" + out + "\n```" : out;
}

}  // namespace mlean::metrics
