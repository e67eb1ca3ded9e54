// Metrics: counters, gauges and histograms of one process, rendered for Prometheus. A registry is an object passed by reference.
//
// A family has a name, a help text and a fixed list of label names; a child is one combination of label values. Look a child up
// once (a lock and a search) and keep the reference: it lives as long as the registry, and updating it is lock-free. A family
// holds at most `max_children`; a combination beyond that lands in the child whose values are all "other" and is counted in
// mlean_metrics_overflow_total{family}. Names, help and label names are ours (a bad one is a bug and aborts); label values may be
// foreign text. Everything is thread-safe.
//
//   CounterFamily& requests = metrics.Counters("mlean_requests_total", "Requests answered.", {"model"});
//   Counter& counter = requests.With({{"model", name}});      // once
//   counter.Add();                                            // hot path
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mlean {

struct Label {
  std::string_view name;
  std::string_view value;
};
using Labels = std::initializer_list<Label>;

// Only grows.
class alignas(64) Counter {
 public:
  void Add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

class alignas(64) Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double by) { value_.fetch_add(by, std::memory_order_relaxed); }
  double Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

// Upper bounds in seconds for latencies: 10 µs, then each 1.8 times the last (rounded to three digits), up to 60 s.
const std::vector<double>& LatencyBounds();

class Histogram {
 public:
  // `bounds` are ascending upper bounds (inclusive); a bucket for everything above is added. Borrowed: must outlive this.
  explicit Histogram(const std::vector<double>& bounds);

  // NaN is ignored.
  void Observe(double value);
  std::uint64_t Count() const;
  double Sum() const { return sum_.load(std::memory_order_relaxed); }
  // Estimate of the p-quantile (0 ≤ p ≤ 1), linear inside the bucket as Prometheus' histogram_quantile; the last bound when it
  // lies above all bounds; NaN when nothing was observed.
  double Quantile(double p) const;

  const std::vector<double>& bounds() const { return *bounds_; }
  // Observations in bucket `index` alone (not cumulative), 0 ≤ index ≤ bounds().size().
  std::uint64_t BucketCount(std::size_t index) const { return buckets_[index].load(std::memory_order_relaxed); }

 private:
  const std::vector<double>* bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;  // bounds_->size() + 1
  std::atomic<double> sum_ = 0;
};

template <class Child>
class Family {
 public:
  // The labels must be the family's, by name and in order; anything else is a bug and aborts.
  Child& With(Labels labels);
  // The only child of a family without labels.
  Child& Only() { return With({}); }

 private:
  friend class Metrics;
  Family(std::vector<std::string> label_names, std::size_t max_children, std::function<std::unique_ptr<Child>()> make,
         Counter* overflow)
      : label_names_(std::move(label_names)), max_children_(max_children), make_(std::move(make)), overflow_(overflow) {}

  std::vector<std::string> label_names_;
  std::size_t max_children_;
  std::function<std::unique_ptr<Child>()> make_;
  Counter* overflow_;  // null: not counted
  mutable std::mutex mutex_;
  std::map<std::vector<std::string>, std::unique_ptr<Child>, std::less<>> children_;  // guarded by mutex_; sorted for rendering
};
using CounterFamily = Family<Counter>;
using GaugeFamily = Family<Gauge>;
using HistogramFamily = Family<Histogram>;

class Metrics {
 public:
  static constexpr std::size_t kMaxChildren = 1000;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Make a family, or return the one of that name (which must be of the same kind and labels). Names of counters end in "_total".
  CounterFamily& Counters(std::string_view name, std::string_view help, std::initializer_list<std::string_view> label_names = {},
                          std::size_t max_children = kMaxChildren);
  GaugeFamily& Gauges(std::string_view name, std::string_view help, std::initializer_list<std::string_view> label_names = {},
                      std::size_t max_children = kMaxChildren);
  // `bounds` empty means LatencyBounds(); the bounds of the first call for a name count.
  HistogramFamily& Histograms(std::string_view name, std::string_view help,
                              std::initializer_list<std::string_view> label_names = {}, std::vector<double> bounds = {},
                              std::size_t max_children = kMaxChildren);

  // Called at the start of every RenderPrometheus(), to set gauges that are read rather than kept (memory, queue lengths).
  void BeforeRender(std::function<void()> hook);

  // Text exposition format 0.0.4 (content type kPrometheusType), families and children sorted. Families without children are left
  // out.
  std::string RenderPrometheus() const;

 private:
  struct Entry;
  Entry& Find(std::string_view name, std::string_view help, int kind, std::initializer_list<std::string_view> label_names);

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;  // guarded by mutex_
  std::vector<std::function<void()>> hooks_;                            // guarded by mutex_
};

inline constexpr std::string_view kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace mlean
