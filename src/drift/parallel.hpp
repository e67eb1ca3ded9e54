// ForEachIndex: runs `work(i)` for i in [0, count) on a few threads that end before it returns. Room-internal.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace mlean::drift {

// `threads` 0 = one per core; never more than 8 or than there is work. `work` must not throw and must write to its own index
// only.
inline void ForEachIndex(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work) {
  const unsigned wanted = threads == 0 ? std::max(1u, std::thread::hardware_concurrency()) : threads;
  const std::size_t workers = std::min<std::size_t>({wanted, 8, count});
  std::atomic<std::size_t> next{0};
  const auto loop = [&] {
    for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) work(i);
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < workers; ++i) others.emplace_back(loop);
  loop();
}

}  // namespace mlean::drift
