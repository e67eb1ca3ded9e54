#include "serving/recent_ids.hpp"

namespace mlean::serving {
namespace {

// FNV-1a with 64 bits: ids are not secret, a collision only leaves one request out of the counts.
std::uint64_t HashOf(std::string_view id) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

RecentIds::RecentIds(std::size_t capacity) : ring_(capacity, 0) { seen_.reserve(capacity); }

bool RecentIds::Add(std::string_view id) {
  const std::uint64_t hash = HashOf(id);
  const std::lock_guard lock(mutex_);
  if (!seen_.insert(hash).second) return false;
  if (seen_.size() > ring_.size()) seen_.erase(ring_[next_]);
  ring_[next_] = hash;
  next_ = (next_ + 1) % ring_.size();
  return true;
}

}  // namespace mlean::serving
