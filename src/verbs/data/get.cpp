// mlean get: brings a file or folder of another repository here, without tracking it.
#include "flows/data/get.hpp"

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <utility>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/external_options.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/data/work_bar.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> ShowUrl(flows::ExternalRequest request) {
  TRY(const std::unique_ptr<flows::ExternalRepo> repo, flows::ExternalRepo::Open(std::move(request)));
  TRY(const std::optional<flows::RepoEntry> entry, repo->tree().Look(repo->location()));
  TRY(const std::string url, repo->ObjectUrl(entry.value_or(flows::RepoEntry{.location = repo->location()})));
  PrintLine(url);
  return 0;
}

Result<int> Get(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  TRY(flows::ExternalRequest request, ExternalRequestOf(arguments, context));
  request.work.cancelled = interrupt->flag();
  if (arguments.Has("show-url")) return ShowUrl(std::move(request));
  WorkBar bar("getting", context.quiet || context.json);
  request.work.progress = &bar;
  const Result<void> done =
      flows::GetFile({.from = std::move(request), .out = arguments.Text("out"), .force = arguments.Has("force")});
  bar.Clear();
  if (done) return 0;
  return Caught(context, done.error(),
                fmt::format("failed to get '{}' from '{}' - ", arguments.Text("PATH"), arguments.Text("URL")));
}

}  // namespace

VerbSpec GetVerb() {
  VerbSpec spec;
  spec.words = {"get"};
  spec.summary = "bring a file or folder of another repository here, without tracking it";
  spec.options = {Positional("URL", "a folder on this machine, or a url that git clones"),
                  Positional("PATH", "a file or folder in it, tracked by DVC or by git"),
                  ValueOption("-o,--out", "PATH", "where to put it", "its own name, here"),
                  Flag("-f,--force", "replace a file that is there"),
                  ValueOption("-j,--jobs", "N", "accepted for DVC's sake: as many as suit"),
                  Flag("--show-url", "print where the remote keeps it, get nothing")};
  for (OptionSpec& option : ExternalOptions()) spec.options.push_back(std::move(option));
  spec.examples = {"mlean get https://github.com/iterative/dataset-registry use-cases/cats-dogs -o cats-dogs",
                   "mlean get ../other data/model.pkl --rev v1.2"};
  spec.exit_codes = "0 done · 1 something is there already, or no such repository or revision · 254 usage · 255 failed";
  spec.run = Get;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
