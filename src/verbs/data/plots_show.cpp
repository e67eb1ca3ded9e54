// mlean plots show: a page with the plots of the work tree.
#include "flows/data/plots.hpp"

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/plots_options.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> PlotsShow(const Arguments& arguments, Context& context) {
  const flows::PlotsRequest request{.targets = arguments.List("TARGET"), .props = ReadPlotProperties(arguments)};
  const std::string problem = PlotOutputProblem(arguments, request.targets, context);
  if (!problem.empty()) return Caught(context, problem);
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory,
                              {.lock = false, .quiet = context.quiet, .uninitialized = true, .say = SayFor(context)}));
  const Result<std::vector<metrics::PlotRevision>> plots = flows::ShowPlots(*repository, request);
  if (!plots) return Caught(context, plots.error());
  return PutOutPlots(*plots, *repository, arguments, context);
}

}  // namespace

VerbSpec PlotsShowVerb() {
  VerbSpec spec;
  spec.words = {"plots", "show"};
  spec.summary = "make a page with plots";
  spec.options = {Rest("TARGET", "files, or names of plots in dvc.yaml; none: all plots of the project")};
  for (OptionSpec& option : PlotPropertyOptions()) spec.options.push_back(std::move(option));
  for (OptionSpec& option : PlotOutputOptions()) spec.options.push_back(std::move(option));
  spec.examples = {"mlean plots show", "mlean plots show loss.csv -x epoch -y loss --open"};
  spec.exit_codes = "0 done · 1 failed · 254 usage · 255 failed";
  spec.run = PlotsShow;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
