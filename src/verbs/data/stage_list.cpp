// mlean stage list: the stages of a pipeline, with what they write.
#include "flows/data/stage_list.hpp"

#include "metrics/table.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/say.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> StageList(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(
          context.directory,
          {.lock = false, .quiet = context.quiet, .skip_broken_files = !arguments.Has("fail"), .say = SayFor(context)}));
  TRY(const std::vector<flows::ListedStage> stages, flows::ListStages(*repository, {.targets = arguments.List("TARGET"),
                                                                                    .all = arguments.Has("all"),
                                                                                    .recursive = arguments.Has("recursive")}));
  if (context.json) {
    codec::Json list = codec::Json::Array{};
    for (const flows::ListedStage& stage : stages) {
      list.Push(codec::Json::Object{{"name", stage.name}, {"description", stage.description}});
    }
    PrintJson(list);
    return 0;
  }
  metrics::Table table;
  for (const flows::ListedStage& stage : stages) {
    table.rows.push_back({stage.name, arguments.Has("name-only") ? std::string() : stage.description});
  }
  Print(metrics::TableText(table));
  return 0;
}

}  // namespace

VerbSpec StageListVerb() {
  VerbSpec spec;
  spec.words = {"stage", "list"};
  spec.summary = "list stages and what they write";
  spec.options = {Rest("TARGET", "dvc.yaml or .dvc files, stages, with -R folders; none: dvc.yaml of this folder"),
                  Flag("--all", "all stages of the project"), Flag("--fail", "fail on a file that cannot be read"),
                  Flag("-R,--recursive", "a folder means all stages in it"),
                  Flag("--name-only,--names-only", "only their names")};
  spec.examples = {"mlean stage list", "mlean stage list --all --name-only"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = StageList;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
