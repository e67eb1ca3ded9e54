#include "flows/data/exp_save.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "flows/data/commit.hpp"
#include "flows/data/exp_auto_push.hpp"
#include "flows/data/exp_commit.hpp"
#include "flows/data/exp_refs.hpp"

namespace mlean::flows {

Result<ExpSaveReport> SaveExperiment(Repository& repository, const ExpSaveRequest& request) {
  TRY(const ExpGit git, GitOf(repository));
  ExpCommit commit;
  TRY(commit.baseline, git.Head());
  commit.name = request.name;
  commit.message = request.message;
  commit.replace = request.force;
  if (commit.name.empty()) {
    TRY(commit.name, FreeName(git, commit.baseline));
  } else {
    TRYV(CheckName(commit.name));
    TRY(const std::optional<std::string> taken, git.ReadRef(experiments::ExpRef{commit.baseline, commit.name}.Text()));
    if (taken && !request.force) return NameTaken(commit.name);
  }
  const std::vector<std::string> all = {""};
  for (const std::string& target : request.targets.empty() ? all : request.targets) {
    TRYV(CommitData(
        repository,
        {.target = target, .with_deps = false, .recursive = request.recursive, .force = true, .relink = false, .confirm = {}}));
  }
  std::vector<const pipeline::Stage*> stages;
  if (request.targets.empty()) {  // DVC, too, knows no stages otherwise
    TRY(const std::vector<pipeline::Stage*>* const known, repository.index().All());
    stages.assign(known->begin(), known->end());
  }
  commit.hash = ExperimentHash(stages);

  TRY(commit.forced, TopLevelFiles(repository));
  for (const std::string& path : request.include_untracked) commit.forced.push_back(repository.place().Typed(path));
  TRY(const std::vector<std::string> untracked, git.Untracked());
  std::vector<std::string> left_out;
  const std::string lock = PathInGit(repository, "dvc.lock");
  for (const std::string& path : untracked) {
    const bool taken = path == lock || std::any_of(commit.forced.begin(), commit.forced.end(), [&](const std::string& location) {
                         return pipeline::IsAtOrBelow(path, PathInGit(repository, location));
                       });
    if (!taken) left_out.push_back(path);
    if (path == lock) commit.forced.emplace_back("dvc.lock");
  }
  const bool push = WantsAutoPush(repository);
  TRY(std::string made, CommitExperiment(repository, git, commit));
  if (push) TRYV(AutoPush(repository, experiments::ExpRef{commit.baseline, commit.name}.Text()));
  if (!left_out.empty() && repository.say()) {
    repository.say()(pipeline::Level::kWarning,
                     fmt::format("The following untracked files were present in the workspace before saving but will not be "
                                 "included in the experiment commit:\n\t{}",
                                 Join(left_out, ", ")));
  }
  return ExpSaveReport{commit.name, std::move(made)};
}

}  // namespace mlean::flows
