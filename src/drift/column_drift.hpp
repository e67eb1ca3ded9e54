// Drift of one column: score, verdict and the small pictures of a report. Numbers are Evidently's (formulas with their sources
// in distances.cpp and hypothesis_tests.cpp), held equal to the real package by tests.
//
// Choice of method when none is asked (n = kept reference rows, k = distinct kept values of both sides together):
//                        n <= 1000                        n > 1000
//   numeric, k > 5       ks                               wasserstein
//   else                 chisquare if k > 2, else z       jensenshannon
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "drift/methods.hpp"
#include "drift/reference_profile.hpp"
#include "types/frame.hpp"

namespace mlean::drift {

struct ColumnOptions {
  std::optional<Method> method;     // none: chosen as above
  std::optional<double> threshold;  // none: the method's
  std::optional<ColumnType> type;   // none: DefaultType(reference)
  std::size_t min_rows = 1;         // fewer kept rows on either side: not_enough_data
  std::size_t max_categories = 10;  // of a picture; the rest is added up as "(other)"
};

enum class Verdict : std::uint8_t { kStable, kDrifted, kNotEnoughData };
std::string_view VerdictName(Verdict verdict);  // "stable" "drifted" "not_enough_data"

// Numeric: 11 `edges` of 10 bins. Categorical: `labels`, most frequent in the reference first, "(other)" last.
// Shares add up to 1 per side (0 for an empty side).
struct Picture {
  std::vector<double> edges;
  std::vector<std::string> labels;
  std::vector<double> reference;
  std::vector<double> current;
};

// Evidently's `small_distribution`. Numeric: 10 bins over the side's own range, x = 11 edges, y = 10 densities.
// Categorical: labels sorted by value, y = counts.
struct SmallDistribution {
  std::vector<double> x;
  std::vector<std::string> labels;
  std::vector<double> y;
};

struct ColumnDrift {
  std::string name;
  ColumnType type = ColumnType::kNumeric;
  Method method = Method::kKs;
  double threshold = 0;
  double score = 0;                  // p-value or distance; NaN when not enough data
  std::optional<double> adjusted_p;  // Benjamini-Hochberg over the data set, when asked
  Verdict verdict = Verdict::kNotEnoughData;
  std::size_t reference_rows = 0;  // kept after cleaning
  std::size_t current_rows = 0;
  double reference_missing_share = 0;  // of all rows
  double current_missing_share = 0;
  double reference_mean = 0;  // numeric; else NaN
  double current_mean = 0;
  std::vector<std::string> new_categories;  // categorical: values the reference never had, at most 10
  Picture picture;                          // both sides on common bins
  SmallDistribution small_reference;
  SmallDistribution small_current;
};

// Errors: kInvalid when the method asked for does not fit the column ("cannot compare column 'x' by 'z': it has 7 distinct
// values, the test takes at most 2", "… 'ks' needs a numeric column").
Result<ColumnDrift> Compare(const types::Column& reference, const types::Column& current, const ColumnOptions& options = {});
Result<ColumnDrift> CompareColumnProfiles(const ColumnProfile& reference, const ColumnProfile& current,
                                          const ColumnOptions& options = {});

// The score alone, of sides that are not empty.
Result<double> DriftScore(Method method, const ColumnProfile& reference, const ColumnProfile& current);
Method DefaultMethod(const ColumnProfile& reference, const ColumnProfile& current);

}  // namespace mlean::drift
