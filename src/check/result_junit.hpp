// A result as JUnit XML for CI servers: one test case per expectation, class name = suite.column.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "check/validate.hpp"

namespace mlean::check {

std::string ResultJunit(const SuiteResult& result, std::string_view subject, TimeMs now);

}  // namespace mlean::check
