// mlean exp run: reproduces the pipeline with changed parameters and keeps the result as an experiment.
#include "flows/data/exp_run.hpp"

#include <fmt/core.h>

#include "verbs/data/confirm.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_queue.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/data/repro_options.hpp"
#include "verbs/data/say.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {

flows::ExpRunRequest ReadExpRun(const Arguments& arguments, const Context& context) {
  flows::ExpRunRequest request;
  request.repro = ReadReproOptions(arguments, context);
  request.name = arguments.Text("name");
  request.message = arguments.Text("message");
  request.params = arguments.List("set-param");
  request.temporary = arguments.Has("temp");
  request.copy_paths = arguments.List("copy-paths");
  request.command = CommandLine();
  return request;
}

namespace {

Result<int> ExpRun(const Arguments& arguments, Context& context) {
  if (arguments.Has("run-all")) return RunAllQueued(context);
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  flows::ExpRunRequest request = ReadExpRun(arguments, context);
  Context texts = context;
  texts.quiet = context.quiet || context.json;
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(context.directory, {.wait_for_lock = arguments.Has("wait-for-lock"),
                                                  .quiet = texts.quiet,
                                                  .say = SayFor(texts),
                                                  .cancel = interrupt->flag()}));
  if (arguments.Has("queue")) return QueueExperiments(arguments, context, *repository, std::move(request));
  if (arguments.Has("interactive") || repository->config().core.interactive) {
    request.repro.confirm = [&](const pipeline::Stage& stage) {
      return Confirm(fmt::format("Going to reproduce {}. Are you sure you want to continue?",
                                 pipeline::Described(stage, repository->place())),
                     interrupt->flag());
    };
  }
  const bool temporary = request.temporary;
  const Result<flows::ExpRunReport> report = flows::RunExperiment(*repository, std::move(request));
  TRYV(repository->Finish());
  if (!report) return report.error();
  if (context.json) {
    PrintJson(codec::Json::Object{{"name", report->name}, {"rev", report->commit}});
    return 0;
  }
  if (report->commit.empty()) return 0;
  Inform(context, fmt::format("\nRan experiment(s): {}", report->name));
  Inform(context, temporary ? "To apply the results of an experiment to your workspace run:\n\n\tdvc exp apply <exp>"
                            : "Experiment results have been applied to your workspace.");
  return 0;
}

}  // namespace

VerbSpec ExpRunVerb() {
  VerbSpec spec;
  spec.words = {"exp", "run"};
  spec.summary = "run the pipeline and keep the result as an experiment";
  spec.description =
      "Sets parameters, brings the pipeline up to date and keeps what git tracks as a commit that no branch knows. -S takes "
      "Hydra's overrides: lr=0.1 sets a parameter, +new=1 adds one, ~old removes one; conf.json:a.b=2 and conf.json:+c=3 name "
      "another file.";
  spec.options = ReproOptions();
  const std::vector<OptionSpec> own = {
      ValueOption("-n,--name", "NAME", "the experiment's name", "two words"),
      Repeated("-S,--set-param", "[FILE:]KEY=VALUE", "set a parameter"),
      Flag("--temp", "run in a copy; the work tree stays as it is"),
      Repeated("-C,--copy-paths", "PATH", "copy what git does not track into the copy, too"),
      ValueOption("-m,-M,--message", "TEXT", "of the experiment's commit", "one of DVC's"),
      ValueOption("-j,--jobs", "N", "accepted for DVC's sake", "1"),
      Flag("--queue", "keep it for later: a worker runs it in a copy (queue start). A sweep as in -S lr=0.1,0.2 queues several"),
      Flag("--run-all", "run all that are queued, one after the other"),
      Flag("--no-hydra", "accepted for DVC's sake"),
  };
  spec.options.insert(spec.options.end(), own.begin(), own.end());
  spec.examples = {"mlean exp run -S train.lr=0.01", "mlean exp run -n wide -S 'layers=[64,64]' -S +seed=7",
                   "mlean exp run --temp", "mlean exp run --queue -S lr=0.1,0.2,0.5 && mlean queue start"};
  spec.exit_codes = "0 done · 251 unsound configuration · 252 interrupted · 253 not in a project · 254 usage · 255 failed";
  spec.run = ExpRun;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
