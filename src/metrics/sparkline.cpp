#include "metrics/sparkline.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mlean::metrics {

std::string Sparkline(const std::vector<double>& values) {
  static constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.size() < 2) return {};
  double least = std::numeric_limits<double>::infinity();
  double greatest = -least;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  std::string out;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      out += ' ';
      continue;
    }
    // Halves first: the distance of two doubles may be no double.
    const double height = greatest > least ? (value / 2 - least / 2) / (greatest / 2 - least / 2) : 0.5;
    out += kBlocks[std::clamp(static_cast<int>(height * 7.999), 0, 7)];
  }
  return out;
}

}  // namespace mlean::metrics
