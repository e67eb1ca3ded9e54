// Counts: both sides of a comparison as counts over common keys (values or bins), from prepared profiles. Room-internal.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "drift/reference_profile.hpp"

namespace mlean::drift {

struct Counts {
  std::vector<double> reference;
  std::vector<double> current;
  double reference_total = 0;
  double current_total = 0;
};

// One key a distinct value of either side, ascending. Counts of a sampled profile are scaled up to its row count.
Counts CountValues(const ColumnProfile& reference, const ColumnProfile& current);
// Counts of sorted values in the bins of `edges`: [e0, e1) … the last one closed. Values outside are not counted.
std::vector<double> CountBins(std::span<const double> sorted, std::span<const double> edges);
// The bins psi, kl_div and jensenshannon share: numeric with over 20 distinct reference values is cut into Sturges bins of both
// sides together, anything else into values.
Counts CountShared(const ColumnProfile& reference, const ColumnProfile& current);

// numpy.histogram_bin_edges(…, "sturges") of `count` values between low and high.
std::vector<double> SturgesEdges(double low, double high, double count);
// numpy.linspace(low, high, bins + 1), widened by ½ on both sides when low = high.
std::vector<double> EqualEdges(double low, double high, std::size_t bins);

std::size_t Distinct(std::span<const double> sorted);
// Distinct values of both sides together; stops counting at `limit`.
std::size_t DistinctTogether(const ColumnProfile& reference, const ColumnProfile& current, std::size_t limit);

}  // namespace mlean::drift
