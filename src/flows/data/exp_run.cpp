#include "flows/data/exp_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "flows/data/checkout.hpp"
#include "flows/data/commit.hpp"
#include "flows/data/exp_auto_push.hpp"
#include "flows/data/exp_commit.hpp"
#include "flows/data/exp_refs.hpp"
#include "flows/data/exp_running.hpp"
#include "flows/data/repro.hpp"

namespace mlean::flows {
namespace {

void Tell(const Repository& repository, const std::string& text) {
  if (repository.say()) repository.say()(pipeline::Level::kInfo, text);
}

Result<ExpRunReport> RunInWorkTree(Repository& repository, const ExpGit& git, const ExpPlan& plan,
                                   const std::vector<ParamOverrides>& params) {
  TRY(const std::vector<ParamText> texts, NewParamTexts(repository, params));
  TRYV(WriteParams(repository, texts));
  if (!texts.empty()) repository.Reload();
  TRYV(CommitChangedData(repository, plan.request.repro));
  repository.Reload();
  TRY(const RunningExperiment running,
      RunningExperiment::Begin(repository, {.name = plan.name, .baseline = plan.baseline, .root = git.root()}));
  TRY(std::string commit, ExecuteExperiment(repository, git, plan, repository.root().string()));
  return ExpRunReport{plan.name, std::move(commit)};
}

}  // namespace

Result<void> CommitChangedData(Repository& repository, const pipeline::ReproduceOptions& repro) {
  const std::vector<std::string> all = {""};
  for (const std::string& target : repro.targets.empty() ? all : repro.targets) {
    TRYV(CommitData(repository, {.target = target,
                                 .with_deps = true,
                                 .recursive = repro.recursive,
                                 .force = true,
                                 .relink = false,
                                 .allow_missing = true,
                                 .data_only = true,
                                 .confirm = {}}));
  }
  return {};
}

Result<ExpPlan> PlanExperiment(const Repository& repository, const ExpGit& git, ExpRunRequest request) {
  if (repository.config().hydra.enabled) {
    return Fail(
        Code::kUnsupported,
        "cannot run an experiment: 'hydra.enabled' is set, and params.yaml is not composed with Hydra here. Compose it in a "
        "stage and run `mlean config --unset hydra.enabled`");
  }
  ExpPlan plan;
  TRY(plan.baseline, git.Head());
  plan.name = request.name;
  if (plan.name.empty()) {
    TRY(plan.name, FreeName(git, plan.baseline));
  } else {
    TRYV(CheckName(plan.name));
    TRY(const std::optional<std::string> taken, git.ReadRef(experiments::ExpRef{plan.baseline, plan.name}.Text()));
    if (taken && !request.repro.force) return NameTaken(plan.name);
  }
  plan.request = std::move(request);
  return plan;
}

Result<std::string> ExecuteExperiment(Repository& repository, const ExpGit& git, const ExpPlan& plan,
                                      const std::string& shown_root) {
  Tell(repository, fmt::format("Reproducing experiment '{}'", plan.name));
  pipeline::ReproduceOptions options = plan.request.repro;
  if (!options.dry) {
    // What is not in the cache stays missing: its stage will make it.
    TRYV(
        CheckoutData(repository, {.targets = options.targets, .with_deps = true, .recursive = options.recursive, .force = true}));
  }
  for (const auto& [name, value] : {std::pair("DVC_EXP_BASELINE_REV", plan.baseline), std::pair("DVC_EXP_NAME", plan.name),
                                    std::pair("DVC_ROOT", shown_root)}) {
    options.env.emplace_back(name, value);
  }
  const bool dry = options.dry, force = options.force;
  TRY(const ReproReport report, Repro(repository, std::move(options), plan.request.command));
  if (dry) return std::string();

  ExpCommit commit;
  commit.baseline = plan.baseline;
  commit.name = plan.name;
  commit.message = plan.request.message;
  commit.replace = force;
  std::vector<const pipeline::Stage*> reproduced;
  for (const pipeline::StageOutcome& outcome : report.stages.outcomes) {
    using Kind = pipeline::StageOutcome::Kind;
    if (outcome.kind == Kind::kRan || outcome.kind == Kind::kCached) reproduced.push_back(outcome.stage);
    TRY(const std::vector<std::string> files, FilesOfStage(repository, *outcome.stage));
    commit.add.insert(commit.add.end(), files.begin(), files.end());
  }
  TRY(const std::vector<std::string> top_level, TopLevelFiles(repository));
  commit.add.insert(commit.add.end(), top_level.begin(), top_level.end());
  for (const std::string& file : report.stages.changed_files) commit.add.push_back(file);
  TRY(const std::vector<ParamOverrides> params, ParseParams(plan.request.params));
  for (const ParamOverrides& file : params) commit.add.push_back(repository.place().Typed(file.file));
  commit.hash = ExperimentHash(reproduced);
  return CommitExperiment(repository, git, commit);
}

Result<ExpRunReport> RunExperiment(Repository& repository, ExpRunRequest request) {
  TRY(const ExpGit git, GitOf(repository));
  TRY(const std::vector<ParamOverrides> params, ParseParams(request.params));
  if (HasSweep(params)) return Fail(Code::kInvalid, "Sweep overrides can't be used without `--queue`");
  TRY(const ExpPlan plan, PlanExperiment(repository, git, std::move(request)));
  const bool push = !plan.request.repro.dry && WantsAutoPush(repository);
  const auto run = [&]() -> Result<ExpRunReport> {
    if (!plan.request.temporary && !plan.request.repro.dry) return RunInWorkTree(repository, git, plan, params);
    TRY(const std::string tree, SnapshotTree(repository, git, plan, params));
    return RunCopy(repository, git, plan, tree);
  };
  TRY(ExpRunReport report, run());
  if (push) TRYV(AutoPush(repository, experiments::ExpRef{plan.baseline, plan.name}.Text()));
  return report;
}

}  // namespace mlean::flows
