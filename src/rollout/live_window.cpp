#include "rollout/live_window.hpp"

#include <algorithm>
#include <cmath>

namespace mlean::rollout {
namespace {

constexpr double kFirstEdgeUs = 10;
constexpr double kRatio = 1.3;
constexpr double kLastEdgeUs = 60e6;

// Upper edges of all classes but the last: 10 µs, 13 µs, … 60 s.
constexpr std::array<double, LatencyHistogram::kClasses - 1> MakeEdges() {
  std::array<double, LatencyHistogram::kClasses - 1> edges{};
  double edge = kFirstEdgeUs;
  for (double& e : edges) {
    e = std::min(edge, kLastEdgeUs);
    edge *= kRatio;
  }
  return edges;
}

constexpr std::array<double, LatencyHistogram::kClasses - 1> kEdges = MakeEdges();

}  // namespace

void Moments::Add(double x) {
  ++count;
  const double delta = x - mean;
  mean += delta / static_cast<double>(count);
  m2 += delta * (x - mean);
}

void Moments::Merge(const Moments& other) {
  if (other.count == 0) return;
  const auto n = static_cast<double>(count);
  const auto m = static_cast<double>(other.count);
  const double delta = other.mean - mean;
  mean += delta * m / (n + m);
  m2 += other.m2 + delta * delta * n * m / (n + m);
  count += other.count;
}

std::size_t LatencyHistogram::ClassOf(std::int64_t latency_us) {
  return static_cast<std::size_t>(std::lower_bound(kEdges.begin(), kEdges.end(), static_cast<double>(latency_us)) -
                                  kEdges.begin());
}

double LatencyHistogram::UpperEdgeUs(std::size_t index) {
  return index < kEdges.size() ? kEdges[index] : std::numeric_limits<double>::infinity();
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < kClasses; ++i) counts_[i] += other.counts_[i];
}

double LatencyHistogram::QuantileUs(double q) const {
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts_) all += count;
  if (all == 0) return 0;
  const double wanted = std::clamp(q, 0.0, 1.0) * static_cast<double>(all);
  double below = 0;
  for (std::size_t i = 0; i < kClasses; ++i) {
    const auto count = static_cast<double>(counts_[i]);
    if (count > 0 && below + count >= wanted) {
      if (i >= kEdges.size()) return kLastEdgeUs;
      const double lower = i == 0 ? 0 : kEdges[i - 1];
      return lower + (kEdges[i] - lower) * (wanted - below) / count;
    }
    below += count;
  }
  return kLastEdgeUs;
}

LiveWindow::LiveWindow(const LiveWindowOptions& options)
    : slice_ms_(std::max<std::int64_t>(1, options.span_ms / std::max(1, options.slices))),
      slices_(static_cast<std::size_t>(std::max(1, options.slices))) {}

void LiveWindow::Slice::Add(const Request& request, std::size_t latency_class) {
  if (requests == 0) first_ms = request.now_ms;
  ++requests;
  if (request.error) ++errors;
  latency_ms.Add(static_cast<double>(request.latency_us) / 1000);
  if (!std::isnan(request.score)) score.Add(request.score);
  histogram.Add(latency_class);
}

void LiveWindow::Slice::Merge(const Slice& other) {
  if (other.requests == 0) return;
  first_ms = requests == 0 ? other.first_ms : std::min(first_ms, other.first_ms);
  requests += other.requests;
  errors += other.errors;
  latency_ms.Merge(other.latency_ms);
  score.Merge(other.score);
  histogram.Merge(other.histogram);
}

Snapshot LiveWindow::Slice::ToSnapshot() const {
  Snapshot out;
  out.since_ms = first_ms;
  out.requests = requests;
  out.errors = errors;
  out.error_rate = requests > 0 ? static_cast<double>(errors) / static_cast<double>(requests) : 0;
  out.latency_ms = latency_ms;
  out.p50_ms = histogram.QuantileUs(0.50) / 1000;
  out.p95_ms = histogram.QuantileUs(0.95) / 1000;
  out.p99_ms = histogram.QuantileUs(0.99) / 1000;
  out.score = score;
  return out;
}

void LiveWindow::Record(const Request& given) {
  Request request = given;
  request.latency_us = std::max<std::int64_t>(0, request.latency_us);
  const std::size_t latency_class = LatencyHistogram::ClassOf(request.latency_us);
  const std::lock_guard lock(mutex_);
  newest_ms_ = std::max(newest_ms_, request.now_ms);
  request.now_ms = newest_ms_;
  const std::int64_t number = newest_ms_ / slice_ms_;
  Slice& slice = slices_[static_cast<std::size_t>(number) % slices_.size()];
  if (slice.number != number) {
    slice = Slice{};
    slice.number = number;
  }
  slice.Add(request, latency_class);
  total_.Add(request, latency_class);
}

Snapshot LiveWindow::Window(std::int64_t now_ms) const {
  Slice sum;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t last = std::max(now_ms, newest_ms_) / slice_ms_;
    for (const Slice& slice : slices_) {
      if (slice.number > last - static_cast<std::int64_t>(slices_.size())) sum.Merge(slice);
    }
  }
  return sum.ToSnapshot();
}

Snapshot LiveWindow::Total() const {
  const auto copy = [this] {
    const std::lock_guard lock(mutex_);
    return total_;
  };
  return copy().ToSnapshot();
}

void LiveWindow::Reset() {
  const std::lock_guard lock(mutex_);
  std::fill(slices_.begin(), slices_.end(), Slice{});
  total_ = Slice{};
}

}  // namespace mlean::rollout
