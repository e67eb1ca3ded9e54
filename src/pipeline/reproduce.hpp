// Reproduce: runs the stages that are out of date, in order, and records each in dvc.lock as soon as it is done, so that a killed
// run goes on from the stage it was in. The result is what `dvc repro` leaves: dvc.lock, objects, git-ignored outputs.
//
// A stage whose command changed nothing's inputs is skipped; outs that are only missing from the workspace are checked out. A
// stage that runs has its outs removed first (but persist), its deps must exist, and each line of its command runs by
// `$SHELL -c` (bash with --noprofile --norc, zsh with --no-rcs) in its wdir with DVC_ROOT and DVC_STAGE set. stdout and
// stderr go to one log file a stage. A failure is kInvalid "failed to reproduce 'x': failed to run: CMD, exited with 7" followed
// by the tail of the log; kCancelled when the flag turned true. No lock is taken: the caller holds the project's.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "pipeline/dvc_lock.hpp"
#include "pipeline/dvc_yaml.hpp"
#include "pipeline/objects.hpp"
#include "pipeline/staleness.hpp"

namespace mlean::pipeline {

struct StageOutcome {
  enum class Kind : std::uint8_t {
    kRan,
    kSkipped,  // up to date
    kCached,   // up to date, and missing outs were brought back from the cache
  };
  std::string name;
  Kind kind = Kind::kSkipped;
  std::vector<Reason> reasons;  // why it ran
  std::int64_t wall_ms = 0;
  std::filesystem::path log;  // empty when skipped
  std::vector<LockedPath> deps;
  std::vector<LockedPath> outs;
  std::vector<std::pair<std::string, codec::Json>> params;  // file -> key -> value
};
std::string_view OutcomeName(StageOutcome::Kind kind);  // "ran", "skipped", "cached"

struct ReproduceOptions {
  std::filesystem::path root;                            // folder of dvc.yaml, absolute
  std::vector<std::string> targets;                      // stage names; empty: all
  bool force = false;                                    // run also what is up to date
  bool single = false;                                   // the targets without what they need
  std::filesystem::path log_dir;                         // "<stage>.log" is written here, replacing an older one
  std::vector<std::pair<std::string, std::string>> env;  // added for commands
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(const Stage&)> on_start;                                      // before a stage runs
  std::function<void(const StageOutcome&)> on_stage;                               // after each stage
  std::function<Result<void>(const std::filesystem::path& output)> ignore_output;  // .gitignore upkeep of a cached out
};

// `objects` is used on the calling thread only.
Result<std::vector<StageOutcome>> Reproduce(const ReproduceOptions& options, Objects& objects);

struct StageStatus {
  std::string name;
  std::vector<Reason> reasons;  // empty: up to date
};
// What Reproduce would find now, without running anything.
Result<std::vector<StageStatus>> Status(const std::filesystem::path& root, Objects& objects);

}  // namespace mlean::pipeline
