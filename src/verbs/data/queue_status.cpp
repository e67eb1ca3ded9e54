// mlean queue status: the experiments that wait, run or have run, and whether a worker is at work.
#include <fmt/core.h>

#include "flows/data/exp_time.hpp"
#include "metrics/table.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/data/exp_queue.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

using flows::TaskState;

Result<int> QueueStatus(const Arguments&, Context& context) {
  constexpr std::size_t kShortId = 7;
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  TRYV(flows::GitOf(*repository));
  const flows::ExpQueue queue(*repository);
  const std::vector<flows::QueuedTask> tasks = queue.Tasks();
  metrics::Table table;
  table.headers = {"Task", "Name", "Created", "Status"};
  codec::Json list = codec::Json::Array{};
  for (const TaskState state : {TaskState::kRunning, TaskState::kQueued, TaskState::kFailed, TaskState::kSuccess}) {
    for (const flows::QueuedTask& task : tasks) {
      if (task.state != state) continue;
      const std::string status(flows::StateName(state));
      table.rows.push_back(
          {task.id.substr(0, kShortId), task.name, flows::ShortTime(task.created, context.clock->Now() / kSecondMs), status});
      list.Push(codec::Json::Object{
          {"task", task.id}, {"name", task.name}, {"created", flows::IsoTime(task.created)}, {"status", status}});
    }
  }
  const bool works = queue.HasWorker();
  if (context.json) {
    PrintJson(codec::Json::Object{{"tasks", std::move(list)}, {"worker", works}});
    return 0;
  }
  Print(table.rows.empty() ? "No experiment tasks in the queue.\n" : metrics::TableText(table));
  Inform(context, fmt::format("\nWorker status: {} active, 0 idle", works ? 1 : 0));
  return 0;
}

}  // namespace

VerbSpec QueueStatusVerb() {
  VerbSpec spec;
  spec.words = {"queue", "status"};
  spec.summary = "show the experiments of the queue, and whether they are being run";
  spec.examples = {"mlean queue status"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = QueueStatus;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
