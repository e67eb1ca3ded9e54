// LiveWindow: what one variant does right now: requests, errors, latencies and scores, over a sliding window and since the start.
//
// Any thread may record and read at any time: one mutex held for some ten nanoseconds (a request records once). Time is the
// caller's monotonic milliseconds, so tests and the simulator can turn it; a time before the newest one seen counts as the
// newest. The window consists of N slices; one slice is dropped at a time, so it spans between N-1 and N slices.
//
//   LiveWindow window({.span_ms = 60'000, .slices = 12});
//   window.Record({.now_ms = now, .latency_us = 830, .error = false, .score = 0.31});
//   window.Window(now).error_rate;  window.Total().requests;
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

namespace mlean::rollout {

// Count, mean and sum of squared deviations of a series (Welford; merged by Chan's formula).
struct Moments {
  std::int64_t count = 0;
  double mean = 0;
  double m2 = 0;

  void Add(double x);
  void Merge(const Moments& other);
  double Variance() const { return count > 1 ? m2 / static_cast<double>(count - 1) : 0; }  // unbiased
};

// Counts in latency classes from 10 µs to 60 s, each 1.3 times as wide as the one before; below and above are classes of their
// own.
class LatencyHistogram {
 public:
  static constexpr std::size_t kClasses = 62;

  static std::size_t ClassOf(std::int64_t latency_us);
  // Upper edge of a class in microseconds; the last class ends at infinity.
  static double UpperEdgeUs(std::size_t index);

  void Add(std::size_t index) { ++counts_[index]; }
  void Merge(const LatencyHistogram& other);
  // The latency below which the share `q` of all counts lies, interpolated in its class (so at most 30 % off); 0 without counts.
  double QuantileUs(double q) const;
  const std::array<std::uint64_t, kClasses>& counts() const { return counts_; }

 private:
  std::array<std::uint64_t, kClasses> counts_{};
};

struct Request {
  std::int64_t now_ms = 0;      // monotonic
  std::int64_t latency_us = 0;  // negative counts as 0
  bool error = false;
  double score = std::numeric_limits<double>::quiet_NaN();  // the model's answer where it is one number; NaN: none
};

struct Snapshot {
  std::int64_t since_ms = 0;  // monotonic time of the first request that counts; 0 without requests
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  double error_rate = 0;  // errors / requests; 0 without requests
  Moments latency_ms;
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;
  Moments score;
};

struct LiveWindowOptions {
  std::int64_t span_ms = 60'000;
  int slices = 12;
};

class LiveWindow {
 public:
  explicit LiveWindow(const LiveWindowOptions& options = {});

  void Record(const Request& request);
  // The last span up to `now_ms`.
  Snapshot Window(std::int64_t now_ms) const;
  // Everything since the start or the last Reset.
  Snapshot Total() const;
  // Starts again from nothing: a new rollout, or a new step whose evidence stands alone.
  void Reset();

 private:
  struct Slice {
    std::int64_t number = -1;  // now_ms / slice length; -1: empty
    std::int64_t first_ms = 0;
    std::int64_t requests = 0;
    std::int64_t errors = 0;
    Moments latency_ms;
    Moments score;
    LatencyHistogram histogram;

    void Add(const Request& request, std::size_t latency_class);
    void Merge(const Slice& other);
    Snapshot ToSnapshot() const;
  };

  const std::int64_t slice_ms_;
  mutable std::mutex mutex_;
  std::vector<Slice> slices_;   // ring by slice number, guarded by mutex_
  Slice total_;                 // guarded by mutex_
  std::int64_t newest_ms_ = 0;  // guarded by mutex_
};

}  // namespace mlean::rollout
