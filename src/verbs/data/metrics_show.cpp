// mlean metrics show: the metrics of the work tree, or of branches, tags and commits.
#include <fmt/core.h>

#include <cstdio>

#include "flows/data/metric_values.hpp"
#include "metrics/show_values.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> MetricsShow(const Arguments& arguments, Context& context) {
  TRY(std::int64_t precision, arguments.Int("precision", 0));
  if (precision == 0) precision = metrics::kDefaultPrecision;
  const flows::MetricsShowRequest request{.targets = arguments.List("TARGET"),
                                          .all_branches = arguments.Has("all-branches"),
                                          .all_tags = arguments.Has("all-tags"),
                                          .all_commits = arguments.Has("all-commits")};
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory,
                              {.lock = false, .quiet = context.quiet, .uninitialized = true, .say = SayFor(context)}));
  TRY(const std::vector<metrics::RevisionValues> values, flows::ShowMetrics(*repository, request));
  fmt::print(stderr, "{}", metrics::ErroredLine(values));
  if (context.json) {
    PrintLine(metrics::ShowJson(values).DumpPython());
    return 0;
  }
  Print(metrics::ShowText(values, {.markdown = arguments.Has("md"),
                                   .revision_column = request.all_branches || request.all_tags || request.all_commits,
                                   .precision = static_cast<int>(precision)}));
  return 0;
}

}  // namespace

VerbSpec MetricsShowVerb() {
  VerbSpec spec;
  spec.words = {"metrics", "show"};
  spec.summary = "show metrics";
  spec.options = {Rest("TARGET", "files; none: all metrics of the project"),
                  Flag("-a,--all-branches", "of all branches"),
                  Flag("-T,--all-tags", "of all tags"),
                  Flag("-A,--all-commits", "of all commits"),
                  Flag("--md", "as a Markdown table"),
                  Flag("-R,--recursive", "accepted for DVC's sake: a folder always means all files in it"),
                  ValueOption("--precision", "N", "digits after the point", "5")};
  spec.examples = {"mlean metrics show", "mlean metrics show -a --md", "mlean metrics show eval.json --json"};
  spec.exit_codes = "0 done, also when a file could not be read · 254 usage · 255 failed";
  spec.run = MetricsShow;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
