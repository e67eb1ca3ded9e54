// StageLocks: the locks of a repository around the stages that `repro` runs: each stage's dependencies and outputs in DVC's
// rwlock, and the lock of the whole repository, which is let go while a command runs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flows/data/repository.hpp"
#include "pipeline/reproduce.hpp"
#include "repo/rw_lock.hpp"

namespace mlean::flows {

class RepositoryStageLocks final : public pipeline::StageLocks {
 public:
  // `command`: what other processes are told that holds the locks: "mlean repro train".
  RepositoryStageLocks(Repository& repository, std::string command) : repository_(repository), command_(std::move(command)) {}

  // kBusy, with DVC's text, when another process uses one of the paths.
  Result<void> Enter(const pipeline::Stage& stage, const std::vector<std::string>& reads,
                     const std::vector<std::string>& writes) override;
  // The paths stay held until the next stage enters, which is at once, or the repository is let go.
  void Leave(const pipeline::Stage& stage) override;
  // May be called for several stages at a time: the repository is locked again by the first Retake.
  void Release() override;
  Result<void> Retake() override;

 private:
  std::vector<std::string> Paths(const std::vector<std::string>& locations) const;

  Repository& repository_;
  std::string command_;
  std::map<const pipeline::Stage*, repo::RwLock> held_;
  std::optional<repo::RwLock> left_;  // of the stage that has left last
};

}  // namespace mlean::flows
