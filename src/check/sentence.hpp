// One English sentence per expectation: "'dep_delay' must be between -60 and 2000, at least 95 % of the time".
#pragma once

#include <string>

#include "check/suite.hpp"

namespace mlean::check {

// Plain text without a full stop. Pure.
std::string Sentence(const Expectation& expectation);

}  // namespace mlean::check
