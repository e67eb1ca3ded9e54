// Result documents as Great Expectations writes them: 1.x (`ge`) and 0.18 (`ge0`).
#pragma once

#include <string>

#include "base/clock.hpp"
#include "check/validate.hpp"
#include "codec/json.hpp"

namespace mlean::check {

struct ResultJsonOptions {
  enum class Layout : std::uint8_t { kGe1, kGe0 };
  Layout layout = Layout::kGe1;
  ResultFormat result_format = ResultFormat::kSummary;
  std::size_t partial_unexpected_count = 20;
  TimeMs now = 0;        // run_time and validation_time
  std::string run_name;  // null when empty
};

// {success, results, statistics, meta, suite_name …}. Members and their order as the real package's to_json_dict().
codec::Json ResultJson(const SuiteResult& result, const ResultJsonOptions& options);
// The `result` member of one item: also used by our own JSON, HTML and summary.
codec::Json ItemResultJson(const ItemResult& item, ResultFormat format, std::size_t partial_unexpected_count);

// Our own layout, for --json: {success, suite, rows, passed, failed, warnings, findings, items: [{type, column, rule, success,
// vacuous, severity, result, exception, meta}]}.
codec::Json OwnResultJson(const SuiteResult& result);

}  // namespace mlean::check
