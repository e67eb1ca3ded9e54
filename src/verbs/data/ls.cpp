// mlean ls (list): what is in a repository, tracked by git and by DVC.
#include <fmt/core.h>

#include <memory>
#include <utility>

#include "flows/data/list_repo.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/external_options.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/data/list_options.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> List(const Arguments& arguments, const Context& context) {
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  TRY(flows::ExternalRequest request, ExternalRequestOf(arguments, context));
  request.sizes = context.json || arguments.Has("size");
  request.work.cancelled = interrupt->flag();
  flows::ListRequest wanted{.recursive = arguments.Has("recursive"), .dvc_only = arguments.Has("dvc-only"), .level = {}};
  if (arguments.Has("level")) {
    TRY(wanted.level, arguments.Int("level", 0));
  }
  TRY(const std::unique_ptr<flows::ExternalRepo> repo, flows::ExternalRepo::Open(std::move(request)));
  const metrics::ListOptions options = ListOptionsOf(arguments);
  if (arguments.Has("tree")) {
    TRY(const metrics::ListEntry top, flows::ListRepoTree(*repo, arguments.Text("PATH"), wanted));
    Print(metrics::TreeText({top}, options));  // in spite of --quiet, as DVC does
    return 0;
  }
  TRY(const std::vector<metrics::ListEntry> entries, flows::ListRepo(*repo, wanted));
  if (context.json) {
    PrintLine(metrics::ListJson(entries).DumpPython());
  } else if (!entries.empty() && !context.quiet) {
    Print(metrics::ListText(entries, options));
  }
  return 0;
}

Result<int> Ls(const Arguments& arguments, Context& context) {
  if (arguments.Has("tree") && context.json) return Fail(Code::kInvalid, "Cannot use --tree and --json options together.");
  const Result<int> status = List(arguments, context);
  if (status) return status;
  const bool told = status.error().what.starts_with("[Errno 2] ");
  return Caught(context, status.error(), told ? "" : fmt::format("failed to list '{}' - ", arguments.Text("URL")));
}

VerbSpec Spec(const char* word) {
  VerbSpec spec;
  spec.words = {word};
  spec.summary = "list what is in a repository, tracked by git and by DVC";
  spec.options = {Positional("URL", "a folder on this machine, or a url that git clones"),
                  Positional("PATH", "a folder or file in it", false),
                  Flag("-R,--recursive", "also what is in folders"),
                  Flag("-T,--tree", "as a tree"),
                  ValueOption("-L,--level", "N", "go so many levels deep"),
                  Flag("--dvc-only", "only what DVC tracks"),
                  Flag("--size", "with sizes"),
                  Flag("--show-hash", "with hashes")};
  for (OptionSpec& option : ExternalOptions()) spec.options.push_back(std::move(option));
  spec.examples = {"mlean ls .", "mlean ls -R --json .", "mlean ls https://github.com/iterative/dataset-registry use-cases"};
  spec.exit_codes = "0 done · 1 no such repository, revision or path · 254 usage · 255 failed";
  spec.run = Ls;
  return DvcVerb(std::move(spec));
}

}  // namespace

VerbSpec LsVerb() { return Spec("ls"); }
VerbSpec ListVerb() { return Spec("list"); }

}  // namespace mlean::verbs
