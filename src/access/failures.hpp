// Failures: how often somebody may be wrong. Each name (a user, an address) has a bucket of tries: a failure takes one, time puts
// them back. Holds at most `max_names`; beyond that the fullest buckets are forgotten first. Pure but for its memory; not
// thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mlean::access {

class Failures {
 public:
  using Time = std::chrono::steady_clock::time_point;
  Failures(double tries, std::chrono::milliseconds one_back_after, std::size_t max_names)
      : tries_(tries), one_back_after_(one_back_after), max_names_(max_names) {}

  // Zero: may try. Else the time until the next try.
  std::chrono::milliseconds Wait(std::string_view name, Time now) const;
  void Count(std::string_view name, Time now);
  std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    double left = 0;
    Time at;
  };
  double Left(const Bucket& bucket, Time now) const;
  void MakeRoom(Time now);

  double tries_;
  std::chrono::milliseconds one_back_after_;
  std::size_t max_names_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace mlean::access
