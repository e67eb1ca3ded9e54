// ExpRun: what `dvc exp run` does: reproduces the pipeline with changed parameters and keeps the result as an experiment.
//
// In the work tree: parameters are written, changed data is committed, outputs are checked out as recorded, the stages run, and
// what git tracks becomes the experiment's commit. HEAD, the index and the stash of git are never touched (DVC goes through all
// three), so a kill leaves what a killed `repro` leaves. With `temporary` all of it happens in a copy under .dvc/tmp/exps, and
// the work tree stays as it is.
//
// Stage commands find DVC_EXP_NAME and DVC_EXP_BASELINE_REV in their environment.
#pragma once

#include <string>
#include <vector>

#include "flows/data/exp_git.hpp"
#include "flows/data/exp_params.hpp"
#include "flows/data/repository.hpp"
#include "pipeline/reproduce.hpp"

namespace mlean::flows {

struct ExpRunRequest {
  pipeline::ReproduceOptions repro;  // `dry` implies `temporary`
  std::string name;                  // "": one is made up
  std::string message;               // of the commit; "": DVC's own
  std::vector<std::string> params;   // as typed
  bool temporary = false;
  std::vector<std::string> copy_paths;  // of the work tree into the copy, what git does not track; relative to its root
  std::string command;                  // the command line, for processes that wait
};

struct ExpRunReport {
  std::string name;
  std::string commit;  // "" of a dry run
};

// Errors: kExists (the name is taken, without repro.force), those of Repro and of NewParamTexts.
Result<ExpRunReport> RunExperiment(Repository& repository, ExpRunRequest request);

// ---- for exp_temporary.cpp and exp_queue.cpp
struct ExpPlan {
  ExpRunRequest request;
  std::string baseline;
  std::string name;
};
// The name, checked or made up, at HEAD. kUnsupported when `hydra.enabled` is set.
Result<ExpPlan> PlanExperiment(const Repository& repository, const ExpGit& git, ExpRunRequest request);
// Checks out, reproduces and commits; `git` is of the repository. "" after a dry run.
Result<std::string> ExecuteExperiment(Repository& repository, const ExpGit& git, const ExpPlan& plan,
                                      const std::string& shown_root);
// What git tracks as it stands in the work tree, with changed data committed and the parameters set, as a tree of git. The
// work tree is as before afterwards.
Result<std::string> SnapshotTree(Repository& repository, const ExpGit& git, const ExpPlan& plan,
                                 const std::vector<ParamOverrides>& params);
// Runs in a copy that holds `tree`; the experiment's ref is in the repository then.
Result<ExpRunReport> RunCopy(Repository& repository, const ExpGit& git, const ExpPlan& plan, const std::string& tree);
// Data that was added and has changed since goes to the cache and into its .dvc files.
Result<void> CommitChangedData(Repository& repository, const pipeline::ReproduceOptions& repro);

}  // namespace mlean::flows
