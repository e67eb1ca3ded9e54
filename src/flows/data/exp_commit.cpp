#include "flows/data/exp_commit.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/digest.hpp"
#include "flows/data/exp_refs.hpp"
#include "flows/data/revision_index.hpp"
#include "metrics/plot_definition.hpp"
#include "pipeline/dvc_lock.hpp"

namespace mlean::flows {
namespace {

std::vector<std::string> InGit(const Repository& repository, const std::vector<std::string>& locations) {
  std::vector<std::string> paths;
  for (const std::string& location : locations) {
    std::string path = PathInGit(repository, location);
    if (!path.empty()) paths.push_back(std::move(path));
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

}  // namespace

std::string PathInGit(const Repository& repository, const std::string& location) {
  if (!pipeline::IsInside(location)) return {};
  const std::string below = BelowGit(repository);
  if (below.empty()) return location;
  return location == "." ? below : below + "/" + location;
}

Result<std::string> FreeName(const ExpGit& git, const std::string& baseline) {
  TRY(const std::vector<Experiment> all, ListExperiments(git, ""));
  for (;;) {
    std::string name = experiments::RandomName();
    const experiments::ExpRef ref{baseline, name};
    if (std::none_of(all.begin(), all.end(), [&](const Experiment& one) { return one.ref == ref; })) return name;
    // So many of one commit that a pair of words will hardly be free.
    if (all.size() > 1000) return name + fmt::format("-{}", all.size());
  }
}

std::string ExperimentHash(const std::vector<const pipeline::Stage*>& stages) {
  codec::Json data = codec::Json::Object{};
  for (const pipeline::Stage* stage : stages) {
    if (stage->InYaml()) data.Set(stage->name, pipeline::LockedStage(*stage));
  }
  return Sha256Hex(data.DumpPython(/*sort_keys=*/true));
}

Result<std::vector<std::string>> FilesOfStage(Repository& repository, const pipeline::Stage& stage) {
  std::vector<std::string> files = {stage.file};
  if (stage.InYaml()) files.push_back(repository.place().Locate(pipeline::FolderOf(stage.file), "dvc.lock"));
  for (const pipeline::Dependency& dependency : stage.deps) {
    const bool is_file =
        dependency.kind == pipeline::Dependency::Kind::kPath || dependency.kind == pipeline::Dependency::Kind::kParams;
    if (is_file && pipeline::IsInside(dependency.location)) files.push_back(dependency.location);
  }
  for (const pipeline::Output& output : stage.outs) {
    if (output.Inside() && !output.cache) files.push_back(output.location);
  }
  return files;
}

Result<std::vector<std::string>> TopLevelFiles(Repository& repository) {
  std::vector<std::string> files;
  TRY(const auto* const top_levels, repository.index().TopLevels());
  for (const auto& [file, top_level] : *top_levels) {
    const std::string folder = pipeline::FolderOf(file);
    const auto add = [&](const std::string& path) { files.push_back(repository.place().Locate(folder, path)); };
    for (const codec::Json* list : {&top_level.metrics, &top_level.params}) {
      if (!list->IsArray()) continue;
      for (const codec::Json& path : list->AsArray()) {
        if (path.IsString()) add(path.AsString());
      }
    }
    if (!top_level.plots.IsArray()) continue;
    for (const codec::Json& plot : top_level.plots.AsArray()) {
      if (plot.IsString()) add(plot.AsString());
      if (!plot.IsObject()) continue;
      for (const auto& [id, props] : plot.AsObject()) {
        const codec::Json object = props.IsObject() ? props : codec::Json(codec::Json::Object{});
        for (const std::string& source : metrics::PlotSourcePaths({id, object})) add(source);
      }
    }
  }
  return files;
}

Result<std::string> CommitExperiment(const Repository& repository, const ExpGit& git, const ExpCommit& commit) {
  const std::string ref = experiments::ExpRef{commit.baseline, commit.name}.Text();
  TRY(const IndexCopy index, IndexCopy::Make(git));
  TRYV(index.Add(InGit(repository, commit.add), false));
  TRYV(index.Add(InGit(repository, commit.forced), true));
  TRYV(index.AddTracked());
  TRY(const std::string tree, index.WriteTree());
  const std::string message = commit.message.empty() ? experiments::CommitMessage(commit.hash) : commit.message;
  TRY(const std::string made, git.CommitTree(tree, {commit.baseline}, message));
  TRY(const std::optional<std::string> there, git.ReadRef(ref));
  if (there && !commit.replace) {
    TRY(const std::vector<std::string> changed, git.Differing(*there, made, "ACDMRT"));
    if (!changed.empty()) return NameTaken(ref);
    return *there;  // the same experiment once more
  }
  TRYV(git.SetRef(ref, made));
  return made;
}

}  // namespace mlean::flows
