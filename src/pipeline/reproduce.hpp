// Reproduce: runs the stages that are out of date, in order, and records each in dvc.lock as soon as it is done, so that a killed
// run goes on from the stage it was in. The result is what `dvc repro` leaves: dvc.lock, .dvc files, objects, run cache.
//
// For each stage that changed: outs are removed (but persist), the run cache is asked, else deps must exist and each line of the
// command runs by `$SHELL -c` (bash with --noprofile --norc, zsh with --no-rcs) in its wdir with DVC_ROOT and DVC_STAGE set. A
// failure is kInvalid "failed to reproduce 'x': failed to run: CMD, exited with 7" (exit code 255 whatever the command's was);
// kCancelled when the flag turned true: its process group is killed and dvc.lock holds the stages done so far. Texts as DVC logs
// them go to `say`: "Running stage 'x':", "> CMD", "Stage 'x' didn't change, skipping", "Stage 'x' is cached - skipping run,
// checking out outputs", "Updating lock file 'dvc.lock'", "" between stages.
//
// With jobs > 1 stages run as soon as what they need is done; their output is kept in their log and told by `say` when they are
// done, so that texts of two stages never mix. `objects`, `say` and the hooks are called on the calling thread only.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "pipeline/index.hpp"
#include "pipeline/objects.hpp"
#include "pipeline/staleness.hpp"

namespace mlean::pipeline {

struct StageOutcome {
  enum class Kind : std::uint8_t {
    kRan,
    kSkipped,  // up to date
    kCached,   // not run: outs came from the cache
    kFailed,   // with keep_going or ignore_errors
  };
  std::string name;  // its addressing
  Kind kind = Kind::kSkipped;
  const Stage* stage = nullptr;      // in the index
  std::vector<std::string> reasons;  // why it ran: "changed dep 'data.csv': modified", "never run"
  std::int64_t wall_ms = 0;
  std::filesystem::path log;  // empty when nothing ran
};
std::string_view OutcomeName(StageOutcome::Kind kind);  // "ran", "skipped", "cached", "failed"

enum class OnError : std::uint8_t { kStop, kKeepGoing, kIgnore };

// How the locks of a repository are held (room repo); none by default.
class StageLocks {
 public:
  virtual ~StageLocks() = default;
  // Around all that is done for a stage: reads its deps, writes its outs (locations).
  virtual Result<void> Enter(const Stage& stage, const std::vector<std::string>& reads,
                             const std::vector<std::string>& writes) = 0;
  virtual void Leave(const Stage& stage) = 0;
  // Around its command, during which others may use the repository.
  virtual void Release() = 0;
  virtual Result<void> Retake() = 0;
};

struct ReproduceOptions {
  std::vector<std::string> targets;  // as typed; empty: "dvc.yaml"
  bool force = false;                // -f
  bool single = false;               // -s: the targets without what they need
  bool pipeline = false;             // -p
  bool all_pipelines = false;        // -P
  bool downstream = false;
  bool force_downstream = false;
  bool recursive = false;  // -R
  bool glob = false;
  bool dry = false;
  bool no_commit = false;
  bool no_run_cache = false;
  bool pull = false;
  bool allow_missing = false;
  OnError on_error = OnError::kStop;          // -k, --ignore-errors
  std::function<bool(const Stage&)> confirm;  // -i: asked before each stage runs
  std::size_t jobs = 1;

  std::filesystem::path run_cache;                       // ".dvc/cache/runs"; empty: none
  std::filesystem::path log_dir;                         // "<stage>.log" is written here, replacing an older one; empty: none
  bool capture = false;                                  // stdout and stderr go to the log only; else to ours (and the log)
  bool own_stdin = false;                                // commands read our stdin, with jobs = 1; a terminal they do not
  std::vector<std::pair<std::string, std::string>> env;  // added for commands
  const std::atomic<bool>* cancel = nullptr;
  StageLocks* locks = nullptr;
  Say say;
  std::function<void(const Stage&)> on_start;         // before a stage runs
  std::function<void(const StageOutcome&)> on_stage;  // after each stage
};

struct ReproduceResult {
  std::vector<StageOutcome> outcomes;      // in the order they were done
  std::vector<std::string> changed_files;  // dvc.lock and .dvc files written: git should add them
  std::size_t changed = 0;                 // stages that ran or were cached: 0 gives "Data and pipelines are up to date."
};

Result<ReproduceResult> Reproduce(Index& index, Source& source, Objects& objects, const ReproduceOptions& options);

}  // namespace mlean::pipeline
