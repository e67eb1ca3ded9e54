// mlean plots templates: the built-in ways to draw a plot.
#include "metrics/vega_template.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> PlotsTemplates(const Arguments& arguments, Context& context) {
  if (!arguments.Has("TEMPLATE")) {
    for (const std::string_view name : metrics::TemplateNames()) Inform(context, name);
    return 0;
  }
  const Result<codec::Json> content = metrics::BuiltInTemplate(arguments.Text("TEMPLATE"));
  if (!content) return Caught(context, content.error().what);
  Inform(context, content->DumpPython());
  return 0;
}

}  // namespace

VerbSpec PlotsTemplatesVerb() {
  VerbSpec spec;
  spec.words = {"plots", "templates"};
  spec.summary = "list the built-in templates of plots, or print one";
  spec.options = {Positional("TEMPLATE", "print this one", false)};
  spec.examples = {"mlean plots templates", "mlean plots templates linear > .dvc/plots/mine.json"};
  spec.exit_codes = "0 done · 1 no such template · 254 usage";
  spec.run = PlotsTemplates;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
