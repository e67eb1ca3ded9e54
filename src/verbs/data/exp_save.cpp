// mlean exp save: keeps the work tree as an experiment.
#include "flows/data/exp_save.hpp"

#include <fmt/core.h>

#include "pipeline/file_error.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> ExpSave(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "saving"));
  const Result<flows::ExpSaveReport> saved =
      flows::SaveExperiment(session->repository(), {.targets = arguments.List("TARGET"),
                                                    .recursive = arguments.Has("recursive"),
                                                    .force = arguments.Has("force"),
                                                    .name = arguments.Text("name"),
                                                    .message = arguments.Text("message"),
                                                    .include_untracked = arguments.List("include-untracked")});
  session->bar().Clear();
  TRYV(session->repository().Finish());
  if (!saved) {
    if (IsUncaught(saved.error()) || pipeline::PrintsBare(saved.error())) return saved.error();
    return Caught(context, fmt::format("failed to save experiment - {}", saved.error().what));
  }
  if (context.json) {
    PrintLine(codec::Json(codec::Json::Object{{"ref", saved->commit}}).DumpPython());
  } else {
    Inform(context, fmt::format("Experiment has been saved as: {}", saved->name));
  }
  return 0;
}

}  // namespace

VerbSpec ExpSaveVerb() {
  VerbSpec spec;
  spec.words = {"exp", "save"};
  spec.summary = "keep the work tree as an experiment";
  spec.options = {Rest("TARGET", "stages and .dvc files whose data is committed; none: all"),
                  Flag("-R,--recursive", "a folder means all stages in it"),
                  Flag("-f,--force", "replace an experiment of the same name"),
                  ValueOption("-n,--name", "NAME", "the experiment's name", "two words"),
                  Repeated("-I,--include-untracked", "PATH", "also what git does not track"),
                  ValueOption("-m,-M,--message", "TEXT", "of the experiment's commit", "one of DVC's")};
  spec.examples = {"mlean exp save -n tuned", "mlean exp save -I notes.md --json"};
  spec.exit_codes = "0 done · 1 failed · 252 interrupted · 253 not in a project · 254 usage · 255 locked";
  spec.run = ExpSave;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
