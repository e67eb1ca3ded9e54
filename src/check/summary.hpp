// Summary: the failed (and vacuously passed) expectations of a result in few words, for alerts, the terminal and the interface.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check/validate.hpp"
#include "codec/json.hpp"

namespace mlean::check {

struct Finding {
  std::string column;  // empty for a table expectation
  std::string rule;    // Sentence()
  Severity severity = Severity::kCritical;
  bool vacuous = false;  // passed, but on nothing
  std::string cause;     // "3 of 100 values (3 %)", "is 17.2", or the exception
  std::int64_t unexpected_count = 0;
  std::int64_t element_count = 0;
  std::vector<codec::Json> samples;  // at most 5 distinct values
};

// Failures first, in the suite's order, then vacuous passes.
std::vector<Finding> Summarize(const SuiteResult& result);
// [{column, rule, severity, vacuous, cause, unexpected_count, element_count, samples}]
codec::Json SummaryJson(const std::vector<Finding>& findings);
// "9 of 12 expectations hold; …" and one line per finding.
std::string SummaryText(const SuiteResult& result);

}  // namespace mlean::check
