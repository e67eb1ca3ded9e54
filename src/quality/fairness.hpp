// Group fairness of yes/no decisions, as fairlearn defines it (between groups, worst case).
//
//   demographic parity  difference = max − min of selection rate over groups; ratio = min / max
//   equalised odds      difference = max(Δ true positive rate, Δ false positive rate); ratio = min of the two ratios
// Groups under the minimum size are listed and left out of the comparison, because a rate over a few rows says nothing. With
// under two groups left, or 0/0, a figure is NaN: "not enough data", to be treated as a failed gate. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "quality/binary.hpp"
#include "types/frame.hpp"

namespace mlean::quality {

struct FairnessOptions {
  std::size_t min_group_rows = 30;
};

struct GroupRates {
  std::string group;  // the value as text; "(missing)"
  std::size_t rows = 0;
  std::size_t positives = 0;
  double selection_rate = 0;  // P(selected)
  double tpr = 0;             // P(selected | positive); NaN without positives
  double fpr = 0;             // P(selected | negative); NaN without negatives
  bool compared = false;      // large enough to count
};

struct FairnessReport {
  std::vector<GroupRates> groups;  // by falling row count, then name
  double dp_difference = 0;
  double dp_ratio = 0;
  double eo_difference = 0;
  double eo_ratio = 0;
  double equal_opportunity_difference = 0;  // Δ true positive rate alone
};

// `selected[i]` is 1 when the decision is yes (score >= threshold). All three have equal length (CHECK_BUG). `groups` is text,
// bool or int; more than 1000 distinct values are all reported but that is seldom meant.
FairnessReport Fairness(Labels labels, Labels selected, const types::Column& groups, const FairnessOptions& options = {});

}  // namespace mlean::quality
