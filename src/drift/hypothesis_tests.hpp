// Hypothesis tests: p-values that both samples come from one distribution, as scipy computes them the way Evidently calls it.
// Both sides have rows. Each numeric test needs numeric profiles, each count test works on the distinct values. Room-internal.
//
// Errors: kInvalid "it needs at least 5 values on each side", without naming the column: the caller adds it.
#pragma once

#include "base/result.hpp"
#include "drift/reference_profile.hpp"

namespace mlean::drift {

// Numeric.
double KsStatistic(const ColumnProfile& reference, const ColumnProfile& current);  // sup |F − G|
Result<double> KsTest(const ColumnProfile& reference, const ColumnProfile& current);
Result<double> TTest(const ColumnProfile& reference, const ColumnProfile& current);        // Student, equal variances
Result<double> MannWhitney(const ColumnProfile& reference, const ColumnProfile& current);  // reference tends to be less
Result<double> EppsSingleton(const ColumnProfile& reference, const ColumnProfile& current);
Result<double> AndersonDarling(const ColumnProfile& reference, const ColumnProfile& current);
Result<double> CramerVonMises(const ColumnProfile& reference, const ColumnProfile& current);

// Counts.
Result<double> ChiSquare(const ColumnProfile& reference, const ColumnProfile& current);
Result<double> GTest(const ColumnProfile& reference, const ColumnProfile& current);  // expected rescaled to the current size
Result<double> ZTest(const ColumnProfile& reference, const ColumnProfile& current);  // share of the first value by order
Result<double> FisherExact(const ColumnProfile& reference, const ColumnProfile& current);
Result<double> TotalVariation(const ColumnProfile& reference, const ColumnProfile& current);

}  // namespace mlean::drift
