#include "flows/data/stage_list.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace mlean::flows {
namespace {

constexpr std::size_t kMaxDescription = 80;  // code points

std::string Shortened(const std::string& text) {
  std::size_t count = 0;
  std::size_t cut = 0;  // where the last one that may stay begins
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (count == kMaxDescription - 1) cut = i;
    if (++count > kMaxDescription) return text.substr(0, cut) + "…";
  }
  return text;
}

// The first line of the user's description that says something.
std::string OwnDescription(const pipeline::Stage& stage) {
  for (const std::string& line : Split(stage.desc, '\n')) {
    if (!line.empty()) return std::string(Trim(line));
  }
  return {};
}

std::string Paths(const std::vector<pipeline::Output>& outs, bool reports) {
  std::vector<std::string> paths;
  for (const pipeline::Output& out : outs) {
    if ((out.metric || out.plot) == reports) paths.push_back(out.path);
  }
  return Join(paths, ", ");
}

std::string Description(const pipeline::Stage& stage) {
  const std::string own = OwnDescription(stage);
  if (!own.empty()) return own;
  if (stage.deps.empty() && stage.outs.empty()) return "No outputs or dependencies";
  if (stage.outs.empty()) {
    std::vector<std::string> paths;
    for (const pipeline::Dependency& dep : stage.deps) paths.push_back(dep.path);
    return "Depends on " + Join(paths, ", ");
  }
  std::vector<std::string> parts;
  const std::string outputs = Paths(stage.outs, false);
  const std::string reports = Paths(stage.outs, true);
  if (!outputs.empty()) parts.push_back("Outputs " + outputs);
  if (!reports.empty()) parts.push_back("Reports " + reports);
  return Join(parts, "; ");
}

Result<std::vector<pipeline::Stage*>> Collect(Repository& repository, const StageListRequest& request) {
  if (request.all) {
    TRY(const std::vector<pipeline::Stage*>* const all, repository.index().All());
    return *all;
  }
  std::vector<pipeline::Stage*> stages;
  const std::vector<std::string> targets = request.targets.empty() ? std::vector<std::string>{"dvc.yaml"} : request.targets;
  for (const std::string& target : targets) {
    TRY(const std::vector<pipeline::Stage*> found, repository.index().Collect(target, {.recursive = request.recursive}));
    stages.insert(stages.end(), found.begin(), found.end());
  }
  return stages;
}

}  // namespace

Result<std::vector<ListedStage>> ListStages(Repository& repository, const StageListRequest& request) {
  TRY(const std::vector<pipeline::Stage*> stages, Collect(repository, request));
  std::vector<ListedStage> listed;
  for (const pipeline::Stage* stage : stages) {
    ListedStage entry{.name = pipeline::Addressing(*stage, repository.place()), .description = Shortened(Description(*stage))};
    const auto same = [&](const ListedStage& other) { return other.name == entry.name; };
    if (std::none_of(listed.begin(), listed.end(), same)) listed.push_back(std::move(entry));
  }
  return listed;
}

}  // namespace mlean::flows
