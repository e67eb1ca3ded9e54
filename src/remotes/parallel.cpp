#include "remotes/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace mlean::remotes {

void ForEach(std::size_t count, int jobs, const std::function<bool(std::size_t index)>& work, const std::function<void()>& tick) {
  const std::size_t threads = std::min<std::size_t>(count, static_cast<std::size_t>(std::max(jobs, 1)));
  if (threads <= 1 && !tick) {
    for (std::size_t i = 0; i < count && work(i); ++i) {
    }
    return;
  }
  // Neighbours lie in one folder, where two threads would wait for each other: one takes several, if there are plenty.
  const std::size_t grain = std::clamp<std::size_t>(count / (threads * 16 + 1), 1, 512);
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::condition_variable all_done;
  std::size_t running = threads;  // guarded by mutex
  const auto run = [&] {
    for (;;) {
      const std::size_t first = next.fetch_add(grain, std::memory_order_relaxed);
      if (first >= count) break;
      for (std::size_t i = first; i < std::min(first + grain, count); ++i) {
        if (stop.load(std::memory_order_relaxed)) break;
        if (work(i)) continue;
        stop.store(true, std::memory_order_relaxed);
        next.store(count, std::memory_order_relaxed);
      }
    }
    const std::lock_guard lock(mutex);
    if (--running == 0) all_done.notify_one();
  };
  std::vector<std::jthread> workers;
  workers.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(run);
  std::unique_lock lock(mutex);
  while (running > 0) {
    all_done.wait_for(lock, std::chrono::milliseconds(100));
    if (!tick) continue;
    lock.unlock();
    tick();
    lock.lock();
  }
}

}  // namespace mlean::remotes
