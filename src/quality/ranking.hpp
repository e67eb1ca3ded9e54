// Order: scores sorted from low to high with their labels beside them, the shared first step of AUC, average precision and KS.
// Radix sort on the order-preserving bits of a double: 5 to 8 times std::sort at a million rows. Room-internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "quality/binary.hpp"

namespace mlean::quality {

struct Ranked {
  std::uint64_t key = 0;  // order-preserving image of the score; equal scores have equal keys (−0 counts as 0)
  std::uint32_t row = 0;  // where it came from
  std::uint32_t label = 0;
};

// Ascending by score. Scores must not be NaN; at most 2^32 − 1 rows (CHECK_BUG).
std::vector<Ranked> SortByScore(Labels labels, Scores scores);

}  // namespace mlean::quality
