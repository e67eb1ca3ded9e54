// One stage of a Reproduce, in three steps: Begin decides and prepares, the command runs (on any thread), Finish records. Inner
// header of the pipeline room.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "pipeline/reproduce.hpp"
#include "pipeline/run_cache.hpp"
#include "pipeline/stage_command.hpp"
#include "pipeline/stage_files.hpp"

namespace mlean::pipeline {

// What all stages of a run share. All outlive it; used on the calling thread only.
struct RunContext {
  Index& index;
  Source& source;
  Objects& objects;
  const ReproduceOptions& options;
  const StageGraph* graph;  // nullptr with `single`
  RunCache run_cache;
  LockFiles* locks;
  std::vector<std::string>* changed_files;

  const Place& place() const { return index.place(); }
};

class StageRun {
 public:
  // `upstream`: stages that this one needs. `keep_output`: texts and output are kept until Flush().
  StageRun(RunContext& context, Stage& stage, std::vector<const Stage*> upstream, bool keep_output)
      : context_(context), stage_(stage), upstream_(std::move(upstream)), keeps_(keep_output) {
    outcome.name = Addressing(stage, context.place());
    outcome.stage = &stage;
  }

  enum class Next : std::uint8_t { kDone, kCommand };
  // Whether a command must run now: command(), then Finish().
  Result<Next> Begin(bool force);
  CommandSpec Command() const;
  Result<void> Finish();
  // Tells what was kept. `command`: what the command gave.
  void Flush(const CommandOutcome& command);
  void Tell(Level level, std::string_view text);

  Stage& stage() { return stage_; }
  bool reproduced() const { return reproduced_; }  // ran, or was restored
  void Keep(const CommandOutcome& command) { outcome.wall_ms = command.wall_ms; }

  StageOutcome outcome;

 private:
  Result<bool> Changed(bool allow_missing, std::vector<std::string>& reasons);
  Result<bool> ChangedDependencies(bool allow_missing, std::vector<std::string>& reasons);
  void TellCommand();
  Result<bool> PullData();
  Result<void> CheckDependencies();
  Result<void> SaveDependencies();
  Result<void> RemoveOutputs();
  Result<void> RemoveKeptOutputs();
  Result<void> SyncImport();
  Result<void> CheckOutputs();
  Result<void> CheckDates();
  Result<bool> MayRestore();
  Result<bool> Restore();
  Result<bool> InCache(const codec::Json& entry);
  Result<void> CheckoutEntry(const codec::Json& entry);
  Result<void> PullMissingDependencies();
  Result<void> KeepRun();
  Result<void> Record();

  RunContext& context_;
  Stage& stage_;
  std::vector<const Stage*> upstream_;
  bool keeps_ = false;
  bool force_ = false;
  bool reproduced_ = false;
  bool only_outs_changed_ = false;
  bool deps_saved_ = false;  // as they are before the command
  std::vector<std::pair<Level, std::string>> kept_;
};

}  // namespace mlean::pipeline
