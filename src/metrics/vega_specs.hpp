// The built-in Vega-Lite v5 templates as JSON texts. Our own, written to draw what DVC's templates of the same names draw.
#pragma once

#include <string_view>
#include <utility>

namespace mlean::metrics {

inline constexpr std::size_t kVegaSpecs = 9;
// Name and JSON text, in the order of `plots templates`.
extern const std::pair<std::string_view, std::string_view> kVegaSpecTexts[kVegaSpecs];

}  // namespace mlean::metrics
