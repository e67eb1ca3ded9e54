// mlean runs log: a command as a tracked run.
#include <fmt/core.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "flows/log_run.hpp"
#include "os/signals.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

// Hands SIGINT and SIGTERM to the child, which leads a process group of its own and would not see Ctrl-C. Made before any other
// thread.
class SignalForwarder {
 public:
  explicit SignalForwarder(os::StopSignals signals)
      : watcher_([this, signals = std::move(signals)]() mutable { Watch(signals); }) {}
  ~SignalForwarder() {
    done_ = true;
    watcher_.join();
  }
  SignalForwarder(const SignalForwarder&) = delete;
  SignalForwarder& operator=(const SignalForwarder&) = delete;
  std::atomic<int>* slot() { return &slot_; }

 private:
  void Watch(os::StopSignals& signals) {
    constexpr std::int64_t kLookEveryMs = 50;
    int seen = 0;
    while (!done_) {
      if (signals.Wait(kLookEveryMs) == seen) continue;
      seen = signals.count();
      slot_ = signals.last();
    }
  }
  std::atomic<int> slot_ = 0;
  std::atomic<bool> done_ = false;
  std::thread watcher_;  // last: starts when everything above is there
};

Result<std::vector<track::Tag>> ParseTags(const Arguments& arguments) {
  std::vector<track::Tag> tags;
  for (const std::string& text : arguments.List("tag")) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos || equals == 0)
      return Fail(Code::kUsage, fmt::format("cannot use --tag '{}': expected KEY=VALUE", text));
    tags.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return tags;
}

Result<int> RunsLog(const Arguments& arguments, Context& context) {
  flows::LogRunSpec spec;
  spec.command = arguments.List("COMMAND");
  if (!spec.command.empty() && spec.command.front() == "--") spec.command.erase(spec.command.begin());
  if (spec.command.empty()) {
    return Fail(Code::kUsage, "cannot log a run: there is no command", "mlean runs log -- python train.py");
  }
  spec.directory = context.directory;
  spec.experiment = arguments.Text("experiment");
  spec.name = arguments.Text("name");
  spec.data = arguments.List("data");
  TRY(spec.tags, ParseTags(arguments));
  TRY(os::StopSignals signals, os::StopSignals::Block());
  SignalForwarder forwarder(std::move(signals));
  spec.forward = forwarder.slot();
  spec.tee = [&](bool error, std::string_view bytes) {
    std::FILE* const out = error || context.json ? stderr : stdout;  // with --json stdout is ours
    std::fwrite(bytes.data(), 1, bytes.size(), out);
    std::fflush(out);
  };
  TRY(const flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor(), true));
  TRY(const flows::LoggedRun logged, flows::LogRun(workspace, spec));
  if (!logged.problem.empty()) fmt::print(stderr, "error: cannot record all of run {}: {}\n", logged.run_id, logged.problem);
  if (context.json) {
    PrintJson(codec::Json::Object{{"run_id", logged.run_id},
                                  {"status", track::RunStatusName(logged.status)},
                                  {"exit_code", logged.exit_code},
                                  {"problem", logged.problem}});
  } else {
    Note(context, fmt::format("run {} {}", logged.run_id, track::RunStatusName(logged.status)));
  }
  return logged.exit_code == 0 && !logged.problem.empty() ? 1 : logged.exit_code;
}

}  // namespace

VerbSpec RunsLogVerb() {
  return {
      .words = {"runs", "log"},
      .summary = "run a command and track it: code, data, environment, output, time, memory",
      .description =
          "Kept are the command, git's commit and the diff of tracked files, the hashes of the data (what .dvc files and "
          "dvc.lock "
          "record, or --data), the Python with its packages, lock files, host, output, duration and peak memory. When a server "
          "runs, what the command logs by mlflow lands in the same run. The exit code is the command's.",
      .options = {ValueOption("--experiment", "NAME", "made when it is not there; else the project's"),
                  ValueOption("--name", "NAME", "of the run; else a random one"),
                  Repeated("--data", "PATH", "a file or folder to hash as the run's data; may be repeated"),
                  Repeated("--tag", "KEY=VALUE", "a tag of the run; may be repeated"),
                  Command("COMMAND", "what to run, behind --")},
      .examples = {"mlean runs log -- python train.py --epochs 10",
                   "mlean runs log --experiment night --tag team=ops --data data/train.csv -- ./train.sh"},
      .exit_codes = "the command's; 128 + N when signal N ended it · 1 recording failed · 2 usage · 4 no such command",
      .run = RunsLog};
}

}  // namespace mlean::verbs
