// mlean freeze, mlean unfreeze: whether stages look at what they depend on.
#include "flows/data/freeze.hpp"

#include <fmt/core.h>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> SetFrozen(const Arguments& arguments, const Context& context, bool frozen) {
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory,
                              {.wait_for_lock = arguments.Has("wait-for-lock"), .quiet = context.quiet, .say = SayFor(context)}));
  int status = 0;
  for (const std::string& target : arguments.List("TARGET")) {
    const Result<void> done = flows::FreezeStage(*repository, target, frozen);
    if (done) continue;
    TRY(status, Caught(context, done.error(), fmt::format("failed to {} '{}' - ", frozen ? "freeze" : "unfreeze", target)));
  }
  return status;
}

VerbSpec FreezeSpec(const char* word, const char* summary, const char* example, bool frozen) {
  VerbSpec spec;
  spec.words = {word};
  spec.summary = summary;
  spec.options = {Required(Rest("TARGET", "stages or .dvc files"))};
  spec.examples = {example};
  spec.exit_codes = "0 done · 1 failed for a target · 253 not in a project · 254 usage · 255 locked";
  spec.run = [frozen](const Arguments& arguments, Context& context) { return SetFrozen(arguments, context, frozen); };
  return DvcVerb(std::move(spec));
}

}  // namespace

VerbSpec FreezeVerb() {
  return FreezeSpec("freeze", "let stages not look at what they depend on", "mlean freeze train data.dvc", true);
}
VerbSpec UnfreezeVerb() {
  return FreezeSpec("unfreeze", "let stages look at what they depend on again", "mlean unfreeze train", false);
}

}  // namespace mlean::verbs
