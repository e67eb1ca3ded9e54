#include "flows/data/stage_add.hpp"

#include <fmt/core.h>

#include "flows/data/open_remote.hpp"
#include "pipeline/stage_files.hpp"

namespace mlean::flows {
namespace {

std::string Quoted(const std::string& word) {
  if (word.empty()) return "\"\"";
  const bool quote = word.find(' ') != word.npos && word.find('"') == word.npos;
  return quote ? "\"" + word + "\"" : word;
}

// Urls that nobody reads are told before all else.
Result<void> CheckUrls(const Repository& repository, const pipeline::NewStage& wanted) {
  for (const std::vector<std::string>* paths :
       {&wanted.outs, &wanted.outs_no_cache, &wanted.outs_persist, &wanted.outs_persist_no_cache, &wanted.metrics,
        &wanted.metrics_no_cache, &wanted.plots, &wanted.plots_no_cache, &wanted.deps}) {
    for (const std::string& path : *paths) TRYV(CheckUrl(repository, path, "stage add"));
  }
  return {};
}

}  // namespace

std::string JoinCommand(const std::vector<std::string>& words) {
  if (words.size() == 1) return words.front();
  std::string command;
  for (const std::string& word : words) command += (command.empty() ? "" : " ") + Quoted(word);
  return command;
}

Result<AddedStage> AddStage(Repository& repository, const pipeline::NewStage& wanted) {
  const pipeline::Place& place = repository.place();
  TRYV(CheckUrls(repository, wanted));
  TRY(const pipeline::Stage stage, pipeline::MakeStage(wanted, repository.index(), repository.files()));
  TRY(const std::vector<std::string> written, pipeline::SaveStages({&stage}, place, {.pipeline = true, .lock = false}));
  for (const std::string& location : written) repository.scm().Track(place.Disk(location));
  AddedStage added{.name = pipeline::Addressing(stage, place), .file = place.Shown(stage.file), .warnings = {}};
  for (const pipeline::Output& output : stage.outs) {
    if (!output.UsesGitIgnore()) continue;
    const std::filesystem::path path = place.Disk(output.location);
    TRYV(repository.RefuseTrackedByGit(path));
    const Result<void> ignored = repository.scm().Ignore(path);
    if (ignored) continue;
    if (ignored.error().code != Code::kNotFound) return ignored.error();
    // The folder of the output will be made by the stage.
    added.warnings.push_back(fmt::format(
        "Could not create .gitignore entry in {}. DVC will attempt to create .gitignore entry again when the stage is run.",
        (path.parent_path() / ".gitignore").string()));
    break;
  }
  repository.Reload();
  return added;
}

}  // namespace mlean::flows
