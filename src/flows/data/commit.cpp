#include "flows/data/commit.hpp"

#include <fmt/core.h>

#include <map>
#include <utility>
#include <vector>

#include "flows/data/data_objects.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/run_cache.hpp"
#include "pipeline/stage_files.hpp"
#include "pipeline/stage_graph.hpp"
#include "pipeline/staleness.hpp"

namespace mlean::flows {
namespace {

// "['a', 'b']"
std::string Listed(const std::vector<pipeline::PathChange>& changes) {
  std::string out;
  for (const pipeline::PathChange& change : changes) out += (out.empty() ? "'" : ", '") + change.path + "'";
  return "[" + out + "]";
}

class Committer {
 public:
  Committer(Repository& repository, const CommitRequest& request)
      : repository_(repository), request_(request), objects_(repository, request.relink) {}

  Result<void> Run() {
    TRY(std::vector<pipeline::Target> targets,
        repository_.index().CollectGranular(request_.target, {.with_deps = request_.with_deps, .recursive = request_.recursive}));
    if (request_.data_only) {
      std::erase_if(targets, [](const pipeline::Target& target) { return !target.stage->IsDataSource(); });
    }
    // The stages of one file are written with one write, as soon as they are all stored.
    std::vector<const pipeline::Stage*> done;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      TRYV(Commit(targets[i]));
      done.push_back(targets[i].stage);
      if (i + 1 < targets.size() && targets[i + 1].stage->file == targets[i].stage->file) continue;
      TRY(const std::vector<std::string> written,
          pipeline::SaveStages(done, place(), {.pipeline = false, .lock = true}, repository_.say()));
      for (const std::string& file : written) repository_.scm().Track(place().Disk(file));
      done.clear();
    }
    return {};
  }

 private:
  const pipeline::Place& place() const { return repository_.place(); }

  // All of the stage is recorded; stored is what is meant.
  Result<void> Commit(const pipeline::Target& target) {
    pipeline::Stage& stage = *target.stage;
    TRY(const bool save, request_.force ? Result<bool>(true) : HasChanged(stage));
    if (save) {
      TRYV(pipeline::SaveDeps(stage, place(), repository_.files(), objects_, request_.allow_missing));
      TRYV(pipeline::SaveOuts(stage, place(), objects_, {.allow_missing = request_.allow_missing, .filter = {}},
                              repository_.say()));
      if (!stage.InYaml()) stage.md5 = pipeline::StageMd5(stage, place());
    }
    TRYV(pipeline::CommitOuts(stage, place(), objects_, {.allow_missing = request_.allow_missing, .filter = target.filter},
                              repository_.say()));
    if (save && pipeline::RunCache::MayKeep(stage)) {
      const pipeline::RunCache runs(repository_.config().CacheDir(repository_.project().DvcDir()) / "runs");
      TRYV(runs.Save(stage));
    }
    return {};
  }

  // False: nothing to take over. An error when there is, and the user does not want it.
  Result<bool> HasChanged(const pipeline::Stage& stage) {
    TRY(const auto deps, pipeline::ChangedEntries(stage, place(), repository_.files(), objects_, false));
    TRY(const auto outs, pipeline::ChangedEntries(stage, place(), repository_.files(), objects_, true));
    const bool stage_changed = pipeline::ChangedStage(stage, place());
    if (deps.empty() && outs.empty() && !stage_changed) return false;
    const std::string described = pipeline::Described(stage, place());
    std::string what = fmt::format("{} changed.", described);
    if (!deps.empty() && !outs.empty()) {
      what = fmt::format("dependencies {} and outputs {} of {} changed.", Listed(deps), Listed(outs), described);
    } else if (!deps.empty()) {
      what = fmt::format("dependencies {} of {} changed.", Listed(deps), described);
    } else if (!outs.empty()) {
      what = fmt::format("outputs {} of {} changed.", Listed(outs), described);
    }
    if (!request_.confirm || !request_.confirm(what + " Are you sure you want to commit it?")) {
      return Fail(Code::kDenied, fmt::format("unable to commit changed {}. Use `-f|--force` to force.", described));
    }
    return true;
  }

  Repository& repository_;
  const CommitRequest& request_;
  DataObjects objects_;
};

}  // namespace

Result<void> CommitData(Repository& repository, const CommitRequest& request) { return Committer(repository, request).Run(); }

}  // namespace mlean::flows
