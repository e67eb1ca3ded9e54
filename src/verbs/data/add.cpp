// mlean add: takes files and folders under control.
#include "flows/data/add.hpp"

#include <fmt/core.h>

#include <utility>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

// What DVC refuses about options, in its words; "" when they are fine.
std::string WrongOptions(const Arguments& arguments) {
  if (!arguments.Has("out") && !arguments.Has("to-remote")) {
    const char* const needless = arguments.Has("remote") ? "remote" : arguments.Has("remote-jobs") ? "remote-jobs" : nullptr;
    return needless == nullptr ? "" : fmt::format("--{} can't be used without --to-remote", needless);
  }
  const char* option = "";
  if (arguments.List("TARGET").size() != 1) {
    option = "multiple targets";
  } else if (arguments.Has("glob")) {
    option = "--glob option";
  } else if (arguments.Has("no-commit")) {
    option = "--no-commit option";
  }
  return *option == '\0' ? ""
                         : fmt::format("{} can't be used with --{}", option, arguments.Has("to-remote") ? "to-remote" : "out");
}

Result<int> Add(const Arguments& arguments, Context& context) {
  if (const std::string wrong = WrongOptions(arguments); !wrong.empty()) return Caught(context, wrong);
  Result<std::unique_ptr<Session>> opened = Session::Open(arguments, context, "adding");
  if (!opened) return NotOpened(context, opened.error());
  const std::unique_ptr<Session> session = *std::move(opened);
  flows::AddRequest request;
  request.targets = arguments.List("TARGET");
  request.no_commit = arguments.Has("no-commit");
  request.relink = !arguments.Has("no-relink");
  request.out = arguments.Text("out");
  request.force = arguments.Has("force");
  request.to_remote = arguments.Has("to-remote");
  request.remote = arguments.Text("remote");
  TRY(request.remote_jobs, JobsOf(arguments, "remote-jobs"));
  request.command = CommandLine();
  if (arguments.Has("glob")) {
    Result<std::vector<std::string>> found = flows::ExpandGlobs(context.directory, request.targets);
    if (!found) return Caught(context, found.error());
    request.targets = *std::move(found);
  }
  const Result<void> added = flows::AddData(session->repository(), request);
  // DVC lets these two through to its main function.
  const bool uncaught = !added && (added.error().code == Code::kCancelled || added.error().what.starts_with(".dvcignore file"));
  if (!added && !uncaught) {
    TRYV(session->repository().Finish());  // what was hashed stays known
    session->bar().Clear();
    return Caught(context, added.error());
  }
  TRYV(added);
  TRYV(session->Finish(context));
  return 0;
}

}  // namespace

VerbSpec AddVerb() {
  VerbSpec spec;
  spec.words = {"add"};
  spec.summary = "take data files and folders under control";
  spec.description =
      "Hashes and stores the data in the cache, writes a small '.dvc' file beside it for git, and tells git to ignore the data "
      "itself. A path inside of a folder that is under control updates that folder.";
  spec.options = {Required(Rest("TARGET", "files and folders")),
                  Flag("--no-commit", "hash, but do not store in the cache"),
                  Flag("--glob", "targets are patterns, '**' at any depth"),
                  ValueOption("-o,--out", "PATH", "bring the target, a path or url, to here and add that"),
                  Flag("--to-remote", "bring the target, a path or url, to the remote instead of here"),
                  ValueOption("-r,--remote", "NAME", "the remote for --to-remote", "the default one"),
                  ValueOption("--remote-jobs", "N", "with --to-remote: transfers at a time", "as many as suit"),
                  Flag("-f,--force", "with --out: replace what is there"),
                  Flag("--no-relink", "do not link the files from the cache again")};
  spec.examples = {"mlean add data/raw", "mlean add --glob 'images/*.png'", "mlean add -o data/set.csv /mnt/share/set.csv",
                   "mlean add --to-remote -o raw s3://bucket/raw"};
  spec.exit_codes = "0 done · 1 failed · 252 interrupted · 253 not in a project · 254 usage · 255 locked";
  spec.run = Add;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
