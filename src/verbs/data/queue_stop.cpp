// mlean queue stop: lets the worker end after what it runs, or at once.
#include <signal.h>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/data/exp_queue.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> QueueStop(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  TRYV(flows::GitOf(*repository));
  const flows::ExpQueue queue(*repository);
  TRYV(queue.AskToStop());
  if (!arguments.Has("kill")) {
    Inform(context, "Queue workers will stop after running tasks finish.");
    return 0;
  }
  for (const flows::QueuedTask& task : queue.Tasks()) {
    if (task.state == flows::TaskState::kRunning) ::kill(task.pid, SIGKILL);
  }
  Inform(context, "All running tasks in the queue have been killed.Queue workers are stopping.");
  return 0;
}

}  // namespace

VerbSpec QueueStopVerb() {
  VerbSpec spec;
  spec.words = {"queue", "stop"};
  spec.summary = "let the worker of the queue end after the experiment that it runs";
  spec.options = {Flag("--kill", "kill that experiment, too")};
  spec.examples = {"mlean queue stop", "mlean queue stop --kill"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = QueueStop;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
