// SortAscending: radix sort of finite doubles, 5 to 8 times std::sort at a million values. Room-internal.
#pragma once

#include <vector>

namespace mlean::drift {

// NaN is not allowed. −0 becomes 0, so equal values have equal bits.
void SortAscending(std::vector<double>& values);

}  // namespace mlean::drift
