#include "pipeline/reproduce.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "base/text.hpp"
#include "os/files.hpp"
#include "os/process.hpp"
#include "pipeline/stage_graph.hpp"

namespace mlean::pipeline {
namespace {

namespace fs = std::filesystem;
using codec::Json;

constexpr std::size_t kTailLines = 10;
constexpr std::size_t kTailBytes = 4096;

LockedPath Locked(const std::string& path, const ObjectInfo& info) {
  LockedPath locked;
  locked.path = path;
  locked.md5 = info.md5;
  locked.size = info.size;
  if (info.md5.ends_with(".dir")) locked.nfiles = info.nfiles;
  locked.is_exec = info.is_exec;
  return locked;
}

ObjectInfo InfoOf(const LockedPath& locked) {
  return {locked.md5, locked.size.value_or(0), locked.nfiles.value_or(0), locked.is_exec};
}

// DVC's way to run one line: by the user's own shell, without its start files.
std::vector<std::string> ShellCommand(const std::string& line) {
  const char* const wanted = std::getenv("SHELL");
  const std::string shell = wanted == nullptr || *wanted == '\0' ? "/bin/sh" : wanted;
  const std::string name = ToLower(fs::path(shell).filename().string());
  if (name == "bash") return {shell, "--noprofile", "--norc", "-c", line};
  if (name == "zsh") return {shell, "--no-rcs", "-c", line};
  return {shell, "-c", line};
}

std::string LogTail(const fs::path& log) {
  const Result<std::string> text = os::ReadFile(log);
  if (!text) return {};
  std::string_view tail = Trim(*text);
  if (tail.size() > kTailBytes) tail.remove_prefix(tail.size() - kTailBytes);
  std::size_t at = tail.size();
  for (std::size_t lines = 0; lines < kTailLines && at != tail.npos && at > 0; ++lines) at = tail.rfind('\n', at - 1);
  if (at != tail.npos && at != tail.size()) tail.remove_prefix(at + (at < tail.size() && tail[at] == '\n' ? 1 : 0));
  return std::string(tail);
}

// dvc.lock with the text of each entry kept, so that recording one stage of many does not write all of them anew.
class LockWriter {
 public:
  static Result<LockWriter> Open(const fs::path& root) {
    LockWriter writer;
    writer.root_ = root;
    TRY(writer.lock_, LoadDvcLock(root));
    for (const LockedStage& stage : writer.lock_.stages) writer.texts_.push_back(WriteLockedStage(stage));
    return writer;
  }
  const DvcLock& lock() const { return lock_; }

  Result<void> Put(LockedStage stage) {
    const std::string name = stage.name;
    lock_.Put(std::move(stage));
    const LockedStage& stored = *lock_.Find(name);
    texts_.resize(lock_.stages.size());
    texts_[static_cast<std::size_t>(&stored - lock_.stages.data())] = WriteLockedStage(stored);
    changed_ = true;
    // A kill at any instant leaves a whole file; only the last one must survive a power cut.
    return os::WriteFileAtomic(root_ / "dvc.lock", DvcLockText(texts_, lock_.datasets), {.sync = false});
  }
  Result<void> Finish() {
    if (!changed_) return {};
    changed_ = false;
    return os::WriteFileAtomic(root_ / "dvc.lock", DvcLockText(texts_, lock_.datasets));
  }

 private:
  fs::path root_;
  DvcLock lock_;
  std::vector<std::string> texts_;
  bool changed_ = false;
};

class Run {
 public:
  Run(const ReproduceOptions& options, Objects& objects, LockWriter& lock) : options_(options), objects_(objects), lock_(lock) {}

  Result<StageOutcome> One(const Stage& stage) {
    StageOutcome outcome;
    outcome.name = stage.name;
    TRY(outcome.reasons, WhyStale(options_.root, stage, lock_.lock(), objects_));
    const LockedStage* const locked = lock_.lock().Find(stage.name);
    TRY(const bool restorable, CanRestore(outcome.reasons, locked));
    if (!options_.force && (outcome.reasons.empty() || restorable || stage.frozen)) {
      if (restorable) {
        TRYV(Restore(stage, *locked, outcome.reasons));
        outcome.kind = StageOutcome::Kind::kCached;
      }
      if (locked != nullptr) {
        outcome.deps = locked->deps;
        outcome.outs = locked->outs;
        outcome.params = locked->params;
      }
      return outcome;
    }
    if (options_.on_start) options_.on_start(stage);
    TRYV(Execute(stage, outcome));
    return outcome;
  }

 private:
  static Error Failed(const Stage& stage, std::string_view cause, Code code = Code::kInvalid) {
    return Fail(code, fmt::format("failed to reproduce '{}': {}", stage.name, cause));
  }

  // Whether nothing but missing outs is wrong, and the cache has them.
  Result<bool> CanRestore(const std::vector<Reason>& reasons, const LockedStage* locked) {
    if (reasons.empty() || locked == nullptr) return false;
    for (const Reason& reason : reasons) {
      if (reason.kind != Reason::Kind::kOut || reason.state != "deleted") return false;
      const auto out = std::find_if(locked->outs.begin(), locked->outs.end(),
                                    [&](const LockedPath& entry) { return entry.path == reason.what; });
      if (out == locked->outs.end() || out->md5.empty()) return false;
      TRY(const bool kept, objects_.Has(out->md5));
      if (!kept) return false;
    }
    return true;
  }

  Result<void> Restore(const Stage& stage, const LockedStage& locked, const std::vector<Reason>& reasons) {
    for (const Reason& reason : reasons) {
      const auto out = std::find_if(locked.outs.begin(), locked.outs.end(),
                                    [&](const LockedPath& entry) { return entry.path == reason.what; });
      TRYV(objects_.Checkout(InfoOf(*out), Path(stage, reason.what)));
    }
    return {};
  }

  fs::path Path(const Stage& stage, std::string_view path) const { return options_.root / CleanPath(stage, path); }

  Result<void> Execute(const Stage& stage, StageOutcome& outcome) {
    outcome.kind = StageOutcome::Kind::kRan;
    const fs::path folder = options_.root / stage.wdir;
    if (!os::IsDir(folder))
      return Failed(stage, fmt::format("stage working directory '{}' does not exist", stage.wdir), Code::kNotFound);
    LockedStage locked;
    locked.name = stage.name;
    locked.cmd = stage.Command();
    for (const std::string& dep : stage.deps) {
      if (!os::Exists(Path(stage, dep))) return Failed(stage, fmt::format("missing data 'source': {}", dep), Code::kNotFound);
      TRY(const ObjectInfo info, objects_.HashPath(Path(stage, dep)));
      locked.deps.push_back(Locked(dep, info));
    }
    TRY(CurrentParams params, ReadParams(options_.root, stage));
    if (!params.missing.empty())
      return Failed(stage, fmt::format("parameters '{}' are missing", Join(params.missing, "', '")), Code::kNotFound);
    locked.params = std::move(params.files);
    for (const StageOutput& out : stage.outs) {
      if (!out.persist) TRYV(os::RemoveTree(Path(stage, out.path)));
    }
    TRYV(RunCommand(stage, folder, outcome));
    TRYV(TakeOutputs(stage, locked));
    TRYV(lock_.Put(std::move(locked)));
    const LockedStage& stored = *lock_.lock().Find(stage.name);
    outcome.deps = stored.deps;
    outcome.outs = stored.outs;
    outcome.params = stored.params;
    return {};
  }

  Result<void> RunCommand(const Stage& stage, const fs::path& folder, StageOutcome& outcome) {
    TRYV(os::MakeDirs(options_.log_dir));
    outcome.log = options_.log_dir / (ReplaceAll(stage.name, "/", "_") + ".log");
    TRYV(os::Remove(outcome.log));
    const auto start = std::chrono::steady_clock::now();
    for (const std::string& line : stage.Lines()) {
      {
        TRY(os::AppendFile log, os::AppendFile::Open(outcome.log));
        TRYV(log.Append("> " + line + "\n"));
      }
      os::ProcessSpec spec;
      spec.argv = ShellCommand(line);
      spec.cwd = folder;
      spec.env = options_.env;
      if (std::getenv("DVC_ROOT") == nullptr) spec.env.emplace_back("DVC_ROOT", options_.root.string());
      spec.env.emplace_back("DVC_STAGE", stage.name);
      spec.log_file = outcome.log;
      spec.cancel = options_.cancel;
      Result<os::ProcessOutcome> done = os::RunProcess(spec);
      if (!done) return std::move(done).error().With(fmt::format("failed to reproduce '{}'", stage.name));
      if (done->cancelled) return Failed(stage, "cancelled", Code::kCancelled);
      if (done->Ok()) continue;
      const int code = done->signal != 0 ? -done->signal : done->exit_code;
      const std::string tail = LogTail(outcome.log);
      return Failed(stage, fmt::format("failed to run: {}, exited with {}{}{}", line, code, tail.empty() ? "" : "\n", tail));
    }
    outcome.wall_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
    return {};
  }

  Result<void> TakeOutputs(const Stage& stage, LockedStage& locked) {
    for (const StageOutput& out : stage.outs) {
      const fs::path path = Path(stage, out.path);
      if (!os::Exists(path)) return Failed(stage, fmt::format("output '{}' does not exist", out.path), Code::kNotFound);
      if (!out.cache) {
        TRY(const ObjectInfo info, objects_.HashPath(path));
        locked.outs.push_back(Locked(out.path, info));
        continue;
      }
      // Ignored before it is stored: a kill in between must not leave a big file that `git add` would take.
      if (options_.ignore_output) TRYV(options_.ignore_output(path));
      TRY(const ObjectInfo info, objects_.Store(path));
      locked.outs.push_back(Locked(out.path, info));
    }
    return {};
  }

  const ReproduceOptions& options_;
  Objects& objects_;
  LockWriter& lock_;
};

}  // namespace

std::string_view OutcomeName(StageOutcome::Kind kind) {
  switch (kind) {
    case StageOutcome::Kind::kRan: return "ran";
    case StageOutcome::Kind::kSkipped: return "skipped";
    case StageOutcome::Kind::kCached: return "cached";
  }
  return {};
}

Result<std::vector<StageOutcome>> Reproduce(const ReproduceOptions& options, Objects& objects) {
  TRY(const DvcYaml pipeline, LoadDvcYaml(options.root));
  TRY(const StageGraph graph, StageGraph::Build(pipeline));
  TRY(const std::vector<std::size_t> order, graph.Order(options.targets, options.single));
  TRY(LockWriter lock, LockWriter::Open(options.root));
  Run run(options, objects, lock);
  std::vector<StageOutcome> outcomes;
  for (const std::size_t index : order) {
    if (options.cancel != nullptr && options.cancel->load()) {
      return Fail(Code::kCancelled, fmt::format("failed to reproduce '{}': cancelled", pipeline.stages[index].name));
    }
    Result<StageOutcome> outcome = run.One(pipeline.stages[index]);
    if (!outcome) {
      TRYV(lock.Finish());
      return std::move(outcome).error();
    }
    if (options.on_stage) options.on_stage(*outcome);
    outcomes.push_back(*std::move(outcome));
  }
  TRYV(lock.Finish());
  return outcomes;
}

Result<std::vector<StageStatus>> Status(const fs::path& root, Objects& objects) {
  TRY(const DvcYaml pipeline, LoadDvcYaml(root));
  TRY(const DvcLock lock, LoadDvcLock(root));
  std::vector<StageStatus> status;
  for (const Stage& stage : pipeline.stages) {
    TRY(std::vector<Reason> reasons, WhyStale(root, stage, lock, objects));
    status.push_back({stage.name, std::move(reasons)});
  }
  return status;
}

}  // namespace mlean::pipeline
