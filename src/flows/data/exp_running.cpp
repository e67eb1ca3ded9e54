#include "flows/data/exp_running.hpp"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "codec/json.hpp"
#include "flows/data/revision_index.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

using codec::Json;

// DVC's numbers of a task's state.
constexpr int kRunning = 2;
constexpr int kSuccess = 3;
constexpr std::uint64_t kMaxInfoBytes = 1 << 20;
constexpr std::string_view kWorkspaceId = "workspace";

fs::path RunFolder(const Repository& repository, std::string_view id) {
  const fs::path exps = repository.project().DvcTempDir() / "exps";
  return (id == kWorkspaceId ? exps / "run" : exps / "standalone" / "run") / id;
}

std::optional<Json> ReadJson(const fs::path& file) {
  const Result<std::string> text = os::ReadFile(file, kMaxInfoBytes);
  if (!text) return std::nullopt;
  Result<Json> value = Json::Parse(*text, {.allow_nan = true});
  if (!value || !value->IsObject()) return std::nullopt;
  return *std::move(value);
}

bool Lives(std::int64_t pid) {
  constexpr std::int64_t kMaxPid = 1 << 30;
  return pid > 0 && pid <= kMaxPid && (::kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH);
}

// The process of a run; 0: none is told.
std::int64_t PidOf(const fs::path& folder) {
  const std::optional<Json> process = ReadJson(folder / (folder.filename().string() + ".json"));
  return process ? process->IntAt("pid", 0).value_or(0) : 0;
}

std::optional<RunningInfo> ReadOne(const fs::path& folder) {
  const std::string id = folder.filename().string();
  const std::optional<Json> info = ReadJson(folder / (id + ".run"));
  if (!info) return std::nullopt;
  RunningInfo out;
  out.id = id;
  out.name = info->StringAt("name", "").value_or("");
  out.baseline = info->StringAt("baseline_rev", "").value_or("");
  out.root = info->StringAt("root_dir", "").value_or("");
  const std::int64_t pid = PidOf(folder);
  const std::int64_t status = info->IntAt("status", kRunning).value_or(kRunning);
  const bool here = id == kWorkspaceId;
  // The real tool tells no process of a copy, which it removes in the end.
  if (status > kSuccess || (here && status == kSuccess)) return std::nullopt;
  if (pid == 0 ? here || !os::IsDir(out.root) : !Lives(pid)) return std::nullopt;
  out.pid = static_cast<int>(pid);
  return out;
}

}  // namespace

Result<RunningExperiment> RunningExperiment::Begin(const Repository& repository, const RunningInfo& info) {
  const fs::path folder = RunFolder(repository, info.id);
  TRYV(os::MakeDirs(folder));
  RunningExperiment running(folder);
  const std::string below = BelowGit(repository);
  const Json process = Json::Object{{"pid", static_cast<std::int64_t>(::getpid())},
                                    {"stdin", nullptr},
                                    {"stdout", nullptr},
                                    {"stderr", nullptr},
                                    {"returncode", nullptr}};
  const Json experiment = Json::Object{{"git_url", "file://" + info.root.string()},
                                       {"baseline_rev", info.baseline},
                                       {"location", info.id == kWorkspaceId ? "workspace" : "tempdir"},
                                       {"root_dir", info.root.string()},
                                       {"dvc_dir", below.empty() ? ".dvc" : below + "/.dvc"},
                                       {"name", info.name},
                                       {"wdir", below.empty() ? "." : below},
                                       {"result_hash", nullptr},
                                       {"result_ref", nullptr},
                                       {"result_force", false},
                                       {"status", kRunning}};
  TRYV(os::WriteFileAtomic(folder / (info.id + ".json"), process.DumpPython(), {.sync = false}));
  TRYV(os::WriteFileAtomic(folder / (info.id + ".run"), experiment.DumpPython(), {.sync = false}));
  return running;
}

RunningExperiment::~RunningExperiment() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

void SweepCopies(const Repository& repository) {
  const fs::path runs = RunFolder(repository, "x").parent_path();
  const fs::path copies = runs.parent_path();
  const Result<std::vector<std::string>> names = os::ListDir(runs);
  if (!names) return;
  std::error_code ignored;
  for (const std::string& name : *names) {
    const std::int64_t pid = PidOf(runs / name);
    if (pid == 0 || Lives(pid)) continue;  // the real tool's, or running
    fs::remove_all(copies / name, ignored);
    fs::remove_all(runs / name, ignored);
  }
}

std::vector<RunningInfo> ReadRunning(const Repository& repository) {
  std::vector<RunningInfo> running;
  if (auto one = ReadOne(RunFolder(repository, kWorkspaceId))) running.push_back(*std::move(one));
  const fs::path copies = RunFolder(repository, "x").parent_path();
  const Result<std::vector<std::string>> names = os::ListDir(copies);
  if (!names) return running;
  for (const std::string& name : *names) {
    if (auto one = ReadOne(copies / name)) running.push_back(*std::move(one));
  }
  return running;
}

}  // namespace mlean::flows
