#include "pipeline/stage_graph.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace mlean::pipeline {
namespace {

std::string_view KeyOf(std::string_view location) { return location == "." ? std::string_view() : location; }

// The location one level up; nullopt at the top.
std::optional<std::string_view> Above(std::string_view key) {
  if (key.empty() || key == "/") return std::nullopt;
  const std::size_t slash = key.rfind('/');
  if (slash == key.npos) return std::string_view();
  if (slash == 0) return key.substr(0, 1);
  return key[slash - 1] == '/' || key[slash - 1] == ':' ? std::nullopt : std::optional(key.substr(0, slash));
}

bool IsBelow(std::string_view key, std::string_view folder) {
  if (folder.empty()) return !key.empty() && !key.starts_with('/') && !IsUrl(key);
  if (!key.starts_with(folder) || key.size() == folder.size()) return false;
  return folder == "/" || key[folder.size()] == '/';
}

Error Overlap(const Stage& upper_stage, const Output& upper, const Stage& lower_stage, const Output& lower, const Place& place) {
  return Fail(Code::kInvalid,
              fmt::format("The output paths:\n'{}'('{}')\n'{}'('{}')\noverlap and are thus in the same tracked directory.\n"
                          "To keep reproducibility, outputs should be in separate tracked directories or tracked individually.",
                          place.Shown(upper.location), Addressing(upper_stage, place), place.Shown(lower.location),
                          Addressing(lower_stage, place)));
}

Error Duplicate(const Output& output, std::vector<const Stage*> stages, const Stage* added, const Place& place) {
  if (stages.size() == 2 && stages[0] == stages[1]) stages.pop_back();
  if (added != nullptr && stages.size() > 1) std::erase(stages, added);
  const std::string shown = place.Shown(output.location);
  if (stages.size() == 1) {
    return Fail(
        Code::kInvalid,
        fmt::format("output '{}' is already specified in {}.\nUse `dvc remove {}` to stop tracking the overlapping output.",
                    shown, Described(*stages[0], place), Addressing(*stages[0], place)));
  }
  return Fail(Code::kInvalid, fmt::format("output '{}' is specified in:\n\t- {}\n\t- {}\nUse `dvc remove` with any of the above "
                                          "targets to stop tracking the overlapping output.",
                                          shown, Addressing(*stages[0], place), Addressing(*stages[1], place)));
}

}  // namespace

std::string Addressing(const Stage& stage, const Place& place) {
  const std::string file = place.Shown(stage.file);
  if (!stage.InYaml()) return file;
  return file == "dvc.yaml" ? stage.name : file + ":" + stage.name;
}

std::string Described(const Stage& stage, const Place& place) { return fmt::format("stage: '{}'", Addressing(stage, place)); }

bool StageGraph::PartsLess::operator()(std::string_view a, std::string_view b) const {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(c)) + 1; };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return rank(x) < rank(y); });
}

Result<void> StageGraph::AddOutput(const Output& output, const Owner& owner, const Place& place, const Stage* added) {
  const std::string_view key = KeyOf(output.location);
  const Stage& stage = *stages_[owner.stage];
  if (const auto there = owners_.find(key); there != owners_.end()) {
    return Duplicate(output, {stages_[there->second.stage], &stage}, added, place);
  }
  const std::vector<const Owner*> below = Below(key);
  if (!below.empty()) return Overlap(stage, output, *stages_[below[0]->stage], *below[0]->output, place);
  const Owner* top = nullptr;
  for (std::optional<std::string_view> up = Above(key); up; up = Above(*up)) {
    if (const auto there = owners_.find(*up); there != owners_.end()) top = &there->second;
  }
  if (top != nullptr) return Overlap(*stages_[top->stage], *top->output, stage, output, place);
  owners_.emplace(key, owner);
  return {};
}

Result<void> StageGraph::CollectOutputs(const Place& place, const Stage* added) {
  std::size_t order = 0;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    for (const Output& output : stages_[i]->outs) TRYV(AddOutput(output, {i, order++, &output}, place, added));
  }
  return {};
}

// A stage must not lie in an output.
Result<void> StageGraph::CheckFiles(const Place& place) const {
  for (const Stage* stage : stages_) {
    const Owner* top = nullptr;
    for (std::optional<std::string_view> up = KeyOf(stage->file); up; up = Above(*up)) {
      if (const auto there = owners_.find(*up); there != owners_.end()) top = &there->second;
    }
    if (top == nullptr) continue;
    return Fail(Code::kInvalid, fmt::format("{} is within an output '{}' of another stage", Described(*stage, place),
                                            place.Shown(top->output->location)));
  }
  return {};
}

std::vector<const StageGraph::Owner*> StageGraph::Below(std::string_view key) const {
  struct Found {
    std::string_view key;
    const Owner* owner;
  };
  std::vector<Found> found;
  for (auto at = owners_.upper_bound(key); at != owners_.end(); ++at) {
    if (IsBelow(at->first, key)) {
      found.push_back({at->first, &at->second});
    } else if (!key.empty()) {
      break;
    }
  }
  // The order of a trie that keeps its branches in the order they were made: by the earliest output of each branch.
  const auto arrange = [](auto&& self, std::vector<Found> range, std::size_t from, std::vector<const Owner*>& out) -> void {
    std::vector<std::vector<Found>> branches;
    std::vector<std::string_view> names;
    for (const Found& one : range) {
      const std::string_view name = one.key.substr(from, one.key.find('/', from) - from);
      if (names.empty() || names.back() != name) {
        names.push_back(name);
        branches.emplace_back();
      }
      branches.back().push_back(one);
    }
    const auto first = [](const std::vector<Found>& branch) {
      return (*std::min_element(branch.begin(), branch.end(),
                                [](const Found& a, const Found& b) { return a.owner->order < b.owner->order; }))
          .owner->order;
    };
    std::sort(branches.begin(), branches.end(), [&](const auto& a, const auto& b) { return first(a) < first(b); });
    for (std::vector<Found>& branch : branches) {
      if (branch.size() == 1) {
        out.push_back(branch[0].owner);
      } else {
        const std::size_t slash = branch[0].key.find('/', from);
        self(self, std::move(branch), slash + 1, out);
      }
    }
  };
  std::vector<const Owner*> out;
  if (found.size() == 1) {
    out.push_back(found[0].owner);
  } else if (!found.empty()) {
    arrange(arrange, std::move(found), key.empty() || key == "/" ? key.size() : key.size() + 1, out);
  }
  return out;
}

void StageGraph::AddNeed(std::size_t stage, std::size_t need) {
  std::vector<std::size_t>& needs = needs_[stage];
  if (std::find(needs.begin(), needs.end(), need) != needs.end()) return;
  needs.push_back(need);
  needed_by_[need].push_back(stage);
}

// What writes `location`, something above it or something below it.
void StageGraph::AddNeeds(std::size_t stage, const std::string& location) {
  const std::string_view key = KeyOf(location);
  std::vector<std::size_t> above;
  for (std::optional<std::string_view> up = key; up; up = Above(*up)) {
    if (const auto there = owners_.find(*up); there != owners_.end()) above.push_back(there->second.stage);
  }
  for (auto need = above.rbegin(); need != above.rend(); ++need) AddNeed(stage, *need);
  if (above.empty()) {
    for (const Owner* owner : Below(key)) AddNeed(stage, owner->stage);
  }
}

Result<void> StageGraph::CheckAcyclic(const Place& place) const {
  enum class Mark : std::uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(size(), Mark::kNew);
  std::vector<std::pair<std::size_t, std::size_t>> stack;  // stage, how many of its needs were visited
  for (std::size_t start = 0; start < size(); ++start) {
    if (marks[start] != Mark::kNew) continue;
    stack.emplace_back(start, 0);
    marks[start] = Mark::kOpen;
    while (!stack.empty()) {
      const std::size_t stage = stack.back().first;
      if (stack.back().second == needs_[stage].size()) {
        marks[stage] = Mark::kDone;
        stack.pop_back();
        continue;
      }
      const std::size_t next = needs_[stage][stack.back().second++];
      if (marks[next] == Mark::kDone) continue;
      if (marks[next] == Mark::kNew) {
        marks[next] = Mark::kOpen;
        stack.emplace_back(next, 0);
        continue;
      }
      std::string names;
      std::size_t count = 0;
      bool inside = false;
      for (const auto& [open, visited] : stack) {
        inside = inside || open == next;
        if (inside) names += (count++ == 0 ? "" : ", ") + Addressing(*stages_[open], place);
      }
      return Fail(Code::kInvalid, fmt::format("Same item(s) are defined as both a dependency and an output in {}: {}.",
                                              count == 1 ? "stage" : "stages", names));
    }
  }
  return {};
}

Result<StageGraph> StageGraph::Build(const std::vector<const Stage*>& stages, const Place& place, const Stage* added) {
  StageGraph graph;
  graph.stages_ = stages;
  graph.needs_.resize(stages.size());
  graph.needed_by_.resize(stages.size());
  for (std::size_t i = 0; i < stages.size(); ++i) graph.index_of_.emplace(stages[i], i);
  TRYV(graph.CollectOutputs(place, added));
  TRYV(graph.CheckFiles(place));
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (stages[i]->IsRepoImport() || stages[i]->IsDbImport()) continue;
    for (const Dependency& dep : stages[i]->deps) {
      if (dep.kind == Dependency::Kind::kPath || dep.kind == Dependency::Kind::kParams) graph.AddNeeds(i, dep.location);
    }
  }
  TRYV(graph.CheckAcyclic(place));
  return graph;
}

std::size_t StageGraph::IndexOf(const Stage& stage) const {
  const auto found = index_of_.find(&stage);
  return found == index_of_.end() ? size() : found->second;
}

std::vector<std::size_t> StageGraph::Visit(const std::vector<std::size_t>& roots, const std::vector<bool>& allowed,
                                           bool cut_frozen) const {
  std::vector<bool> seen(size());
  std::vector<std::size_t> order;
  std::vector<std::pair<std::size_t, std::size_t>> stack;
  for (const std::size_t root : roots) {
    if (seen[root] || !allowed[root]) continue;
    seen[root] = true;
    stack.emplace_back(root, 0);
    while (!stack.empty()) {
      const std::size_t stage = stack.back().first;
      const bool cut = cut_frozen && stages_[stage]->frozen;
      if (cut || stack.back().second == needs_[stage].size()) {
        order.push_back(stage);
        stack.pop_back();
        continue;
      }
      const std::size_t next = needs_[stage][stack.back().second++];
      if (seen[next] || !allowed[next]) continue;
      seen[next] = true;
      stack.emplace_back(next, 0);
    }
  }
  return order;
}

std::vector<std::size_t> StageGraph::Connected(std::size_t index, bool cut_frozen) const {
  std::vector<bool> seen(size());
  std::vector<std::size_t> queue{index};
  seen[index] = true;
  const auto take = [&](std::size_t next) {
    if (seen[next]) return;
    seen[next] = true;
    queue.push_back(next);
  };
  for (std::size_t at = 0; at < queue.size(); ++at) {
    if (!cut_frozen || !stages_[queue[at]]->frozen) {
      for (const std::size_t next : needs_[queue[at]]) take(next);
    }
    for (const std::size_t next : needed_by_[queue[at]]) {
      if (!cut_frozen || !stages_[next]->frozen) take(next);
    }
  }
  std::sort(queue.begin(), queue.end());
  return queue;
}

std::vector<std::size_t> StageGraph::Plan(const std::vector<std::size_t>& targets, const PlanOptions& options) const {
  std::vector<std::size_t> nodes;
  std::vector<bool> allowed(size(), targets.empty());
  if (targets.empty()) {
    for (std::size_t i = 0; i < size(); ++i) nodes.push_back(i);
    return Visit(nodes, allowed, options.cut_frozen);
  }
  if (options.pipeline) {
    for (const std::size_t target : targets) {
      for (const std::size_t node : Connected(target, options.cut_frozen)) {
        if (!allowed[node]) nodes.push_back(node);
        allowed[node] = true;
      }
    }
    return Visit(nodes, allowed, options.cut_frozen);
  }
  std::vector<std::size_t> queue;
  const auto take = [&](std::size_t node) {
    if (allowed[node]) return;
    allowed[node] = true;
    queue.push_back(node);
  };
  for (const std::size_t target : targets) take(target);
  for (std::size_t at = 0; at < queue.size(); ++at) {
    const std::size_t node = queue[at];
    if (options.downstream) {
      for (const std::size_t next : needed_by_[node]) {
        if (!options.cut_frozen || !stages_[next]->frozen) take(next);
      }
    } else if (!options.cut_frozen || !stages_[node]->frozen) {
      for (const std::size_t next : needs_[node]) take(next);
    }
  }
  for (std::size_t i = 0; i < size(); ++i) {
    if (allowed[i]) nodes.push_back(i);
  }
  return Visit(nodes, allowed, options.cut_frozen);
}

std::vector<std::size_t> StageGraph::WithNeeds(std::size_t index) const {
  return Visit({index}, std::vector<bool>(size(), true), false);
}

std::vector<std::vector<std::size_t>> StageGraph::Pipelines() const {
  std::vector<std::vector<std::size_t>> pipelines;
  std::vector<bool> seen(size());
  for (std::size_t i = 0; i < size(); ++i) {
    if (seen[i]) continue;
    pipelines.push_back(Connected(i, false));
    for (const std::size_t node : pipelines.back()) seen[node] = true;
  }
  return pipelines;
}

const Output* StageGraph::OutputAt(std::string_view location, const Stage** stage) const {
  const auto found = owners_.find(KeyOf(location));
  if (found == owners_.end()) return nullptr;
  if (stage != nullptr) *stage = stages_[found->second.stage];
  return found->second.output;
}

const Output* StageGraph::OutputAbove(std::string_view location, const Stage** stage) const {
  for (std::optional<std::string_view> up = KeyOf(location); up; up = Above(*up)) {
    const auto found = owners_.find(*up);
    if (found == owners_.end()) continue;
    if (stage != nullptr) *stage = stages_[found->second.stage];
    return found->second.output;
  }
  return nullptr;
}

std::vector<const Output*> StageGraph::OutputsBelow(std::string_view location) const {
  std::vector<const Output*> outputs;
  for (const Owner* owner : Below(KeyOf(location))) outputs.push_back(owner->output);
  return outputs;
}

}  // namespace mlean::pipeline
