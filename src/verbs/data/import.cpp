// mlean import: brings data of another repository into the project and tracks it with its origin.
#include "flows/data/import.hpp"

#include <fmt/core.h>

#include <memory>
#include <utility>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/external_options.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Import(const Arguments& arguments, Context& context) {
  flows::ImportRequest request;
  request.from_repository = true;
  request.repository_url = arguments.Text("URL");
  request.url = arguments.Text("PATH");
  request.out = arguments.Text("out");
  request.force = arguments.Has("force");
  request.no_exec = arguments.Has("no-exec");
  request.no_download = arguments.Has("no-download");
  request.revision = arguments.Text("rev");
  request.config = arguments.Text("config");
  request.repo_remote = arguments.Text("remote");
  TRY(request.remote_config, NamedValues(arguments, "remote-config"));
  const auto fail = [&](const Error& error) -> Result<int> {
    const bool no_clone = error.what.starts_with("SCM error: ");
    return Caught(context, error,
                  no_clone ? fmt::format("failed to import '{}' - ", request.url)
                           : fmt::format("failed to import '{}' from '{}'. - ", request.url, request.repository_url));
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

VerbSpec ImportVerb() {
  VerbSpec spec;
  spec.words = {"import"};
  spec.summary = "bring data of another repository here and track it with its origin";
  spec.options = {Positional("URL", "a folder on this machine, or a url that git clones"),
                  Positional("PATH", "a file or folder in it, tracked by DVC or by git"),
                  ValueOption("-o,--out", "PATH", "where to put it", "its own name, here"),
                  Flag("-f,--force", "replace what is there"),
                  Flag("--no-exec", "only write the .dvc file"),
                  Flag("--no-download", "only write the .dvc file, with the version that there is"),
                  ValueOption("-j,--jobs", "N", "accepted for DVC's sake: as many as suit")};
  for (OptionSpec& option : ExternalOptions()) spec.options.push_back(std::move(option));
  spec.examples = {"mlean import https://github.com/iterative/dataset-registry use-cases/cats-dogs -o cats-dogs",
                   "mlean import ../registry data/train --rev v1.2"};
  spec.exit_codes = "0 done · 1 failed · 252 interrupted · 253 not in a project · 254 usage · 255 failed unexpectedly, locked";
  spec.run = Import;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
