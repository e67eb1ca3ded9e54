#include "quality/fairness.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/result.hpp"
#include "quality/grouping.hpp"

namespace mlean::quality {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double Ratio(double part, double whole) { return whole == 0 ? kNan : part / whole; }

struct Spread {
  double difference = kNan;
  double ratio = kNan;
};

// NaN when a compared group has no rate, or fewer than two groups are compared.
Spread SpreadOf(const std::vector<GroupRates>& groups, double GroupRates::*rate) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  std::size_t compared = 0;
  for (const GroupRates& group : groups) {
    if (!group.compared) continue;
    if (std::isnan(group.*rate)) return {};
    low = std::min(low, group.*rate);
    high = std::max(high, group.*rate);
    ++compared;
  }
  if (compared < 2) return {};
  return {.difference = high - low, .ratio = Ratio(low, high)};
}

// NaN if either is: an unknown rate must not hide behind a known one.
double Worst(double a, double b, bool larger) {
  if (std::isnan(a) || std::isnan(b)) return kNan;
  return larger ? std::max(a, b) : std::min(a, b);
}

}  // namespace

FairnessReport Fairness(Labels labels, Labels selected, const types::Column& groups, const FairnessOptions& options) {
  CHECK_BUG(labels.size() == selected.size() && labels.size() == groups.size());
  FairnessReport report;
  for (const Group& group : GroupByValue(groups)) {
    double hits[2] = {};  // selected, by label
    double rows[2] = {};
    for (const std::size_t row : group.rows) {
      const std::size_t label = labels[row] != 0 ? 1 : 0;
      rows[label] += 1;
      hits[label] += selected[row] != 0 ? 1 : 0;
    }
    report.groups.push_back({.group = group.value,
                             .rows = group.rows.size(),
                             .positives = static_cast<std::size_t>(rows[1]),
                             .selection_rate = Ratio(hits[0] + hits[1], rows[0] + rows[1]),
                             .tpr = Ratio(hits[1], rows[1]),
                             .fpr = Ratio(hits[0], rows[0]),
                             .compared = group.rows.size() >= options.min_group_rows});
  }
  const Spread selection = SpreadOf(report.groups, &GroupRates::selection_rate);
  const Spread tpr = SpreadOf(report.groups, &GroupRates::tpr);
  const Spread fpr = SpreadOf(report.groups, &GroupRates::fpr);
  report.dp_difference = selection.difference;
  report.dp_ratio = selection.ratio;
  report.eo_difference = Worst(tpr.difference, fpr.difference, true);
  report.eo_ratio = Worst(tpr.ratio, fpr.ratio, false);
  report.equal_opportunity_difference = tpr.difference;
  return report;
}

}  // namespace mlean::quality
