// Experiments that run, as DVC tells them to other processes: files under .dvc/tmp/exps, by which `exp show` (of either tool) and
// editors see them.
//
//   run/workspace/workspace.{json,run}           the one in the work tree
//   standalone/run/<name>/<name>.{json,run}      those in copies
//
// .json holds the process, .run the experiment.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "flows/data/repository.hpp"

namespace mlean::flows {

struct RunningInfo {
  std::string name;
  std::string baseline;
  std::filesystem::path root;    // of the work tree it runs in
  std::string id = "workspace";  // "workspace", or what the copy is called
  int pid = 0;                   // read only; 0: not known
};

// The files of one run, removed with this.
class RunningExperiment {
 public:
  static Result<RunningExperiment> Begin(const Repository& repository, const RunningInfo& info);
  RunningExperiment(RunningExperiment&& other) noexcept : folder_(std::move(other.folder_)) { other.folder_.clear(); }
  RunningExperiment& operator=(RunningExperiment&&) = delete;
  ~RunningExperiment();

 private:
  explicit RunningExperiment(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

// Those whose process lives, of either tool. Files that cannot be read are passed over.
std::vector<RunningInfo> ReadRunning(const Repository& repository);

// Removes the copies of runs that were killed.
void SweepCopies(const Repository& repository);

}  // namespace mlean::flows
