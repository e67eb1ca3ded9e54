#include "base/metrics.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/result.hpp"
#include "base/text.hpp"

namespace mlean {
namespace {

enum Kind : int { kCounter, kGauge, kHistogram };

bool IsName(std::string_view name, bool colons) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [colons](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (colons && c == ':');
  });
}

// Escapes for HELP texts (backslash, line feed) and, with `quotes`, for label values (the double quote too). Text that is not
// UTF-8 would make the whole page unreadable for the scraper, so such bytes become '?'.
std::string Escape(std::string_view text, bool quotes) {
  const bool ascii_only = !IsValidUtf8(text);
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += ascii_only && static_cast<unsigned char>(c) >= 0x80 ? '?' : c;
    }
  }
  return out;
}

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return FormatDouble(value);
}

// {a="x",b="y"} or {a="x",le="0.1"}; "" when there is nothing.
std::string LabelText(const std::vector<std::string>& names, const std::vector<std::string>& values, std::string_view le = {}) {
  if (names.empty() && le.empty()) return {};
  std::string out = "{";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) out += ',';
    fmt::format_to(std::back_inserter(out), "{}=\"{}\"", names[i], Escape(values[i], true));
  }
  if (!le.empty()) fmt::format_to(std::back_inserter(out), "{}le=\"{}\"", names.empty() ? "" : ",", le);
  return out + "}";
}

using Names = std::vector<std::string>;

void RenderChild(std::string& out, std::string_view name, const Names& names, const Names& values, const Counter& child) {
  fmt::format_to(std::back_inserter(out), "{}{} {}\n", name, LabelText(names, values), child.Value());
}
void RenderChild(std::string& out, std::string_view name, const Names& names, const Names& values, const Gauge& child) {
  fmt::format_to(std::back_inserter(out), "{}{} {}\n", name, LabelText(names, values), Number(child.Value()));
}
void RenderChild(std::string& out, std::string_view name, const Names& names, const Names& values, const Histogram& child) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= child.bounds().size(); ++i) {
    total += child.BucketCount(i);
    const std::string le = i < child.bounds().size() ? Number(child.bounds()[i]) : "+Inf";
    fmt::format_to(std::back_inserter(out), "{}_bucket{} {}\n", name, LabelText(names, values, le), total);
  }
  const std::string labels = LabelText(names, values);
  fmt::format_to(std::back_inserter(out), "{}_sum{} {}\n{}_count{} {}\n", name, labels, Number(child.Sum()), name, labels, total);
}

}  // namespace

const std::vector<double>& LatencyBounds() {
  static const std::vector<double> bounds = [] {
    std::vector<double> list;
    for (double bound = 1e-5; bound < 60; bound *= 1.8) {
      const double unit = std::pow(10, std::floor(std::log10(bound)) - 2);
      // The text is read back so that the bound prints in three digits, not as 0.00010499999.
      list.push_back(ParseDouble(fmt::format("{:.3g}", std::round(bound / unit) * unit)).value_or(bound));
    }
    list.push_back(60);
    return list;
  }();
  return bounds;
}

Histogram::Histogram(const std::vector<double>& bounds)
    : bounds_(&bounds), buckets_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {
  CHECK_BUG(std::is_sorted(bounds.begin(), bounds.end()));
}

void Histogram::Observe(double value) {
  if (std::isnan(value)) return;
  const auto at = std::lower_bound(bounds_->begin(), bounds_->end(), value);
  buckets_[static_cast<std::size_t>(at - bounds_->begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::Count() const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= bounds_->size(); ++i) total += BucketCount(i);
  return total;
}

double Histogram::Quantile(double p) const {
  const double total = static_cast<double>(Count());
  if (total == 0 || bounds_->empty()) return std::numeric_limits<double>::quiet_NaN();
  const double rank = std::clamp(p, 0.0, 1.0) * total;
  double below = 0;
  for (std::size_t i = 0; i < bounds_->size(); ++i) {
    const double here = static_cast<double>(BucketCount(i));
    if (here > 0 && below + here >= rank) {
      const double upper = (*bounds_)[i];
      const double lower = i == 0 ? std::min(0.0, upper) : (*bounds_)[i - 1];
      return lower + (upper - lower) * std::max(0.0, rank - below) / here;
    }
    below += here;
  }
  return bounds_->back();
}

template <class Child>
Child& Family<Child>::With(Labels labels) {
  CHECK_BUG(labels.size() == label_names_.size());
  std::vector<std::string> values;
  values.reserve(labels.size());
  for (const Label& label : labels) {
    CHECK_BUG(label.name == label_names_[values.size()]);
    values.emplace_back(label.value);
  }
  const std::lock_guard lock(mutex_);
  auto at = children_.find(values);
  if (at == children_.end() && !values.empty() && children_.size() >= max_children_) {
    if (overflow_ != nullptr) overflow_->Add();
    std::fill(values.begin(), values.end(), "other");
    at = children_.find(values);
  }
  if (at == children_.end()) at = children_.emplace(std::move(values), make_()).first;
  return *at->second;
}
template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

struct Metrics::Entry {
  std::string help;
  int kind = kCounter;
  std::vector<std::string> label_names;
  std::vector<double> bounds;  // of histograms; children borrow it
  std::unique_ptr<CounterFamily> counters;
  std::unique_ptr<GaugeFamily> gauges;
  std::unique_ptr<HistogramFamily> histograms;

  template <class Child>
  void Render(std::string& out, std::string_view name, std::string_view type, const Family<Child>& family) const {
    const std::lock_guard lock(family.mutex_);
    if (family.children_.empty()) return;
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, Escape(help, false), name, type);
    for (const auto& [values, child] : family.children_) RenderChild(out, name, label_names, values, *child);
  }
};

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

namespace {
constexpr std::string_view kOverflow = "mlean_metrics_overflow_total";
}

Metrics::Entry& Metrics::Find(std::string_view name, std::string_view help, int kind,
                              std::initializer_list<std::string_view> label_names) {
  CHECK_BUG(IsName(name, true));
  CHECK_BUG((kind == kCounter) == name.ends_with("_total"));
  for (const std::string_view label : label_names) CHECK_BUG(IsName(label, false) && label != "le" && !label.starts_with("__"));
  std::unique_ptr<Entry>& entry = entries_[std::string(name)];
  if (!entry) {
    entry = std::make_unique<Entry>();
    entry->help = help;
    entry->kind = kind;
    entry->label_names.assign(label_names.begin(), label_names.end());
  }
  CHECK_BUG(entry->kind == kind);
  CHECK_BUG(std::equal(entry->label_names.begin(), entry->label_names.end(), label_names.begin(), label_names.end()));
  return *entry;
}

CounterFamily& Metrics::Counters(std::string_view name, std::string_view help,
                                 std::initializer_list<std::string_view> label_names, std::size_t max_children) {
  Counter* overflow = nullptr;
  if (name != kOverflow) {
    overflow =
        &Counters(kOverflow, "Lookups of label values beyond the limit of a metric family.", {"family"}).With({{"family", name}});
  }
  const std::lock_guard lock(mutex_);
  Entry& entry = Find(name, help, kCounter, label_names);
  if (!entry.counters) {
    entry.counters.reset(new CounterFamily(
        entry.label_names, max_children, [] { return std::make_unique<Counter>(); }, overflow));
  }
  return *entry.counters;
}

GaugeFamily& Metrics::Gauges(std::string_view name, std::string_view help, std::initializer_list<std::string_view> label_names,
                             std::size_t max_children) {
  Counter& overflow =
      Counters(kOverflow, "Lookups of label values beyond the limit of a metric family.", {"family"}).With({{"family", name}});
  const std::lock_guard lock(mutex_);
  Entry& entry = Find(name, help, kGauge, label_names);
  if (!entry.gauges) {
    entry.gauges.reset(new GaugeFamily(
        entry.label_names, max_children, [] { return std::make_unique<Gauge>(); }, &overflow));
  }
  return *entry.gauges;
}

HistogramFamily& Metrics::Histograms(std::string_view name, std::string_view help,
                                     std::initializer_list<std::string_view> label_names, std::vector<double> bounds,
                                     std::size_t max_children) {
  Counter& overflow =
      Counters(kOverflow, "Lookups of label values beyond the limit of a metric family.", {"family"}).With({{"family", name}});
  const std::lock_guard lock(mutex_);
  Entry& entry = Find(name, help, kHistogram, label_names);
  if (!entry.histograms) {
    entry.bounds = std::move(bounds);
    if (entry.bounds.empty()) entry.bounds = LatencyBounds();
    entry.histograms.reset(new HistogramFamily(
        entry.label_names, max_children, [&entry] { return std::make_unique<Histogram>(entry.bounds); }, &overflow));
  }
  return *entry.histograms;
}

void Metrics::BeforeRender(std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  hooks_.push_back(std::move(hook));
}

std::string Metrics::RenderPrometheus() const {
  std::vector<std::function<void()>> hooks;
  {
    const std::lock_guard lock(mutex_);
    hooks = hooks_;
  }
  for (const auto& hook : hooks) hook();  // without the lock: a hook may look up a child
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, entry] : entries_) {
    if (entry->counters) entry->Render(out, name, "counter", *entry->counters);
    if (entry->gauges) entry->Render(out, name, "gauge", *entry->gauges);
    if (entry->histograms) entry->Render(out, name, "histogram", *entry->histograms);
  }
  return out;
}

}  // namespace mlean
