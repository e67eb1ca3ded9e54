// mlean queue kill: stops experiments of the queue that run.
#include <fmt/core.h>
#include <signal.h>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/data/exp_queue.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> QueueKill(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  std::vector<flows::QueuedTask> running = flows::ExpQueue(*repository).Tasks();
  std::erase_if(running, [](const flows::QueuedTask& task) { return task.state != flows::TaskState::kRunning; });
  const std::vector<std::string> names = arguments.List("TASK");
  TRY(const std::vector<flows::QueuedTask> found, RequireTasks(running, names, "running experiment name"));
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (::kill(found[i].pid, arguments.Has("force") ? SIGKILL : SIGINT) != 0) continue;
    Inform(context, fmt::format("{} has been killed.", names[i]));
  }
  return 0;
}

}  // namespace

VerbSpec QueueKillVerb() {
  VerbSpec spec;
  spec.words = {"queue", "kill"};
  spec.summary = "stop experiments of the queue that run";
  spec.options = {Rest("TASK", "names or ids"), Flag("-f,--force", "at once, instead of as by Ctrl-C")};
  spec.examples = {"mlean queue kill brisk-otter"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = QueueKill;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
