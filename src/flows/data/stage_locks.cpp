#include "flows/data/stage_locks.hpp"

#include <utility>

namespace mlean::flows {

std::vector<std::string> RepositoryStageLocks::Paths(const std::vector<std::string>& locations) const {
  std::vector<std::string> paths;
  paths.reserve(locations.size());
  for (const std::string& location : locations) {
    paths.push_back(pipeline::IsUrl(location) ? location : repository_.place().Disk(location).string());
  }
  return paths;
}

Result<void> RepositoryStageLocks::Enter(const pipeline::Stage& stage, const std::vector<std::string>& reads,
                                         const std::vector<std::string>& writes) {
  std::vector<std::string> notes;
  Result<repo::RwLock> lock = repo::RwLock::Acquire(repository_.project().DvcTempDir(),
                                                    {.command = command_,
                                                     .read = Paths(reads),
                                                     .write = Paths(writes),
                                                     .hardlink = repository_.config().core.hardlink_lock,
                                                     .cancel = repository_.cancel()},
                                                    &notes);
  if (repository_.say()) {
    for (const std::string& note : notes) repository_.say()(pipeline::Level::kWarning, note);
  }
  if (!lock) return std::move(lock).error();
  held_.insert_or_assign(&stage, *std::move(lock));
  return {};
}

void RepositoryStageLocks::Leave(const pipeline::Stage& stage) { held_.erase(&stage); }

void RepositoryStageLocks::Release() {
  if (repository_.lock() != nullptr && repository_.lock()->held()) repository_.lock()->Release();
}

Result<void> RepositoryStageLocks::Retake() {
  if (repository_.lock() == nullptr || repository_.lock()->held()) return {};
  return repository_.lock()->Reacquire();
}

}  // namespace mlean::flows
