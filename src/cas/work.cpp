#include "cas/work.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "os/machine.hpp"

namespace mlean::cas {

Error Cancelled() { return Fail(Code::kCancelled, "cannot go on: interrupted"); }

int ThreadsOf(const Work& work) {
  constexpr int kMost = 16;
  static const int cores = os::Cores();
  return std::clamp(work.threads > 0 ? work.threads : cores, 1, kMost);
}

Result<void> ParallelFor(const Work& work, std::size_t count, std::size_t grain,
                         const std::function<Result<void>(std::size_t index, int worker)>& task) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;  // guards failure
  std::optional<Error> failure;
  const auto fail = [&](Error error) {
    const std::lock_guard lock(mutex);
    if (!failure) failure = std::move(error);
    stop.store(true, std::memory_order_relaxed);
  };
  const auto run = [&](int worker) {
    for (;;) {
      const std::size_t first = next.fetch_add(grain, std::memory_order_relaxed);
      if (first >= count) return;
      for (std::size_t i = first; i < std::min(first + grain, count); ++i) {
        if (stop.load(std::memory_order_relaxed)) return;
        if (work.IsCancelled()) return fail(Cancelled());
        if (Result<void> done = task(i, worker); !done) return fail(std::move(done).error());
      }
    }
  };
  const std::size_t pieces = (count + grain - 1) / grain;
  const int threads = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(ThreadsOf(work)), pieces));
  std::vector<std::jthread> others;
  for (int worker = 1; worker < threads; ++worker) others.emplace_back(run, worker);
  run(0);
  others.clear();
  if (failure) return *std::move(failure);
  return {};
}

}  // namespace mlean::cas
