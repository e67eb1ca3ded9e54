#include "flows/log_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "flows/artifact_uri.hpp"
#include "flows/run_facts.hpp"
#include "flows/server_link.hpp"
#include "os/files.hpp"
#include "os/lock.hpp"
#include "os/machine.hpp"
#include "os/process.hpp"
#include "repo/git.hpp"
#include "track/experiment_store.hpp"
#include "track/input_store.hpp"
#include "track/metric_store.hpp"
#include "track/run_store.hpp"
#include "track/tag_store.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxHead = std::size_t{8} << 20;  // of what a command prints: so much from its begin …
constexpr std::size_t kMaxTail = std::size_t{8} << 20;  // … and from its end
constexpr std::size_t kMaxDiff = std::size_t{4} << 20;
constexpr const char* kOutput = "logs/stdout.txt";

fs::path RunningDir(const Workspace& workspace) { return workspace.project.StateDir() / "running"; }
fs::path LockOf(const Workspace& workspace, const std::string& run_id) { return RunningDir(workspace) / (run_id + ".lock"); }
fs::path OutputOf(const Workspace& workspace, const std::string& run_id) { return RunningDir(workspace) / (run_id + ".out"); }

// What the command prints: the begin in a file, where a killed mlean leaves it, the end in memory.
class OutputLog {
 public:
  static Result<OutputLog> Open(const fs::path& file) {
    TRY(os::AppendFile out, os::AppendFile::Open(file));
    return OutputLog(std::move(out));
  }
  void Take(std::string_view bytes) {
    const std::string_view head = bytes.substr(0, kMaxHead - std::min(head_, kMaxHead));
    if (!head.empty() && !file_.Append(head)) head_ = kMaxHead;  // a full disk loses lines, not the command
    head_ += head.size();
    bytes.remove_prefix(head.size());
    tail_ += bytes;
    if (tail_.size() > 2 * kMaxTail) Cut();
  }
  std::string Text(const fs::path& file) {
    Cut();
    std::string text = os::ReadFile(file).value_or("");
    if (left_out_ > 0) text += fmt::format("\n… {} bytes left out …\n", left_out_);
    return text + tail_;
  }

 private:
  explicit OutputLog(os::AppendFile file) : file_(std::move(file)) {}
  void Cut() {
    if (tail_.size() <= kMaxTail) return;
    left_out_ += tail_.size() - kMaxTail;
    tail_.erase(0, tail_.size() - kMaxTail);
  }
  os::AppendFile file_;
  std::size_t head_ = 0;
  std::string tail_;
  std::size_t left_out_ = 0;
};

struct Facts {
  std::vector<track::Tag> tags;
  std::vector<track::DatasetInput> data;
  std::string diff;
  std::optional<PythonEnvironment> python;
};

Result<Facts> Collect(const Workspace& workspace, const LogRunSpec& spec) {
  Facts facts;
  facts.tags = {{"mlflow.source.name", Join(spec.command, " ")},
                {"mlflow.source.type", "LOCAL"},
                {"mlflow.user", os::UserName()},
                {"mlean.directory", spec.directory.string()}};
  const auto add = [&facts](std::vector<track::Tag> tags) {
    for (track::Tag& tag : tags) facts.tags.push_back(std::move(tag));
  };
  add(MachineTags());
  add(GitTags(spec.directory));
  add(LockFileTags(workspace.project.root));
  facts.python = FindPython(spec.command, spec.directory);
  if (facts.python) {
    add({{"mlean.env.python", facts.python->version},
         {"mlean.env.interpreter", facts.python->interpreter},
         {"mlean.env.packages_sha256", Sha256Hex(facts.python->packages)}});
  }
  add(spec.tags);
  facts.diff = repo::GitDiff(spec.directory, kMaxDiff).value_or("");
  if (spec.data.empty()) {
    facts.data = RecordedData(workspace.project);
  } else {
    TRY(facts.data, HashedData(workspace.project, spec.directory, spec.data));
  }
  return facts;
}

Result<track::Run> Begin(const Workspace& workspace, const LogRunSpec& spec, const std::string& run_id, const Facts& facts) {
  const TimeMs now = workspace.Now();
  std::string experiment = spec.experiment.empty() ? workspace.config.project : spec.experiment;
  if (experiment.empty()) experiment = "Default";
  return workspace.db->Write([&](sql::Txn& txn) -> Result<track::Run> {
    track::NewRun run;
    TRY(run.experiment_id, track::EnsureExperiment(txn, {.name = experiment}, now));
    run.run_id = run_id;
    run.name = spec.name;
    run.user_id = os::UserName();
    run.tags = facts.tags;
    TRY(track::Run made, track::CreateRun(txn, run, now));
    TRYV(track::LogInputs(txn, run_id, facts.data));
    return made;
  });
}

std::vector<track::Metric> Measured(const os::ProcessOutcome& outcome, TimeMs now) {
  const auto point = [now](const char* key, double value) { return track::Metric{.key = key, .value = value, .timestamp = now}; };
  return {point("process/wall_seconds", static_cast<double>(outcome.wall_ms) / 1000),
          point("process/cpu_seconds", static_cast<double>(outcome.user_ms + outcome.system_ms) / 1000),
          point("process/peak_memory_mb", static_cast<double>(outcome.max_rss_kb) * 1024 / 1e6)};
}

track::RunStatus StatusOf(int exit_code) {
  if (exit_code == 0) return track::RunStatus::kFinished;
  return exit_code > 128 ? track::RunStatus::kKilled : track::RunStatus::kFailed;
}

Result<void> Finish(const Workspace& workspace, const std::string& run_id, track::RunStatus status, std::vector<track::Tag> tags,
                    const std::vector<track::Metric>& metrics) {
  const TimeMs now = workspace.Now();
  return workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    TRYV(track::LogMetrics(txn, run_id, metrics));
    TRYV(track::SetTags(txn, run_id, tags));
    TRYV(track::UpdateRun(txn, run_id, {.status = status, .end_time = now}));
    return {};
  });
}

void Forget(const Workspace& workspace, const std::string& run_id) {
  static_cast<void>(os::Remove(OutputOf(workspace, run_id)));
  static_cast<void>(os::Remove(LockOf(workspace, run_id)));  // last: it is what says that the run is there
}

// The first failure is the one to tell.
void Note(std::string& problem, const Result<void>& done) {
  if (!done && problem.empty()) problem = done.error().what;
}

}  // namespace

Result<LoggedRun> LogRun(const Workspace& workspace, const LogRunSpec& spec) {
  TRYV(EndLostRuns(workspace));
  TRY(const Facts facts, Collect(workspace, spec));
  TRYV(os::MakeDirs(RunningDir(workspace)));
  LoggedRun logged{.run_id = NewHex32(), .exit_code = 0, .status = track::RunStatus::kFinished, .problem = {}};
  const fs::path output = OutputOf(workspace, logged.run_id);
  TRY(const os::FileLock lock, os::FileLock::TryAcquire(LockOf(workspace, logged.run_id), "mlean runs log"));
  TRY(const track::Run run, Begin(workspace, spec, logged.run_id, facts));
  TRY(OutputLog log, OutputLog::Open(output));
  if (spec.started) spec.started(logged.run_id);

  os::ProcessSpec process;
  process.argv = spec.command;
  process.cwd = spec.directory;
  process.own_stdin = true;
  process.forward = spec.forward;
  process.env = {{"MLEAN_RUN_ID", logged.run_id}};
  if (const std::optional<std::string> url = ServerUrl(workspace)) {
    process.env.emplace_back("MLFLOW_TRACKING_URI", *url);
    process.env.emplace_back("MLFLOW_RUN_ID", logged.run_id);
  }
  process.on_bytes = [&](bool error, std::string_view bytes) {
    if (spec.tee) spec.tee(error, bytes);
    log.Take(bytes);
  };
  const Result<os::ProcessOutcome> outcome = os::RunProcess(process);
  if (!outcome) {
    static_cast<void>(Finish(workspace, logged.run_id, track::RunStatus::kFailed, {{"mlean.error", outcome.error().what}}, {}));
    Forget(workspace, logged.run_id);
    return outcome.error();
  }
  logged.exit_code = outcome->signal != 0 ? 128 + outcome->signal : outcome->exit_code;
  logged.status = StatusOf(logged.exit_code);
  const auto keep = [&](const char* path, const std::string& text) {
    if (!text.empty()) Note(logged.problem, KeepArtifact(workspace, run.info.artifact_uri, path, text));
  };
  keep(kOutput, log.Text(output));
  keep("git/diff.patch", facts.diff);
  if (facts.python) keep("environment/requirements.txt", facts.python->packages);
  Note(logged.problem, Finish(workspace, logged.run_id, logged.status, {{"mlean.exit_code", std::to_string(logged.exit_code)}},
                              Measured(*outcome, workspace.Now())));
  if (logged.problem.empty()) Forget(workspace, logged.run_id);
  return logged;
}

Result<int> EndLostRuns(const Workspace& workspace) {
  const Result<std::vector<std::string>> names = os::ListDir(RunningDir(workspace));
  if (!names) return 0;  // there was never one
  int lost = 0;
  for (const std::string& name : *names) {
    if (!name.ends_with(".lock")) continue;
    const std::string run_id = name.substr(0, name.size() - 5);
    const Result<os::FileLock> lock = os::FileLock::TryAcquire(RunningDir(workspace) / name, "mlean");
    if (!lock) continue;  // it runs
    const Result<track::RunInfo> info = workspace.db->Read([&](sql::Conn& conn) { return track::GetRunInfo(conn, run_id); });
    if (info && info->status == track::RunStatus::kRunning && info->stage == track::Stage::kActive) {
      const std::string text = os::ReadFile(OutputOf(workspace, run_id)).value_or("");
      if (!text.empty()) static_cast<void>(KeepArtifact(workspace, info->artifact_uri, kOutput, text));
      TRYV(Finish(workspace, run_id, track::RunStatus::kKilled, {{"mlean.error", "mlean was killed before the end"}}, {}));
      ++lost;
    }
    Forget(workspace, run_id);
  }
  return lost;
}

}  // namespace mlean::flows
