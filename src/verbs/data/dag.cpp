// mlean dag: the graph of a project's stages.
#include "flows/data/dag.hpp"

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

std::string Drawn(const metrics::DagGraph& dag, const Arguments& arguments) {
  if (arguments.Has("dot")) return metrics::DagDot(dag);
  if (arguments.Has("md")) return metrics::DagMermaid(dag, true);
  if (arguments.Has("mermaid")) return metrics::DagMermaid(dag, false);
  return metrics::DagAscii(dag);
}

Result<int> Dag(const Arguments& arguments, Context& context) {
  if (arguments.Has("outs") && arguments.Has("collapse-foreach-matrix")) {
    return Fail(Code::kInvalid, "`--outs` and `--collapse-foreach-matrix` are mutually exclusive");
  }
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory, {.lock = false, .quiet = context.quiet, .say = SayFor(context)}));
  TRY(const metrics::DagGraph dag, flows::ProjectDag(*repository, {.target = arguments.Text("TARGET"),
                                                                   .full = arguments.Has("full"),
                                                                   .outs = arguments.Has("outs"),
                                                                   .collapse = arguments.Has("collapse-foreach-matrix")}));
  Inform(context, Drawn(dag, arguments));
  return 0;
}

}  // namespace

VerbSpec DagVerb() {
  VerbSpec spec;
  spec.words = {"dag"};
  spec.summary = "draw the graph of the project's stages";
  spec.options = {Positional("TARGET", "a stage or an output: only what it needs", false),
                  Flag("--dot", "as Graphviz"),
                  Flag("--mermaid", "as Mermaid"),
                  Flag("--md", "as Mermaid in a Markdown block"),
                  Flag("-o,--outs", "outputs instead of stages"),
                  Flag("--full", "all that is connected with the target"),
                  Flag("--collapse-foreach-matrix", "one node for all stages of a foreach or matrix")};
  spec.examples = {"mlean dag", "mlean dag --dot | dot -Tsvg > dag.svg", "mlean dag --md train"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = Dag;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
