// mlean metrics diff: how metrics changed between two revisions.
#include "metrics/show_values.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"
#include "verbs/data/values_diff.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> MetricsDiff(const Arguments& arguments, Context& context) {
  TRY(std::int64_t precision, arguments.Int("precision", 0));
  if (precision == 0) precision = metrics::kDefaultPrecision;
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory,
                              {.lock = false, .quiet = context.quiet, .uninitialized = true, .say = SayFor(context)}));
  TRY(const flows::ValuesToCompare sides, flows::MetricsToCompare(*repository, ReadValuesDiff(arguments)));
  return PrintValuesDiff(sides, arguments, context, {.title = "Metric", .precision = static_cast<int>(precision)});
}

}  // namespace

VerbSpec MetricsDiffVerb() {
  VerbSpec spec;
  spec.words = {"metrics", "diff"};
  spec.summary = "show how metrics changed between two revisions";
  spec.options = ValuesDiffOptions("only these files, also such as no dvc.yaml names");
  spec.options.push_back(Flag("-R,--recursive", "accepted for DVC's sake: a folder always means all files in it"));
  spec.options.push_back(ValueOption("--precision", "N", "digits after the point", "5"));
  spec.examples = {"mlean metrics diff", "mlean metrics diff main --md", "mlean metrics diff v1 v2 --targets eval.json"};
  spec.exit_codes = "0 done, also when a file could not be read · 254 usage · 255 failed";
  spec.run = MetricsDiff;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
