#include "flows/data/update.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "flows/data/data_objects.hpp"
#include "flows/data/import.hpp"
#include "flows/data/import_source.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/place.hpp"
#include "pipeline/stage_files.hpp"
#include "pipeline/stage_graph.hpp"
#include "pipeline/staleness.hpp"

namespace mlean::flows {
namespace {

using pipeline::Stage;

Result<void> CheckUse(const UpdateRequest& request) {
  if (request.to_remote && request.no_download) return Fail(Code::kInvalid, "--to-remote can't be used with --no-download");
  if (!request.to_remote && !request.remote.empty()) return Fail(Code::kInvalid, "--remote can't be used without --to-remote");
  return {};
}

Result<bool> HasChanged(Repository& repository, pipeline::Objects& objects, const Stage& stage) {
  const pipeline::Place& place = repository.place();
  if (pipeline::ChangedStage(stage, place)) return true;
  TRY(const std::vector<pipeline::PathChange> outs, pipeline::ChangedOuts(stage, place, objects));
  if (!outs.empty()) return true;
  TRY(const std::vector<pipeline::PathChange> deps, pipeline::ChangedDeps(stage, place, repository.files(), objects));
  return !deps.empty();
}

Result<void> UpdateOne(Repository& repository, pipeline::Objects& objects, Stage& stage, const UpdateRequest& request) {
  pipeline::Dependency& source = stage.deps[0];
  if (request.to_remote) {
    if (stage.IsRepoImport()) {
      return Fail(Code::kInvalid, "Data imported from other DVC or Git repositories can't be updated with --to-remote");
    }
    return TransferImport(repository, objects, stage, {.remote = request.remote, .command = "update", .jobs = request.jobs});
  }
  if (stage.IsRepoImport()) {
    if (!request.revision.empty()) source.repo_rev = request.revision;
    TRY(source.repo_rev_lock, CommitOfImport(repository, source, request.revision));
  }
  TRY(const bool changed, HasChanged(repository, objects, stage));
  if (!changed) {
    if (repository.say()) {
      repository.say()(pipeline::Level::kInfo,
                       fmt::format("'{}' didn't change, skipping", pipeline::Addressing(stage, repository.place())));
    }
    return {};
  }
  TRYV(RunImport(repository, objects, stage, request.no_download));
  if (request.no_download) stage.outs[0].content = pipeline::Content();
  return {};
}

// What is no import could only come from a remote that mirrors the workspace, for which this program has no transfers.
Result<void> UpdateOthers(Repository& repository, const UpdateRequest& request, const std::vector<Stage*>& stages) {
  for (const Stage* stage : stages) {
    if (stage->IsImport()) continue;
    if (!request.revision.empty()) return Fail(Code::kInvalid, "--rev can't be used with worktree update");
    if (request.no_download) return Fail(Code::kInvalid, "--no-download can't be used with worktree update");
    if (request.to_remote) return Fail(Code::kInvalid, "--to-remote can't be used with worktree update");
    for (const pipeline::Output& output : stage->outs) {
      if (!output.Inside() || !output.cache || !output.push) continue;
      if (!output.remote.empty()) {
        return Fail(Code::kInvalid, fmt::format("update is not supported for '{}' that is not an import.",
                                                repository.place().Shown(stage->file)));
      }
      if (repository.say()) {
        repository.say()(pipeline::Level::kWarning, fmt::format("Could not update '{}', it was never pushed to a remote",
                                                                pipeline::ShownOutput(output, repository.place())));
      }
    }
  }
  return {};
}

}  // namespace

Result<void> UpdateImports(Repository& repository, const UpdateRequest& request) {
  TRYV(CheckUse(request));
  std::vector<Stage*> stages;
  for (const std::string& target : request.targets) {
    TRY(const std::vector<pipeline::Target> found, repository.index().CollectGranular(target, {.recursive = request.recursive}));
    for (const pipeline::Target& one : found) {
      if (std::find(stages.begin(), stages.end(), one.stage) == stages.end()) stages.push_back(one.stage);
    }
  }
  DataObjects objects(repository);
  for (Stage* stage : stages) {
    if (!stage->IsImport()) continue;
    const bool frozen = stage->frozen;
    stage->frozen = false;
    const Result<void> updated = UpdateOne(repository, objects, *stage, request);
    stage->frozen = frozen;
    TRYV(updated);
    TRYV(pipeline::SaveStages({stage}, repository.place(), {}, repository.say()));
  }
  return UpdateOthers(repository, request, stages);
}

}  // namespace mlean::flows
