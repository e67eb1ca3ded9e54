// `mlean runs log -- COMMAND`: a command as a tracked run, without a word of tracking in it. Kept are the command, git's commit
// and what differs from it, the data, the environment, what it printed, how long it took, its peak of memory and how it ended.
//
// A server need not run: the store is written directly. When one does, the child is told its address and the run's id
// (MLFLOW_TRACKING_URI, MLFLOW_RUN_ID), so that what it logs itself lands in the same run.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "flows/workspace.hpp"
#include "track/types.hpp"

namespace mlean::flows {

struct LogRunSpec {
  std::vector<std::string> command;
  std::filesystem::path directory;  // where it runs
  std::string experiment;           // name; empty: the project's
  std::string name;                 // empty: a random one
  std::vector<std::string> data;    // paths to hash; empty: what DVC's files record
  std::vector<track::Tag> tags;
  std::function<void(bool error, std::string_view bytes)> tee;  // what it prints, as it comes
  std::function<void(const std::string& run_id)> started;       // the run is there, the child not yet
  std::atomic<int>* forward = nullptr;                          // signals for the child: os::ProcessSpec::forward
};

struct LoggedRun {
  std::string run_id;
  int exit_code = 0;  // the child's; 128 + its signal
  track::RunStatus status = track::RunStatus::kFinished;
  std::string problem;  // what could not be recorded at the end; "": nothing
};
Result<LoggedRun> LogRun(const Workspace& workspace, const LogRunSpec& spec);

// Runs of LogRun whose mlean was killed before their end: what they had printed is kept, their status is KILLED. Their locks
// tell: a living one holds a lock on .mlean/running/ID.lock. Returns how many there were.
Result<int> EndLostRuns(const Workspace& workspace);

}  // namespace mlean::flows
