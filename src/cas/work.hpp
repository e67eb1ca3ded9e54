// Work: how long operations of this room tell how far they are, are stopped, and use threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/result.hpp"

namespace mlean::cas {

// Receives progress. Both functions are called by several threads at once, about once a file and once every few MiB of a large
// one: they should only add up.
class Progress {
 public:
  virtual ~Progress() = default;
  // So much more is to be done. Nothing is expected for what turns out to be known already.
  virtual void Expect(std::uint64_t items, std::uint64_t bytes) = 0;
  virtual void Done(std::uint64_t items, std::uint64_t bytes) = 0;
};

struct Work {
  Progress* progress = nullptr;                  // outlives the call
  const std::atomic<bool>* cancelled = nullptr;  // when it turns true the operation ends soon with kCancelled
  int threads = 0;                               // 0: one a core, at most 16

  bool IsCancelled() const { return cancelled != nullptr && cancelled->load(std::memory_order_relaxed); }
  void Expect(std::uint64_t items, std::uint64_t bytes) const {
    if (progress != nullptr) progress->Expect(items, bytes);
  }
  void Done(std::uint64_t items, std::uint64_t bytes) const {
    if (progress != nullptr) progress->Done(items, bytes);
  }
};

// The error of a cancelled operation.
Error Cancelled();
int ThreadsOf(const Work& work);

// Calls `task(index, worker)` for every index below `count`, by at most ThreadsOf(work) threads (worker 0 is the caller), in
// pieces of `grain` neighbours. The first error stops all and is returned.
Result<void> ParallelFor(const Work& work, std::size_t count, std::size_t grain,
                         const std::function<Result<void>(std::size_t index, int worker)>& task);

}  // namespace mlean::cas
