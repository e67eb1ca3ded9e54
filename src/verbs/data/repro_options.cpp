#include "verbs/data/repro_options.hpp"

namespace mlean::verbs {

std::vector<OptionSpec> ReproOptions() {
  return {
      Rest("TARGET", "stages, dvc.yaml or .dvc files; none: dvc.yaml of this folder"),
      Flag("-f,--force", "run them also when nothing has changed"),
      Flag("-i,--interactive", "ask before each stage"),
      Flag("-s,--single-item", "only the targets, not what they need"),
      Flag("-p,--pipeline", "the whole pipelines that the targets belong to"),
      Flag("-P,--all-pipelines", "all pipelines of the project"),
      Flag("-R,--recursive", "a folder means all stages in it"),
      Flag("--downstream", "the targets and what needs them"),
      Flag("--force-downstream", "run also what needs a stage that was run"),
      Flag("--pull", "fetch data that is missing from the remote"),
      Flag("--allow-missing", "skip stages whose data is missing but has not changed"),
      Flag("--dry", "only say what would run"),
      Flag("-k,--keep-going", "after a failure go on with stages that do not need the failed one"),
      Flag("--ignore-errors", "go on after a failure, and say that all is well"),
      Flag("--glob", "targets are patterns of stage names"),
      Flag("--no-commit", "do not put outputs into the cache"),
      Flag("--no-run-cache", "run also what has been run with the same inputs before"),
  };
}

pipeline::ReproduceOptions ReadReproOptions(const Arguments& arguments, const Context& context) {
  pipeline::ReproduceOptions options;
  options.targets = arguments.List("TARGET");
  options.force = arguments.Has("force");
  options.single = arguments.Has("single-item");
  options.pipeline = arguments.Has("pipeline");
  options.all_pipelines = arguments.Has("all-pipelines");
  options.downstream = arguments.Has("downstream");
  options.force_downstream = arguments.Has("force-downstream");
  options.recursive = arguments.Has("recursive");
  options.glob = arguments.Has("glob");
  options.dry = arguments.Has("dry");
  options.no_commit = arguments.Has("no-commit");
  options.no_run_cache = arguments.Has("no-run-cache");
  options.pull = arguments.Has("pull");
  options.allow_missing = arguments.Has("allow-missing");
  if (arguments.Has("keep-going")) options.on_error = pipeline::OnError::kKeepGoing;
  if (arguments.Has("ignore-errors")) options.on_error = pipeline::OnError::kIgnore;
  options.own_stdin = true;
  options.capture = context.json;  // stdout is the result's
  return options;
}

}  // namespace mlean::verbs
