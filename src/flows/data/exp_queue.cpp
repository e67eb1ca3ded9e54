#include "flows/data/exp_queue.hpp"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "experiments/refs.hpp"
#include "flows/data/exp_auto_push.hpp"
#include "flows/data/exp_refs.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

using codec::Json;

constexpr std::uint64_t kMaxTaskBytes = 16 << 20;
constexpr std::int64_t kLockWaitMs = 10'000;
constexpr std::int64_t kAskedMs = 1'000;  // who asks whether there is a worker holds its lock for a moment
constexpr std::array<std::string_view, 4> kStates = {"Queued", "Running", "Failed", "Success"};

std::string RefOf(std::int64_t number) { return fmt::format("refs/mlean/queue/{}", number); }

bool Lives(int pid) { return pid > 0 && (::kill(pid, 0) == 0 || errno != ESRCH); }

std::optional<QueuedTask> Read(const fs::path& file) {
  QueuedTask task;
  const std::string stem = file.stem().string();
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), task.number);
  if (error != std::errc() || end != stem.data() + stem.size() || task.number <= 0) return std::nullopt;
  const Result<std::string> text = os::ReadFile(file, kMaxTaskBytes);
  if (!text) return std::nullopt;
  Result<Json> parsed = Json::Parse(*text);
  if (!parsed || !parsed->IsObject()) return std::nullopt;
  const Json& json = *parsed;
  const auto word = [&](std::string_view key) { return json.StringAt(key, "").value_or(""); };
  task.id = word("id");
  task.name = word("name");
  task.baseline = word("baseline");
  task.result = word("result");
  task.directory = word("directory");
  task.created = json.IntAt("created", 0).value_or(0);
  task.pid = static_cast<int>(std::clamp<std::int64_t>(json.IntAt("pid", 0).value_or(0), 0, 1 << 30));
  const auto state = std::find(kStates.begin(), kStates.end(), word("state"));
  if (state == kStates.end() || task.id.size() != 40 || task.baseline.size() != 40) return std::nullopt;
  task.state = static_cast<TaskState>(state - kStates.begin());
  if (const Json* const arguments = json.Find("arguments")) task.arguments = *arguments;
  task.log = fs::path(file).replace_extension(".log");
  return task;
}

}  // namespace

std::string_view StateName(TaskState state) { return kStates[static_cast<std::size_t>(state)]; }

ExpQueue::ExpQueue(const Repository& repository) : folder_(repository.project().DvcTempDir() / "mlean" / "queue") {}

fs::path ExpQueue::FileOf(std::int64_t number) const { return folder_ / fmt::format("{}.json", number); }

Result<os::FileLock> ExpQueue::Lock() const {
  TRYV(os::MakeDirs(folder_));
  return os::FileLock::Acquire(folder_ / "tasks.lock", "the queue", kLockWaitMs);
}

bool ExpQueue::HasWorker() const {
  if (!os::Exists(folder_ / "worker.lock")) return false;
  const Result<os::FileLock> lock = os::FileLock::TryAcquire(folder_ / "worker.lock", "a question");
  return !lock && lock.error().code == Code::kBusy;
}

std::vector<QueuedTask> ExpQueue::Tasks() const {
  std::vector<QueuedTask> tasks;
  const Result<std::vector<std::string>> names = os::ListDir(folder_);
  if (!names) return tasks;
  for (const std::string& name : *names) {
    std::optional<QueuedTask> task = name.ends_with(".json") ? Read(folder_ / name) : std::nullopt;
    if (!task) continue;
    if (task->state == TaskState::kRunning && !Lives(task->pid)) task->state = TaskState::kFailed;
    tasks.push_back(*std::move(task));
  }
  std::sort(tasks.begin(), tasks.end(), [](const QueuedTask& a, const QueuedTask& b) { return a.number < b.number; });
  return tasks;
}

std::optional<QueuedTask> ExpQueue::Find(std::int64_t number) const { return Read(FileOf(number)); }

Result<void> ExpQueue::Save(const QueuedTask& task) const {
  const Json json = Json::Object{{"id", task.id},
                                 {"name", task.name},
                                 {"baseline", task.baseline},
                                 {"created", task.created},
                                 {"state", std::string(StateName(task.state))},
                                 {"pid", task.pid},
                                 {"result", task.result},
                                 {"directory", task.directory},
                                 {"arguments", task.arguments}};
  return os::WriteFileAtomic(FileOf(task.number), json.Dump());
}

Result<QueuedTask> ExpQueue::Put(Repository& repository, const ExpGit& git, const ExpPlan& plan, Json arguments,
                                 std::int64_t now) const {
  TRY(const std::vector<ParamOverrides> params, ParseParams(plan.request.params));
  TRY(const std::string tree, SnapshotTree(repository, git, plan, params));
  TRY(const os::FileLock lock, Lock());
  const std::vector<QueuedTask> before = Tasks();
  QueuedTask task;
  task.number = before.empty() ? 1 : before.back().number + 1;
  task.name = plan.name;
  task.baseline = plan.baseline;
  task.created = now;
  task.directory = repository.directory().string();
  task.arguments = std::move(arguments);
  TRY(task.id, git.CommitTree(tree, {plan.baseline}, fmt::format("mlean: queued experiment {} {}", task.number, plan.name)));
  TRYV(git.SetRef(RefOf(task.number), task.id));
  std::error_code ignored;
  fs::remove(folder_ / fmt::format("{}.log", task.number), ignored);
  TRYV(Save(task));
  return task;
}

Result<void> ExpQueue::Remove(const ExpGit& git, const std::vector<QueuedTask>& tasks) const {
  if (tasks.empty()) return {};
  TRY(const os::FileLock lock, Lock());
  std::vector<std::string> refs;
  std::error_code ignored;
  for (const QueuedTask& task : tasks) {
    refs.push_back(RefOf(task.number));
    fs::remove(FileOf(task.number), ignored);
    fs::remove(task.log, ignored);
  }
  return git.DeleteRefs(refs);
}

// Marks it as running by us, until the process that runs it does so itself.
std::optional<QueuedTask> ExpQueue::Next() const {
  const Result<os::FileLock> lock = Lock();
  if (!lock) return std::nullopt;
  for (QueuedTask& task : Tasks()) {
    if (task.state != TaskState::kQueued) continue;
    task.state = TaskState::kRunning;
    task.pid = static_cast<int>(::getpid());
    if (!Save(task)) return std::nullopt;
    return std::move(task);
  }
  return std::nullopt;
}

Result<void> ExpQueue::Work(const Run& run, const std::atomic<bool>* cancel) const {
  TRYV(os::MakeDirs(folder_));
  TRY(const os::FileLock lock, os::FileLock::Acquire(folder_ / "worker.lock", "a worker", kAskedMs));
  std::error_code ignored;
  fs::remove(folder_ / "stop", ignored);
  const auto stopped = [&] { return (cancel != nullptr && *cancel) || os::Exists(folder_ / "stop"); };
  while (!stopped()) {
    const std::optional<QueuedTask> task = Next();
    if (!task) break;
    const Result<bool> done = run(*task);
    // What the process that ran it has written down of it.
    QueuedTask after = Find(task->number).value_or(*task);
    after.state = done && *done ? TaskState::kSuccess : TaskState::kFailed;
    TRYV(Save(after));
    if (!done) return done.error();
  }
  fs::remove(folder_ / "stop", ignored);
  return {};
}

Result<void> ExpQueue::AskToStop() const {
  if (!HasWorker()) return {};
  return os::WriteFileAtomic(folder_ / "stop", "", {.sync = false});
}

Result<std::string> RunTask(Repository& repository, const QueuedTask& task, ExpRunRequest request) {
  TRY(const ExpGit git, GitOf(repository));
  request.temporary = true;
  request.name = task.name;
  const ExpPlan plan{std::move(request), task.baseline, task.name};
  const bool push = WantsAutoPush(repository);
  TRY(const ExpRunReport report, RunCopy(repository, git, plan, task.id + "^{tree}"));
  if (push) TRYV(AutoPush(repository, experiments::ExpRef{plan.baseline, plan.name}.Text()));
  return report.commit;
}

std::vector<std::optional<QueuedTask>> MatchTasks(const std::vector<QueuedTask>& tasks, const std::vector<std::string>& names) {
  std::vector<std::optional<QueuedTask>> found;
  for (const std::string& name : names) {
    const auto is_meant = [&](const QueuedTask& task) {
      return task.name == name || (name.size() >= 4 && task.id.starts_with(name));
    };
    const auto at = std::find_if(tasks.rbegin(), tasks.rend(), is_meant);
    found.push_back(at == tasks.rend() ? std::nullopt : std::optional(*at));
  }
  return found;
}

}  // namespace mlean::flows
