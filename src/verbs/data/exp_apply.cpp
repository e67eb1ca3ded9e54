// mlean exp apply: makes the work tree what an experiment has.
#include "flows/data/exp_apply.hpp"

#include <fmt/core.h>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> ExpApply(const Arguments& arguments, Context& context) {
  const std::string experiment = arguments.Text("EXPERIMENT");
  if (arguments.Has("no-force")) {
    Inform(
        context,
        "The --no-force option is deprecated and will be removed in a future DVC release. To revert the result of 'exp apply', "
        "run:\n\n\tgit reset --hard\n\tgit stash apply refs/exps/apply/stash\n");
  }
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "applying"));
  const Result<void> applied = flows::ApplyExperiment(session->repository(), experiment);
  session->bar().Clear();
  TRYV(session->repository().Finish());
  if (!applied) return applied.error();
  Inform(context, fmt::format("Changes for experiment '{}' have been applied to your current workspace.", experiment));
  return 0;
}

}  // namespace

VerbSpec ExpApplyVerb() {
  VerbSpec spec;
  spec.words = {"exp", "apply"};
  spec.summary = "bring an experiment into the work tree";
  spec.description = "What was there stays to be had: git reset --hard; git stash apply refs/exps/apply/stash";
  spec.options = {Positional("EXPERIMENT", "an experiment, or any commit"), Flag("--no-force", "accepted for DVC's sake")};
  spec.examples = {"mlean exp apply brisk-otter"};
  spec.exit_codes = "0 done · 252 interrupted · 253 not in a project · 254 usage · 255 failed, or data is missing";
  spec.run = ExpApply;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
