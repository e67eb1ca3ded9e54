// mlean diff: what tracked data differs between two revisions, or a revision and the workspace.
#include "flows/data/diff.hpp"

#include <memory>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Diff(const Arguments& arguments, Context& context) {
  const auto fail = [&](const Error& error) { return Caught(context, error, "failed to get diff - "); };
  const Result<std::unique_ptr<flows::Repository>> repository = flows::Repository::Open(
      context.directory, {.wait_for_lock = arguments.Has("wait-for-lock"), .quiet = context.quiet, .say = SayFor(context)});
  if (!repository) return repository.error().code == Code::kBusy ? fail(repository.error()) : repository.error();
  const Result<metrics::DataDiff> diff = flows::DiffData(**repository, {.before = arguments.Text("A_REV", "HEAD"),
                                                                        .after = arguments.Text("B_REV"),
                                                                        .targets = arguments.List("targets"),
                                                                        .hashes = arguments.Has("show-hash")});
  if (!diff) return fail(diff.error());
  TRYV((*repository)->Finish());
  const metrics::DataDiffOptions options{.show_hash = arguments.Has("show-hash"),
                                         .hide_missing = arguments.Has("hide-missing") || arguments.Has("B_REV")};
  if (context.json) {
    metrics::WriteDataDiffJson(*diff, options, Print);
    Print("\n");
  } else if (!context.quiet && arguments.Has("md")) {
    metrics::WriteDataDiffMarkdown(*diff, options, Print);
  } else if (!context.quiet) {
    metrics::WriteDataDiffText(*diff, options, Print);
  }
  return 0;
}

}  // namespace

VerbSpec DiffVerb() {
  VerbSpec spec;
  spec.words = {"diff"};
  spec.summary = "show what tracked data differs between two revisions, or a revision and the workspace";
  spec.options = {Positional("A_REV", "the old revision; HEAD when it is left out", false),
                  Positional("B_REV", "the new one; the workspace when it is left out", false),
                  ListOption("--targets", "PATH", "only these"),
                  Flag("--show-hash", "with hashes"),
                  Flag("--md", "as a Markdown table"),
                  Flag("--hide-missing", "do not tell what is not in the cache")};
  spec.examples = {"mlean diff", "mlean diff HEAD~1 HEAD --json", "mlean diff v1.0 --targets data --show-hash"};
  spec.exit_codes = "0 done, differences or not · 1 no such revision · 253 not in a project · 254 usage · 255 failed";
  spec.run = Diff;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
