// A drift comparison as one HTML file to send: no script, nothing loaded from elsewhere, light and dark. Its size depends on the
// number of columns only: pictures are inline SVG of at most 11 bars.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "flows/compare_data.hpp"

namespace mlean::flows {

std::string DriftHtml(const DataDrift& result, TimeMs now);

}  // namespace mlean::flows
