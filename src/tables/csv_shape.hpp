// CsvShape: what must be known of a CSV before DuckDB reads it, and what is wrong with one it could not read. Private to this
// room; uncompressed files only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::tables {

// The separator of this header line: ',' unless the line has none and has ';', a tab or '|'. Quoted fields are skipped.
char GuessDelimiter(std::string_view header);

// The first line, without its line end and byte-order mark, at most 1 MB. Errors: kInvalid when the file is empty, kIo.
Result<std::string> FirstLine(const std::string& path);

// Where the file breaks the rules of RFC 4180: "line 3: expected 2 fields, found 3", "line 7: a quote is left open"; "" when it
// does not. Reads the file once.
std::string FindRagged(const std::string& path, char delimiter);

}  // namespace mlean::tables
