// ExpQueue: the queue of `exp run --queue`: experiments that wait for a worker, which runs them one after the other, each in a
// copy of the repository (exp_run.hpp, `temporary`).
//
//   .dvc/tmp/mlean/queue/<number>.json    a task; the numbers grow, the lowest is the next
//   .dvc/tmp/mlean/queue/<number>.log     what it has printed
//   .dvc/tmp/mlean/queue/worker.lock      held by the worker while it lives
//   .dvc/tmp/mlean/queue/stop             the worker ends after the task that it runs
//   refs/mlean/queue/<number>             the commit of the task: what git tracks as it stood, with the parameters set
//
// The real tool's queue is another one, of Celery's files: neither tool sees the other's. The experiments that come out are the
// same. A task is one file that is replaced, so a kill loses none: one that was killed with its worker counts as failed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.hpp"
#include "flows/data/exp_run.hpp"
#include "os/lock.hpp"

namespace mlean::flows {

enum class TaskState : std::uint8_t { kQueued, kRunning, kFailed, kSuccess };

struct QueuedTask {
  std::int64_t number = 0;
  std::string id;  // the task's commit; people write its first 7 digits
  std::string name;
  std::string baseline;
  std::int64_t created = 0;  // seconds since 1970
  TaskState state = TaskState::kQueued;
  int pid = 0;                // of the process that runs it
  std::string result;         // the experiment's commit
  std::string directory;      // where the command was called
  codec::Json arguments;      // of that command, for the verb that reads them again
  std::filesystem::path log;  // not in the file
};

// "Queued", "Running", "Failed", "Success"
std::string_view StateName(TaskState state);

class ExpQueue {
 public:
  explicit ExpQueue(const Repository& repository);

  // By number. Files that cannot be read are passed over.
  std::vector<QueuedTask> Tasks() const;
  std::optional<QueuedTask> Find(std::int64_t number) const;
  bool HasWorker() const;

  // Keeps what stands in the work tree, with the parameters set, for later. The work tree stays as it is.
  Result<QueuedTask> Put(Repository& repository, const ExpGit& git, const ExpPlan& plan, codec::Json arguments,
                         std::int64_t now) const;
  Result<void> Save(const QueuedTask& task) const;
  Result<void> Remove(const ExpGit& git, const std::vector<QueuedTask>& tasks) const;

  // `run` does a task and returns whether it succeeded. Ends when none waits, or when asked to stop. kBusy: another worker is at
  // work.
  using Run = std::function<Result<bool>(const QueuedTask& task)>;
  Result<void> Work(const Run& run, const std::atomic<bool>* cancel) const;
  Result<void> AskToStop() const;

 private:
  Result<os::FileLock> Lock() const;
  std::filesystem::path FileOf(std::int64_t number) const;
  std::optional<QueuedTask> Next() const;

  std::filesystem::path folder_;
};

// Runs the task in a copy: the experiment's commit.
Result<std::string> RunTask(Repository& repository, const QueuedTask& task, ExpRunRequest request);

// The tasks of these names, or of commits that begin so: the newest of several. nullopt where there is none.
std::vector<std::optional<QueuedTask>> MatchTasks(const std::vector<QueuedTask>& tasks, const std::vector<std::string>& names);

}  // namespace mlean::flows
