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
  const repo::RwLockRequest request{.command = command_,
                                    .read = Paths(reads),
                                    .write = Paths(writes),
                                    .hardlink = repository_.config().core.hardlink_lock,
                                    .cancel = repository_.cancel()};
  std::vector<std::string> notes;
  Result<void> entered;
  if (std::optional<repo::RwLock> lock = std::exchange(left_, std::nullopt)) {
    entered = lock->Exchange(request, &notes);
    if (entered) held_.insert_or_assign(&stage, *std::move(lock));
  } else {
    Result<repo::RwLock> fresh = repo::RwLock::Acquire(repository_.project().DvcTempDir(), request, &notes);
    if (fresh) {
      held_.insert_or_assign(&stage, *std::move(fresh));
    } else {
      entered = std::move(fresh).error();
    }
  }
  if (repository_.say()) {
    for (const std::string& note : notes) repository_.say()(pipeline::Level::kWarning, note);
  }
  return entered;
}

void RepositoryStageLocks::Leave(const pipeline::Stage& stage) {
  const auto held = held_.find(&stage);
  if (held == held_.end()) return;
  left_ = std::move(held->second);
  held_.erase(held);
}

void RepositoryStageLocks::Release() {
  left_.reset();
  if (repository_.lock() != nullptr && repository_.lock()->held()) repository_.lock()->Release();
}

Result<void> RepositoryStageLocks::Retake() {
  if (repository_.lock() == nullptr || repository_.lock()->held()) return {};
  return repository_.lock()->Reacquire();
}

}  // namespace mlean::flows
