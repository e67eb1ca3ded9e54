#include "flows/data/status.hpp"

#include <fmt/core.h>

#include <utility>

#include "flows/data/data_objects.hpp"
#include "os/files.hpp"
#include "pipeline/stage_graph.hpp"
#include "pipeline/staleness.hpp"
#include "repo/rw_lock.hpp"

namespace mlean::flows {
namespace {

std::vector<metrics::PathState> ToStates(const std::vector<pipeline::PathChange>& changes) {
  std::vector<metrics::PathState> states;
  for (const pipeline::PathChange& change : changes) states.push_back({change.path, change.state, change.params});
  return states;
}

metrics::StageStatus ToReport(const pipeline::StageStatus& status) {
  return {.stage = status.stage,
          .changed_deps = ToStates(status.deps),
          .changed_outs = ToStates(status.outs),
          .changed_command = status.changed_command,
          .changed_checksum = status.changed_checksum,
          .always_changed = status.always_changed};
}

// Refuses to judge what a running stage of another process reads or writes, as DVC does. Most of the time there is no such lock.
Result<void> CheckLocks(Repository& repository, const std::vector<pipeline::Target>& targets) {
  const std::filesystem::path tmp_dir = repository.project().DvcTempDir();
  if (!os::Exists(tmp_dir / "rwlock")) return {};
  repo::RwLockRequest wanted{.command = "mlean status", .hardlink = repository.config().core.hardlink_lock};
  const auto add = [&](const std::string& location) {
    wanted.read.push_back(pipeline::IsUrl(location) ? location : repository.place().Disk(location).string());
  };
  for (const pipeline::Target& target : targets) {
    for (const pipeline::Output& output : target.stage->outs) add(output.location);
    for (const pipeline::Dependency& dependency : target.stage->deps) {
      if (dependency.kind == pipeline::Dependency::Kind::kPath || dependency.kind == pipeline::Dependency::Kind::kParams) {
        add(dependency.location);
      }
    }
  }
  TRY(const repo::RwLock lock, repo::RwLock::Acquire(tmp_dir, wanted, nullptr));
  return {};
}

}  // namespace

Result<std::vector<metrics::StageStatus>> DataStageStatus(Repository& repository, const StatusRequest& request) {
  std::vector<pipeline::Target> targets;
  const std::vector<std::string> typed = request.targets.empty() ? std::vector<std::string>{""} : request.targets;
  for (const std::string& target : typed) {
    TRY(std::vector<pipeline::Target> found,
        repository.index().CollectGranular(target, {.with_deps = request.with_deps, .recursive = request.recursive}));
    targets.insert(targets.end(), found.begin(), found.end());
  }
  TRYV(CheckLocks(repository, targets));
  DataObjects objects(repository);
  std::vector<metrics::StageStatus> report;
  for (const pipeline::Target& target : targets) {
    if (target.stage->frozen && !target.stage->IsRepoImport() && repository.say()) {
      repository.say()(pipeline::Level::kWarning,
                       fmt::format("{} is frozen. Its dependencies are not going to be shown in the status output.",
                                   pipeline::Described(*target.stage, repository.place())));
    }
    TRY(const pipeline::StageStatus status, pipeline::Status(*target.stage, repository.place(), repository.files(), objects,
                                                             {.check_updates = request.check_updates, .filter = target.filter}));
    if (!status.Empty()) report.push_back(ToReport(status));
  }
  return report;
}

}  // namespace mlean::flows
