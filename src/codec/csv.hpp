// CSV by RFC 4180: a reader that goes row by row over a text without copying its fields, and a writer.
//
// A leading byte order mark is skipped, rows end with LF or CRLF, a quoted field may hold separators, line ends and doubled
// quotes. Every row must have as many fields as the first; a blank line is skipped unless rows have one field. Errors are
// kInvalid "cannot read CSV: line 3 has 4 fields, not 3" (lines from 1, of the text, not rows) and kTooLarge. Not thread-safe.
//
//   CsvReader reader(text);
//   std::vector<std::string_view> row;
//   for (;;) { TRY(const bool more, reader.Next(row)); if (!more) break; … }
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mlean::codec {

struct CsvOptions {
  char separator = ',';
  std::size_t max_field_bytes = std::size_t{1} << 20;
  std::size_t max_fields = 10'000;
};

class CsvReader {
 public:
  // `text` must outlive the reader.
  explicit CsvReader(std::string_view text, const CsvOptions& options = {});

  // Reads the next row into `fields`: true, or false at the end. The views hold until the next call.
  Result<bool> Next(std::vector<std::string_view>& fields);
  // Line of the text on which the last row began.
  std::size_t line() const { return row_line_; }

 private:
  Result<std::string_view> Field();
  Result<std::string_view> QuotedField();
  bool AtRowEnd() const;

  std::string_view text_;
  CsvOptions options_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t row_line_ = 0;
  std::size_t fields_expected_ = 0;
  std::vector<std::string> unescaped_;  // fields of this row that had doubled quotes
};

// Appends one row and "\n". Fields are quoted when they hold the separator, a quote, CR or LF, or begin or end with a blank.
void AppendCsvRow(std::string& out, const std::vector<std::string>& fields, char separator = ',');

}  // namespace mlean::codec
