// RecentIds: which request ids were seen lately, so that a retried request is answered again but counted and logged once.
// Bounded: remembers the last `capacity` ids by 64-bit hash; an older one is forgotten. Thread-safe (a short mutex).
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace mlean::serving {

class RecentIds {
 public:
  explicit RecentIds(std::size_t capacity = 65536);
  // True the first time, false when the id is remembered.
  bool Add(std::string_view id);

 private:
  std::mutex mutex_;
  std::unordered_set<std::uint64_t> seen_;  // guarded by mutex_
  std::vector<std::uint64_t> ring_;         // guarded by mutex_; in order of arrival
  std::size_t next_ = 0;                    // guarded by mutex_
};

}  // namespace mlean::serving
