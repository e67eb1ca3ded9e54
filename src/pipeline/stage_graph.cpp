#include "pipeline/stage_graph.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "base/text.hpp"

namespace mlean::pipeline {
namespace {

using OutputOwners =
    std::map<std::string, std::size_t>;  // clean path -> stage, sorted so that a folder stands before its content

std::string Parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos || slash == 0 ? std::string() : path.substr(0, slash);
}

Result<OutputOwners> CollectOutputs(const DvcYaml& pipeline) {
  OutputOwners owners;
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    const Stage& stage = pipeline.stages[i];
    for (const StageOutput& out : stage.outs) {
      const auto [there, added] = owners.emplace(CleanPath(stage, out.path), i);
      if (added) continue;
      return Fail(Code::kInvalid,
                  fmt::format("output '{}' is specified in:\n\t- {}\n\t- {}\nUse `dvc remove` with any of the above targets to "
                              "stop tracking the overlapping output.",
                              there->first, pipeline.stages[there->second].name, stage.name));
    }
  }
  for (const auto& [path, stage] : owners) {
    for (std::string up = Parent(path); !up.empty(); up = Parent(up)) {
      const auto above = owners.find(up);
      if (above == owners.end()) continue;
      return Fail(Code::kInvalid,
                  fmt::format("Paths for outs:\n'{}'('{}')\n'{}'('{}')\noverlap. To avoid unpredictable behaviour, rerun command "
                              "with non overlapping outs paths.",
                              up, pipeline.stages[above->second].name, path, pipeline.stages[stage].name));
    }
  }
  return owners;
}

void AddNeed(std::vector<std::size_t>& needs, std::size_t stage) {
  if (std::find(needs.begin(), needs.end(), stage) == needs.end()) needs.push_back(stage);
}

// Stages that write `path`, something above it or something below it.
void AddWriters(const OutputOwners& owners, const std::string& path, std::vector<std::size_t>& needs) {
  for (std::string up = path; !up.empty(); up = Parent(up)) {
    if (const auto found = owners.find(up); found != owners.end()) AddNeed(needs, found->second);
  }
  const std::string below = path == "." ? std::string() : path + "/";
  for (auto at = owners.lower_bound(below); at != owners.end() && at->first.starts_with(below); ++at) AddNeed(needs, at->second);
}

}  // namespace

std::string CleanPath(const Stage& stage, std::string_view path) {
  std::string clean = (std::filesystem::path(stage.wdir) / std::filesystem::path(path)).lexically_normal().generic_string();
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean;
}

Result<StageGraph> StageGraph::Build(const DvcYaml& pipeline) {
  StageGraph graph;
  TRY(const OutputOwners owners, CollectOutputs(pipeline));
  graph.needs_.resize(pipeline.stages.size());
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    const Stage& stage = pipeline.stages[i];
    graph.names_.push_back(stage.name);
    for (const std::string& dep : stage.deps) AddWriters(owners, CleanPath(stage, dep), graph.needs_[i]);
    for (const StageParams& params : stage.params) AddWriters(owners, CleanPath(stage, params.file), graph.needs_[i]);
    if (std::find(graph.needs_[i].begin(), graph.needs_[i].end(), i) != graph.needs_[i].end()) {
      return Fail(Code::kInvalid,
                  fmt::format("Same item(s) are defined as both a dependency and an output in stage: {}.", stage.name));
    }
  }
  TRYV(graph.Order({}));
  return graph;
}

Result<std::vector<std::size_t>> StageGraph::Order(const std::vector<std::string>& targets, bool single) const {
  std::vector<std::size_t> starts;
  for (const std::string& target : targets) {
    const auto found = std::find(names_.begin(), names_.end(), target);
    if (found == names_.end()) {
      const std::string nearest = Nearest(target, names_);
      return Fail(Code::kNotFound, fmt::format("Stage '{}' not found inside 'dvc.yaml' file", target),
                  nearest.empty() ? "" : "mlean repro " + nearest);
    }
    starts.push_back(static_cast<std::size_t>(found - names_.begin()));
  }
  if (single) return starts;
  if (targets.empty()) {
    for (std::size_t i = 0; i < names_.size(); ++i) starts.push_back(i);
  }
  enum class Mark : std::uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(names_.size(), Mark::kNew);
  std::vector<std::size_t> order;
  // Depth first without recursion: chains may be long.
  std::vector<std::pair<std::size_t, std::size_t>> stack;  // stage, how many of its needs were visited
  for (const std::size_t start : starts) {
    if (marks[start] == Mark::kDone) continue;
    stack.emplace_back(start, 0);
    marks[start] = Mark::kOpen;
    while (!stack.empty()) {
      const std::size_t stage = stack.back().first;
      if (stack.back().second == needs_[stage].size()) {
        marks[stage] = Mark::kDone;
        order.push_back(stage);
        stack.pop_back();
        continue;
      }
      const std::size_t next = needs_[stage][stack.back().second++];
      if (marks[next] == Mark::kOpen) {
        std::string names = names_[next];
        for (const auto& [open, visited] : stack) {
          if (open != next) names += ", " + names_[open];
        }
        return Fail(Code::kInvalid,
                    fmt::format("Same item(s) are defined as both a dependency and an output in stages: {}.", names));
      }
      if (marks[next] == Mark::kDone) continue;
      marks[next] = Mark::kOpen;
      stack.emplace_back(next, 0);
    }
  }
  return order;
}

}  // namespace mlean::pipeline
