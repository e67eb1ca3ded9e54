// SQL text of names and values for DuckDB, by column kind. Private to this room.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "check/table_source.hpp"
#include "codec/json.hpp"

namespace mlean::check {

std::string Ident(std::string_view name);
std::string Quote(std::string_view text);

// The value as a literal that compares with the column: numbers for number columns (bools count as 0 and 1, as in Python),
// ISO times for time columns, strings for text. kInvalid when the kinds do not fit: "'abc' is no number".
Result<std::string> Literal(const SourceColumn& column, const codec::Json& value);

// "x IN (…)" over the members that fit the column; the others can never be equal and drop out. "false" when none is left.
// Null members are ignored: nulls are never checked.
std::string InSet(const SourceColumn& column, const codec::Json::Array& values);

// The column as Python's str() would print it.
std::string AsText(const SourceColumn& column);

bool IsNumber(types::Kind kind);  // kReal, kInt, kBool

}  // namespace mlean::check
