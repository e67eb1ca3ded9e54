// Quoting for DuckDB SQL text. Every name and value that comes from a user or a file goes through one of these.
#pragma once

#include <string>
#include <string_view>

namespace mlean::tables {

// a"b -> "a""b". Any bytes but NUL are legal in a quoted identifier; NULs are dropped.
std::string QuoteIdentifier(std::string_view name);
// it's -> 'it''s'. NULs are dropped (DuckDB's C API takes C strings).
std::string QuoteLiteral(std::string_view text);

}  // namespace mlean::tables
