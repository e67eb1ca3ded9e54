// A curve in one line of text: "▁▂▄▆█".
#pragma once

#include <string>
#include <vector>

namespace mlean::metrics {

// One block a value, from the least (▁) to the greatest (█); a value that is no number is a blank. Equal values are a line in the
// middle. "" for less than two values. Pure.
std::string Sparkline(const std::vector<double>& values);

}  // namespace mlean::metrics
