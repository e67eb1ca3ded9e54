// mlean exp branch: makes a git branch of an experiment.
#include <fmt/core.h>

#include "repo/git_reader.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> ExpBranchOff(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  TRY(const flows::ExpGit git, flows::GitOf(*repository));
  TRY(repo::GitReader reader, repo::GitReader::Open(git.root()));
  TRY(const flows::ExpBranch made, flows::BranchOff(git, reader, arguments.Text("EXPERIMENT"), arguments.Text("BRANCH")));
  Inform(context, fmt::format("Git branch '{0}' has been created from experiment '{1}'.\nTo switch to the new branch run:\n\n"
                              "\tgit checkout {0}",
                              made.branch, made.experiment));
  return 0;
}

}  // namespace

VerbSpec ExpBranchVerb() {
  VerbSpec spec;
  spec.words = {"exp", "branch"};
  spec.summary = "make a git branch of an experiment";
  spec.options = {Positional("EXPERIMENT", "its name"), Positional("BRANCH", "the branch's name; <experiment>-branch", false)};
  spec.examples = {"mlean exp branch brisk-otter", "mlean exp branch brisk-otter tuned"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = ExpBranchOff;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
