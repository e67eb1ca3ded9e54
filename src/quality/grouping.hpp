// Groups rows by the value of a column: the shared first step of slices and fairness. Room-internal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "types/frame.hpp"

namespace mlean::quality {

struct Group {
  std::string value;              // "(missing)" for missing
  std::vector<std::size_t> rows;  // ascending
};

// One group a value, by falling size, then name. Reals are grouped by exact value.
std::vector<Group> GroupByValue(const types::Column& column);
// Numbers and times with over `max_values` distinct values are cut at their quartiles ("[1, 3)" … "[8, 12]", ascending, missing
// last); others as above, those beyond the `max_values` largest gathered as "(other)".
std::vector<Group> GroupForSlices(const types::Column& column, std::size_t max_values);

}  // namespace mlean::quality
