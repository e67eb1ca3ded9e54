// mlean queue logs: what an experiment of the queue has printed.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include "os/files.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/data/exp_queue.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

// What has come since the last call.
Result<void> PrintMore(int log) {
  std::array<char, 1 << 16> piece;
  for (;;) {
    const ssize_t count = ::read(log, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::FileError("read", "the log", errno);
    if (count == 0) break;
    Print({piece.data(), static_cast<std::size_t>(count)});
  }
  std::fflush(stdout);
  return {};
}

Result<int> QueueLogs(const Arguments& arguments, Context& context) {
  const std::string name = arguments.Text("TASK");
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  const flows::ExpQueue queue(*repository);
  TRY(const std::vector<flows::QueuedTask> found, RequireTasks(queue.Tasks(), {name}, "queued experiment name"));
  const flows::QueuedTask& task = found.front();
  if (task.state == flows::TaskState::kQueued) {
    return Fail(Code::kInvalid, fmt::format("Experiment '{}' is in queue but has not been started", name));
  }
  const int log = ::open(task.log.c_str(), O_RDONLY | O_CLOEXEC);
  if (log < 0) return Fail(Code::kNotFound, fmt::format("No output logs found for experiment '{}'", name));
  for (bool runs = arguments.Has("follow"); runs;) {
    const std::optional<flows::QueuedTask> now = queue.Find(task.number);
    runs = now && now->state == flows::TaskState::kRunning && queue.HasWorker();
    TRYV(PrintMore(log));
    if (runs) std::this_thread::sleep_for(std::chrono::milliseconds(100));  // a person reads along
  }
  TRYV(PrintMore(log));
  ::close(log);
  return 0;
}

}  // namespace

VerbSpec QueueLogsVerb() {
  VerbSpec spec;
  spec.words = {"queue", "logs"};
  spec.summary = "show what an experiment of the queue has printed";
  spec.options = {Positional("TASK", "its name or id"), Flag("-f,--follow", "until it ends"),
                  ValueOption("-e,--encoding", "NAME", "accepted for DVC's sake", "bytes as they are")};
  spec.examples = {"mlean queue logs brisk-otter -f"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = QueueLogs;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
