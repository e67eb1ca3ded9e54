// row_condition as SQL. Two forms are read:
// - text, as pandas.query and GE's own parser take it: comparisons == != < <= > >= of a column with a literal or another column,
//   `in [..]` and `not in [..]`, .isnull() .notnull() .isna() .notna() .notNull(), joined by and/&, or/|, not/~ and parentheses;
//   columns bare, in backticks or as col("name");
// - objects of GE 1.x: {type: comparison | nullity | and | or | pass_through, column, operator, parameter}, at most 100 terms.
// As in pandas, a comparison with a missing value is false and != with one is true. Other syntax is kUnsupported.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "check/table_source.hpp"
#include "codec/json.hpp"

namespace mlean::check {

// "" for null and for an empty text. Errors: kInvalid, kUnsupported, kNotFound for an unknown column.
Result<std::string> ConditionSql(const codec::Json& row_condition, const std::vector<SourceColumn>& columns);

// The condition in words, for reports.
std::string ConditionText(const codec::Json& row_condition);

// The column of this name; kNotFound "no such column 'x'" with the nearest name as fix.
Result<const SourceColumn*> FindColumn(const std::vector<SourceColumn>& columns, std::string_view name);

}  // namespace mlean::check
