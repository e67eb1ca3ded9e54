// Champion against challenger on the same rows: is the difference more than chance? Without bootstrap. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <span>

#include "quality/binary.hpp"

namespace mlean::quality {

struct PairedDifference {
  double champion = 0;
  double challenger = 0;
  double difference = 0;  // challenger − champion
  double std_error = 0;
  double z = 0;
  double p_value = 0;  // two-sided, normal. 1 when both are equal on every row; NaN when a side has no value
  double low = 0;      // 95 % confidence interval of the difference
  double high = 0;
  std::size_t rows = 0;
};

// Difference of two correlated AUCs: DeLong, DeLong and Clarke-Pearson 1988, in O(n log n) after Sun and Xu 2014. Higher is
// better.
PairedDifference CompareAuc(Labels labels, Scores champion, Scores challenger);
// Mean difference of losses by row (log-loss, squared error …): paired, normal. Lower is better.
PairedDifference CompareLosses(std::span<const double> champion, std::span<const double> challenger);

}  // namespace mlean::quality
