// ExpTable: the table of `dvc exp show`: a row for the work tree, each commit and each experiment; columns for metrics, params
// and the hashes of dependencies. Texts as DVC's when piped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/json.hpp"
#include "flows/data/exp_show.hpp"

namespace mlean::flows {

enum class ExpTableStyle : std::uint8_t { kText, kMarkdown, kCsv };

struct ExpTableOptions {
  ExpTableStyle style = ExpTableStyle::kText;
  std::optional<int> precision;   // of CSV: significant digits; none: all. The others show 5
  bool only_changed = false;      // leave out columns with one value in all rows
  std::vector<std::string> keep;  // regular expressions: columns that stay in any case
  std::vector<std::string> drop;  // regular expressions: columns that go
  std::string sort_by;            // a metric or parameter, "name" or "file:name"; "": the newest first
  bool descending = false;
  std::int64_t now = 0;  // seconds since 1970: times of today are shown without the date
};

// Ready to print. kInvalid "Unknown sort column 'x'", "Ambiguous sort column 'x' matched '…'", or an expression that is none.
Result<std::string> ExperimentsTable(std::vector<ExpState> states, const ExpTableOptions& options);

// A value in a cell: Python's str, floats with so many significant digits.
std::string CellText(const codec::Json& value, std::optional<int> precision);

}  // namespace mlean::flows
