// mlean queue remove: takes experiments out of the queue.
#include <fmt/core.h>

#include "base/text.hpp"
#include "flows/data/exp_refs.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/data/exp_queue.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

using flows::TaskState;

Result<int> QueueRemove(const Arguments& arguments, Context& context) {
  const bool all = arguments.Has("all");
  const bool queued = all || arguments.Has("queued");
  const bool failed = all || arguments.Has("failed");
  const bool success = all || arguments.Has("success");
  const std::vector<std::string> names = arguments.List("TASK");
  if ((queued || failed || success) == !names.empty()) {
    return Fail(Code::kInvalid,
                "Either provide an `tasks` argument, or use the `--all`, `--queued`, `--failed`, `--success` flag.");
  }
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  TRY(const flows::ExpGit git, flows::GitOf(*repository));
  const flows::ExpQueue queue(*repository);
  std::vector<flows::QueuedTask> tasks = queue.Tasks();
  std::erase_if(tasks, [](const flows::QueuedTask& task) { return task.state == TaskState::kRunning; });
  if (names.empty()) {
    std::erase_if(tasks, [&](const flows::QueuedTask& task) {
      return !(task.state == TaskState::kQueued ? queued : task.state == TaskState::kFailed ? failed : success);
    });
  } else {
    TRY(tasks, RequireTasks(tasks, names, "experiment name"));
  }
  TRYV(queue.Remove(git, tasks));
  Inform(context, tasks.empty() ? "No tasks found named []" : "Removed tasks in queue: " + Join(NamesOf(tasks), ", "));
  return 0;
}

}  // namespace

VerbSpec QueueRemoveVerb() {
  VerbSpec spec;
  spec.words = {"queue", "remove"};
  spec.summary = "take experiments out of the queue";
  spec.options = {Rest("TASK", "names or ids"), Flag("--all", "all but the one that runs"), Flag("--queued", "those that wait"),
                  Flag("--success", "those that are done"), Flag("--failed", "those that have failed")};
  spec.examples = {"mlean queue remove brisk-otter", "mlean queue remove --all"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = QueueRemove;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
