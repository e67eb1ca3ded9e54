// mlean params diff: how parameters changed between two revisions.
#include "flows/data/param_values.hpp"

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"
#include "verbs/data/values_diff.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> ParamsDiff(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory,
                              {.lock = false, .quiet = context.quiet, .uninitialized = true, .say = SayFor(context)}));
  flows::ValuesDiffRequest request = ReadValuesDiff(arguments);
  request.deps_only = arguments.Has("deps");
  TRY(const flows::ValuesToCompare sides, flows::ParamsToCompare(*repository, request));
  return PrintValuesDiff(sides, arguments, context, {.title = "Param", .change_column = false, .precision = {}});
}

}  // namespace

VerbSpec ParamsDiffVerb() {
  VerbSpec spec;
  spec.words = {"params", "diff"};
  spec.summary = "show how parameters changed between two revisions";
  spec.options = ValuesDiffOptions("only these files, also such as no dvc.yaml names");
  spec.options.push_back(Flag("--deps", "only parameters that stages depend on"));
  spec.examples = {"mlean params diff", "mlean params diff main HEAD --md"};
  spec.exit_codes = "0 done, also when a file could not be read · 254 usage · 255 failed";
  spec.run = ParamsDiff;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
