// mlean queue task: runs one experiment of the queue; called by the worker.
#include <fmt/core.h>
#include <unistd.h>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/data/exp_queue.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/data/say.hpp"
#include "verbs/data/session.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> QueueTask(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  TRY(const std::int64_t number, arguments.Int("NUMBER", 0));
  TRY(const std::unique_ptr<flows::Repository> repository,
      flows::Repository::Open(
          context.directory,
          {.wait_for_lock = true, .quiet = context.quiet, .say = SayFor(context), .cancel = interrupt->flag()}));
  const flows::ExpQueue queue(*repository);
  std::optional<flows::QueuedTask> task = queue.Find(number);
  if (!task) return Fail(Code::kNotFound, fmt::format("cannot run task {}: it is not in the queue", number));
  task->state = flows::TaskState::kRunning;
  task->pid = static_cast<int>(::getpid());
  TRYV(queue.Save(*task));
  flows::ExpRunRequest request = ReadExpRun(KeptArguments(task->arguments), context);
  request.command = CommandLine();
  Result<std::string> commit = flows::RunTask(*repository, *task, std::move(request));
  TRYV(repository->Finish());
  if (!commit) return std::move(commit).error();
  task->result = *std::move(commit);
  TRYV(queue.Save(*task));
  return 0;
}

}  // namespace

VerbSpec QueueTaskVerb() {
  VerbSpec spec;
  spec.words = {"queue", "task"};
  spec.summary = "run one experiment of the queue; for the worker";
  spec.options = {Positional("NUMBER", "of the task")};
  spec.examples = {"mlean queue task 1"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = QueueTask;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
