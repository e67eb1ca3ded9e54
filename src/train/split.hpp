// Time-ordered splits: train on the past, judge on the future. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "types/frame.hpp"

namespace mlean::train {

// Row indices in time order; rows of one instant keep their order and stay in one part.
struct TimeSplit {
  std::vector<std::size_t> train;
  std::vector<std::size_t> valid;
  std::vector<std::size_t> test;
  std::int64_t valid_from = 0;  // time of the first row of valid (of what follows train when valid is empty)
  std::int64_t test_from = 0;
};

// The last `test_fraction` of the rows is test, the `valid_fraction` before it valid; a cut that would fall inside one instant
// moves to its beginning. The column is a time or whole numbers. Errors: kNotFound the column; kInvalid no such kind, missing
// times, fractions outside [0, 1) or adding up to 1 or more, and a part with a fraction > 0 that stays empty.
Result<TimeSplit> SplitByTime(const types::Frame& frame, std::string_view time_column, double valid_fraction,
                              double test_fraction);

// The rows named, in that order. An index out of range is a bug.
types::Frame TakeRows(const types::Frame& frame, std::span<const std::size_t> rows);

}  // namespace mlean::train
