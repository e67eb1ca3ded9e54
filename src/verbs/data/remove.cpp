// mlean remove: stops tracking data, or removes stages.
#include "flows/data/remove.hpp"

#include <fmt/core.h>

#include <utility>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Remove(const Arguments& arguments, Context& context) {
  for (const std::string& target : arguments.List("TARGET")) {
    // Opened for each: the stages of a file that has lost one are read again.
    Result<std::unique_ptr<Session>> opened = Session::Open(arguments, context, "unlinking");
    if (!opened) return NotOpened(context, opened.error());
    const std::unique_ptr<Session> session = *std::move(opened);
    const Result<void> removed = flows::RemoveStages(session->repository(), target, arguments.Has("outs"));
    TRYV(session->repository().Finish());
    session->bar().Clear();
    if (!removed) return Caught(context, removed.error());
  }
  return 0;
}

VerbSpec Spec(const char* word) {
  VerbSpec spec;
  spec.words = {word};
  spec.summary = "stop tracking data, or remove stages from dvc.yaml";
  spec.options = {Required(Rest("TARGET", ".dvc files or stages")), Flag("--outs", "remove the data, too")};
  spec.examples = {fmt::format("mlean {} data.dvc", word), fmt::format("mlean {} train --outs", word)};
  spec.exit_codes = "0 done · 1 failed · 253 not in a project · 254 usage · 255 locked";
  spec.run = Remove;
  return DvcVerb(std::move(spec));
}

}  // namespace

VerbSpec RemoveVerb() { return Spec("remove"); }
VerbSpec RmVerb() { return Spec("rm"); }

}  // namespace mlean::verbs
