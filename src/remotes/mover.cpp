#include "remotes/mover.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "remotes/parallel.hpp"

namespace mlean::remotes {
namespace {

// Says something about the remote rather than about the one object.
bool IsRemotesFault(Code code) {
  return code == Code::kIo || code == Code::kFull || code == Code::kTimeout || code == Code::kBusy || code == Code::kDenied ||
         code == Code::kInvalid;
}

}  // namespace

Mover::Mover(Remote& remote, const TransferOptions& options)
    : remote_(remote), options_(options), jobs_(options.jobs > 0 ? options.jobs : remote.traits().jobs) {}

void Mover::StartPhase(TransferProgress::Phase phase, std::uint64_t objects, std::uint64_t bytes) {
  base_.phase = phase;
  base_.object_total = objects;
  base_.byte_total = bytes;
  objects_ = 0;
  bytes_ = 0;
  Tell();
}

void Mover::Tell() const {
  if (!options_.on_progress) return;
  TransferProgress now = base_;
  now.objects = objects_.load(std::memory_order_relaxed);
  now.bytes = bytes_.load(std::memory_order_relaxed);
  // Repeated tries count twice on the way.
  if (now.byte_total > 0) now.bytes = std::min(now.bytes, now.byte_total);
  options_.on_progress(now);
}

void Mover::Fail(const ObjectId& id, Error error) {
  const std::lock_guard lock(mutex_);
  report_.failed.push_back({id, std::move(error)});
  failed_.push_back(id);
}

void Mover::Miss(const ObjectId& id) {
  const std::lock_guard lock(mutex_);
  report_.missing.push_back(id);
  missing_.push_back(id);
}

bool Mover::RunOne(const ObjectId& id, const Move& move, char& state) {
  if (remote_.cancelled()) return false;
  state = 1;
  Result<std::uint64_t> moved = move(id);
  CountObject();
  if (moved) {
    failures_in_a_row_ = 0;
    const std::lock_guard lock(mutex_);
    ++report_.objects;
    report_.dirs += id.is_dir ? 1 : 0;
    report_.bytes += *moved;
    return true;
  }
  if (moved.error().code == Code::kCancelled) return false;
  if (moved.error().code == Code::kNotFound) {
    failures_in_a_row_ = 0;
    Miss(id);
    return true;
  }
  const bool remotes_fault = IsRemotesFault(moved.error().code);
  Fail(id, std::move(moved).error());
  return !remotes_fault || ++failures_in_a_row_ < std::max(jobs_, 8);
}

Result<void> Mover::Run(const std::vector<ObjectId>& ids, const Move& move) {
  std::vector<char> tried(ids.size(), 0);
  const std::function<void()> tick = options_.on_progress ? [this] { Tell(); } : std::function<void()>();
  ForEach(
      ids.size(), jobs_, [&](std::size_t i) { return RunOne(ids[i], move, tried[i]); }, tick);
  if (remote_.cancelled()) return mlean::Fail(Code::kCancelled, fmt::format("cannot finish with '{}': cancelled", remote_.url()));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (tried[i] != 0) continue;
    const Code code = report_.failed.empty() ? Code::kIo : report_.failed.front().error.code;
    Fail(ids[i], mlean::Fail(code, fmt::format("cannot move '{}': not tried, as too many others failed", ids[i].Name())));
  }
  std::sort(failed_.begin(), failed_.end());
  std::sort(missing_.begin(), missing_.end());
  return {};
}

bool Mover::Lost(const ObjectId& id, bool missing_counts) const {
  if (std::binary_search(failed_.begin(), failed_.end(), id)) return true;
  return missing_counts && std::binary_search(missing_.begin(), missing_.end(), id);
}

TransferReport Mover::TakeReport() {
  std::sort(report_.missing.begin(), report_.missing.end());
  std::sort(report_.withheld.begin(), report_.withheld.end());
  std::stable_sort(report_.failed.begin(), report_.failed.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  Tell();
  return std::move(report_);
}

}  // namespace mlean::remotes
