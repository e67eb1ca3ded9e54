// mlean import-url: brings data from a url into the project and tracks it with its origin.
#include <fmt/core.h>

#include <memory>
#include <utility>

#include "flows/data/import.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/external_options.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> ImportUrl(const Arguments& arguments, Context& context) {
  flows::ImportRequest request;
  request.url = arguments.Text("URL");
  request.out = arguments.Text("OUT");
  request.force = arguments.Has("force");
  request.no_exec = arguments.Has("no-exec");
  request.no_download = arguments.Has("no-download");
  request.to_remote = arguments.Has("to-remote");
  request.remote = arguments.Text("remote");
  TRY(request.jobs, JobsOf(arguments));
  TRY(request.fs_config, NamedValues(arguments, "fs-config"));
  const auto fail = [&](const Error& error) -> Result<int> {
    return Caught(context, error,
                  fmt::format("failed to import {}. You could also try downloading it manually, and adding it with `dvc add`. - ",
                              request.url));
  };
  const Result<std::unique_ptr<Session>> session = Session::Open(arguments, context, "importing");
  if (!session) return session.error().code == Code::kBusy ? fail(session.error()) : session.error();
  const Result<void> done = flows::ImportData((*session)->repository(), request);
  (*session)->bar().Clear();
  if (!done) {
    (*session)->repository().scm().Undo();
    return fail(done.error());
  }
  TRYV((*session)->Finish(context));
  return 0;
}

}  // namespace

VerbSpec ImportUrlVerb() {
  VerbSpec spec;
  spec.words = {"import-url"};
  spec.summary = "bring data from a url here and track it with its origin";
  spec.options = {Positional("URL", "a path, s3://, gs://, azure://, ssh://, http(s)://, webdav(s):// or remote://NAME/path"),
                  Positional("OUT", "where to put it; its own name here when it is left out", false),
                  Flag("--to-remote", "bring it to the remote instead of here"),
                  ValueOption("-r,--remote", "NAME", "the remote for --to-remote", "the default one"),
                  Flag("--no-exec", "only write the .dvc file"),
                  Flag("--no-download", "only write the .dvc file, with the version that there is"),
                  Flag("-f,--force", "replace what is there"),
                  ValueOption("-j,--jobs", "N", "with --to-remote: transfers at a time", "as many as suit"),
                  ListOption("--fs-config", "NAME=VALUE", "options of the store, as those of a remote")};
  spec.examples = {"mlean import-url https://example.com/set.csv data/set.csv",
                   "mlean import-url --to-remote s3://bucket/raw raw"};
  spec.exit_codes = "0 done · 1 failed · 252 interrupted · 253 not in a project · 254 usage · 255 failed unexpectedly, locked";
  spec.run = ImportUrl;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
