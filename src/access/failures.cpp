#include "access/failures.hpp"

#include <algorithm>

namespace mlean::access {

double Failures::Left(const Bucket& bucket, Time now) const {
  const double back = std::chrono::duration<double>(now - bucket.at) / one_back_after_;
  return std::min(tries_, bucket.left + std::max(back, 0.0));
}

std::chrono::milliseconds Failures::Wait(std::string_view name, Time now) const {
  const auto at = buckets_.find(std::string(name));
  if (at == buckets_.end()) return std::chrono::milliseconds(0);
  const double left = Left(at->second, now);
  if (left >= 1) return std::chrono::milliseconds(0);
  return std::chrono::ceil<std::chrono::milliseconds>((1 - left) * std::chrono::duration<double, std::milli>(one_back_after_));
}

void Failures::Count(std::string_view name, Time now) {
  const std::string key(name);
  auto at = buckets_.find(key);
  if (at == buckets_.end()) {
    if (buckets_.size() >= max_names_) MakeRoom(now);
    at = buckets_.emplace(key, Bucket{tries_, now}).first;
  }
  at->second = {std::max(0.0, Left(at->second, now) - 1), now};
}

// Forgets those who have all their tries back; when that are none, the one who is nearest to it.
void Failures::MakeRoom(Time now) {
  const std::size_t before = buckets_.size();
  auto fullest = buckets_.begin();
  for (auto at = buckets_.begin(); at != buckets_.end();) {
    if (Left(at->second, now) >= tries_) {
      at = buckets_.erase(at);
      continue;
    }
    if (buckets_.size() == before && Left(at->second, now) > Left(fullest->second, now)) fullest = at;
    ++at;
  }
  if (buckets_.size() == before && before > 0) buckets_.erase(fullest);
}

}  // namespace mlean::access
