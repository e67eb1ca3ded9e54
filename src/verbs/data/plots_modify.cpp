// mlean plots modify: display properties of a plot in dvc.yaml.
#include "flows/data/plots_modify.hpp"

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/plots_options.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> PlotsModify(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory,
                              {.wait_for_lock = arguments.Has("wait-for-lock"), .quiet = context.quiet, .say = SayFor(context)}));
  flows::PlotsModifyRequest request{.target = arguments.Text("TARGET"), .props = ReadPlotProperties(arguments), .unset = {}};
  if (arguments.Has("unset")) request.unset = arguments.List("unset");
  TRYV(flows::ModifyPlot(*repository, request));
  return 0;
}

}  // namespace

VerbSpec PlotsModifyVerb() {
  VerbSpec spec;
  spec.words = {"plots", "modify"};
  spec.summary = "set how a stage's plot is drawn";
  spec.options = {Positional("TARGET", "the file, an output of a stage"),
                  ListOption("--unset", "PROPERTY", "properties to take away: x, y, template, title, x_label, y_label, header")};
  for (OptionSpec& option : PlotPropertyOptions()) spec.options.push_back(std::move(option));
  spec.examples = {"mlean plots modify loss.csv -x epoch -y loss", "mlean plots modify loss.csv --unset title"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = PlotsModify;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
