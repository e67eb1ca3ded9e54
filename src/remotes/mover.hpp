// Inside of the remotes room: moves a list of objects by several threads and keeps the account of each.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/result.hpp"
#include "remotes/object_id.hpp"
#include "remotes/transfer.hpp"

namespace mlean::remotes {

// What the cache has of an object.
struct CacheEntry {
  Cached state = Cached::kAbsent;
  std::uint64_t size = 0;
};
Result<CacheEntry> LookInCache(const std::filesystem::path& cache_dir, const ObjectId& id, const LegacyHash& legacy_hash);

class Mover {
 public:
  Mover(Remote& remote, const TransferOptions& options);

  // Moves one object and returns its bytes; kNotFound means that it is nowhere.
  using Move = std::function<Result<std::uint64_t>(const ObjectId& id)>;
  // `ids` sorted and unique. After as many failures in a row as show that the remote is gone, the rest fails without a try.
  // kCancelled when the remote's cancel flag is on.
  Result<void> Run(const std::vector<ObjectId>& ids, const Move& move);

  // Of all runs: whether the object was tried and did not arrive. `missing_counts`: one that is nowhere, too.
  bool Lost(const ObjectId& id, bool missing_counts) const;
  void Fail(const ObjectId& id, Error error);
  void Miss(const ObjectId& id);

  void StartPhase(TransferProgress::Phase phase, std::uint64_t objects, std::uint64_t bytes);
  void AddBytes(std::uint64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void CountObject() { objects_.fetch_add(1, std::memory_order_relaxed); }
  void Tell() const;
  int jobs() const { return jobs_; }
  TransferReport& report() { return report_; }
  // Sorts the lists.
  TransferReport TakeReport();

 private:
  bool RunOne(const ObjectId& id, const Move& move, char& state);

  Remote& remote_;
  const TransferOptions& options_;
  int jobs_;
  TransferProgress base_;
  std::atomic<std::uint64_t> objects_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<int> failures_in_a_row_ = 0;
  std::mutex mutex_;  // guards report_ while threads run
  TransferReport report_;
  std::vector<ObjectId> failed_;   // sorted after each run
  std::vector<ObjectId> missing_;  // sorted after each run
};

}  // namespace mlean::remotes
