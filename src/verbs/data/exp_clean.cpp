// mlean exp clean: removes what runs of experiments have left behind.
#include "flows/data/exp_refs.hpp"
#include "flows/data/exp_running.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> ExpClean(const Arguments&, Context& context) {
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  TRYV(flows::GitOf(*repository));
  flows::SweepCopies(*repository);
  Inform(context, "Cleaning up dvc-task messages...\nDone!");
  return 0;
}

}  // namespace

VerbSpec ExpCleanVerb() {
  VerbSpec spec;
  spec.words = {"exp", "clean"};
  spec.summary = "remove the copies that killed runs of experiments have left";
  spec.examples = {"mlean exp clean"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = ExpClean;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
