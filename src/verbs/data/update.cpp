// mlean update: brings imports up to date with their sources.
#include "flows/data/update.hpp"

#include <memory>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Update(const Arguments& arguments, Context& context) {
  const auto fail = [&](const Error& error) { return Caught(context, error, "failed update data - "); };
  TRY(const int jobs, JobsOf(arguments));
  const Result<std::unique_ptr<Session>> session = Session::Open(arguments, context, "updating");
  if (!session) return session.error().code == Code::kBusy ? fail(session.error()) : session.error();
  const Result<void> done = flows::UpdateImports((*session)->repository(), {.targets = arguments.List("TARGET"),
                                                                            .revision = arguments.Text("rev"),
                                                                            .recursive = arguments.Has("recursive"),
                                                                            .no_download = arguments.Has("no-download"),
                                                                            .to_remote = arguments.Has("to-remote"),
                                                                            .remote = arguments.Text("remote"),
                                                                            .jobs = jobs});
  (*session)->bar().Clear();
  TRYV((*session)->repository().Finish());
  return done ? 0 : fail(done.error());
}

}  // namespace

VerbSpec UpdateVerb() {
  VerbSpec spec;
  spec.words = {"update"};
  spec.summary = "bring imports up to date with their sources";
  spec.options = {Required(Rest("TARGET", ".dvc files of imports")),
                  ValueOption("--rev", "COMMIT", "the commit, branch or tag of the source's repository to go to"),
                  Flag("-R,--recursive", "a folder means all imports in it"),
                  Flag("--no-download", "only find out which version there is"),
                  Flag("--to-remote", "bring the data of a url to the remote instead of here"),
                  ValueOption("-r,--remote", "NAME", "the remote for --to-remote", "the default one"),
                  ValueOption("-j,--jobs", "N", "with --to-remote: transfers at a time", "as many as suit")};
  spec.examples = {"mlean update data.dvc", "mlean update --rev v2.0 data.dvc"};
  spec.exit_codes = "0 done · 1 failed · 252 interrupted · 253 not in a project · 254 usage · 255 failed unexpectedly, locked";
  spec.run = Update;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
