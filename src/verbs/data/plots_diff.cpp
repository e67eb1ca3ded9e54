// mlean plots diff: a page with the plots of several revisions, one over the other.
#include "flows/data/plots.hpp"

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/plots_options.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> PlotsDiff(const Arguments& arguments, Context& context) {
  const flows::PlotsRequest request{.targets = arguments.List("targets"), .props = ReadPlotProperties(arguments)};
  const std::string problem = PlotOutputProblem(arguments, request.targets, context);
  if (!problem.empty()) return Caught(context, problem);
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory,
                              {.lock = false, .quiet = context.quiet, .uninitialized = true, .say = SayFor(context)}));
  const Result<std::vector<metrics::PlotRevision>> plots =
      flows::DiffPlots(*repository, request, arguments.List("REVISION"), arguments.Has("experiment"));
  if (!plots) return Caught(context, plots.error());
  return PutOutPlots(*plots, *repository, arguments, context);
}

}  // namespace

VerbSpec PlotsDiffVerb() {
  VerbSpec spec;
  spec.words = {"plots", "diff"};
  spec.summary = "make a page with the plots of several revisions";
  spec.options = {Rest("REVISION", "revisions; one: with the work tree; none: HEAD with the work tree"),
                  ListOption("--targets", "PLOT", "files, or names of plots in dvc.yaml"),
                  Flag("-e,--experiment", "one experiment with the commit it began at")};
  for (OptionSpec& option : PlotPropertyOptions()) spec.options.push_back(std::move(option));
  for (OptionSpec& option : PlotOutputOptions()) spec.options.push_back(std::move(option));
  spec.examples = {"mlean plots diff", "mlean plots diff main v1 --targets loss.csv",
                   "mlean plots diff HEAD --json --split -o out"};
  spec.exit_codes = "0 done · 1 failed · 254 usage · 255 failed";
  spec.run = PlotsDiff;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
