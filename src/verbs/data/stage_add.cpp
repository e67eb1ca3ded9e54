// mlean stage add: a new stage in dvc.yaml.
#include "flows/data/stage_add.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "flows/data/repro.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

pipeline::NewStage ReadStage(const Arguments& arguments) {
  pipeline::NewStage stage;
  stage.name = arguments.Text("name");
  stage.cmd = {flows::JoinCommand(arguments.List("COMMAND"))};
  stage.wdir = arguments.Text("wdir");
  stage.deps = arguments.List("deps");
  stage.params = arguments.List("params");
  stage.outs = arguments.List("outs");
  stage.outs_no_cache = arguments.List("outs-no-cache");
  stage.outs_persist = arguments.List("outs-persist");
  stage.outs_persist_no_cache = arguments.List("outs-persist-no-cache");
  stage.metrics = arguments.List("metrics");
  stage.metrics_no_cache = arguments.List("metrics-no-cache");
  stage.plots = arguments.List("plots");
  stage.plots_no_cache = arguments.List("plots-no-cache");
  stage.always_changed = arguments.Has("always-changed");
  stage.desc = arguments.Text("desc");
  stage.force = arguments.Has("force");
  return stage;
}

Result<int> StageAdd(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Session> session, Session::Open(arguments, context, "storing"));
  flows::Repository& repository = session->repository();
  TRY(const flows::AddedStage added, flows::AddStage(repository, ReadStage(arguments)));
  for (const std::string& warning : added.warnings) fmt::print(stderr, "{}\n", warning);
  Inform(context, fmt::format("Added stage '{}' in '{}'", added.name, added.file));
  if (arguments.Has("run")) {
    std::fflush(stdout);
    pipeline::ReproduceOptions options;
    options.targets = {added.file + ":" + arguments.Text("name")};
    options.single = true;
    const Result<flows::ReproReport> report = flows::Repro(repository, std::move(options), CommandLine());
    session->bar().Clear();
    TRYV(repository.Finish());
    if (!report) return report.error();
    Print(report->git_hint);
    return 0;
  }
  TRY(const std::string hint, repository.scm().Finish(context.directory));
  Print(hint);
  return 0;
}

}  // namespace

VerbSpec StageAddVerb() {
  VerbSpec spec;
  spec.words = {"stage", "add"};
  spec.summary = "add a stage to dvc.yaml of this folder";
  spec.description =
      "The command is the first word that is no option, with all that follows. Quote it when it has a shell's signs.";
  spec.options = {
      Required(ValueOption("-n,--name", "NAME", "its name")),
      Flag("-f,--force", "replace a stage of that name"),
      Repeated("-d,--deps", "PATH", "a file or folder that it reads"),
      Repeated("-p,--params", "[FILE:]KEYS", "keys of a parameter file, of params.yaml when no file is named"),
      Repeated("-o,--outs", "PATH", "a file or folder that it writes"),
      Repeated("-O,--outs-no-cache", "PATH", "one that git shall keep, not the cache"),
      Repeated("--outs-persist", "PATH", "one that is not removed before a run"),
      Repeated("--outs-persist-no-cache", "PATH", "both"),
      Repeated("-m,--metrics", "PATH", "a file of metrics that it writes"),
      Repeated("-M,--metrics-no-cache", "PATH", "one that git shall keep"),
      Repeated("--plots", "PATH", "a file of plots that it writes"),
      Repeated("--plots-no-cache", "PATH", "one that git shall keep"),
      ValueOption("-w,--wdir", "PATH", "the folder to run the command in"),
      Flag("--always-changed", "run it every time"),
      ValueOption("--desc", "TEXT", "a description, for people"),
      Flag("--run", "run it too"),
      Command("COMMAND", "what to run"),
  };
  spec.examples = {"mlean stage add -n train -d train.py -p lr,epochs -o model.pkl python train.py",
                   "mlean stage add -n clean -d raw.csv -o clean.csv --run 'grep -v NA raw.csv > clean.csv'"};
  spec.exit_codes = "0 done · 252 interrupted · 253 not in a project · 254 usage · 255 failed";
  spec.run = StageAdd;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
