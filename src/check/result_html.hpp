// A result as one self-contained HTML page (no script, no network): statistics, then per column one row per expectation with
// its sentence, what was observed, and a table of sampled offending values. Size does not depend on the number of rows.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "check/validate.hpp"

namespace mlean::check {

// `subject` names the data ("data/flights.csv"). All text from outside is escaped.
std::string ResultHtml(const SuiteResult& result, std::string_view subject, TimeMs now);

}  // namespace mlean::check
