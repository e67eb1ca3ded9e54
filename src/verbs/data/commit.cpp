// mlean commit: records data as it is now.
#include "flows/data/commit.hpp"

#include <fmt/core.h>

#include <utility>

#include "verbs/data/confirm.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Commit(const Arguments& arguments, Context& context) {
  Result<std::unique_ptr<Session>> opened = Session::Open(arguments, context, "storing");
  if (!opened) return NotOpened(context, opened.error(), "failed to commit - ");
  const std::unique_ptr<Session> session = *std::move(opened);
  flows::CommitRequest request;
  request.with_deps = arguments.Has("with-deps");
  request.recursive = arguments.Has("recursive");
  request.force = arguments.Has("force");
  request.relink = !arguments.Has("no-relink");
  request.confirm = [&](const std::string& question) {
    session->bar().Clear();
    return Confirm(question, session->cancel());
  };
  std::vector<std::string> targets = arguments.List("TARGET");
  if (targets.empty()) targets.emplace_back();
  for (const std::string& target : targets) {
    request.target = target;
    const Result<void> done = flows::CommitData(session->repository(), request);
    if (done) continue;
    if (done.error().code == Code::kCancelled) return done.error();
    TRYV(session->repository().Finish());
    session->bar().Clear();
    return Caught(context, done.error(), fmt::format("failed to commit{}{} - ", target.empty() ? "" : " ", target));
  }
  session->bar().Clear();
  TRYV(session->repository().Finish());
  return 0;
}

}  // namespace

VerbSpec CommitVerb() {
  VerbSpec spec;
  spec.words = {"commit"};
  spec.summary = "record data and dependencies as they are now, and store the outputs";
  spec.options = {Rest("TARGET", "stages, .dvc files or outputs; none: all"),
                  Flag("-f,--force", "take changes over without asking"), Flag("-d,--with-deps", "also what the targets need"),
                  Flag("-R,--recursive", "a folder means all stages in it"),
                  Flag("--no-relink", "do not link the files from the cache again")};
  spec.examples = {"mlean commit -f data.dvc", "mlean commit"};
  spec.exit_codes = "0 done · 1 failed or declined · 252 interrupted · 253 not in a project · 254 usage · 255 locked";
  spec.run = Commit;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
