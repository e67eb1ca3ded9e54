#include "codec/csv.hpp"

// Rows that were read, written and read again are the same rows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mlean::codec::CsvReader;
  CsvReader reader({reinterpret_cast<const char*>(data), size}, {.max_field_bytes = 1000, .max_fields = 50});
  std::vector<std::string_view> row;
  std::vector<std::vector<std::string>> rows;
  std::string text;
  for (;;) {
    const auto more = reader.Next(row);
    if (!more || !*more) break;
    rows.emplace_back(row.begin(), row.end());
    mlean::codec::AppendCsvRow(text, rows.back());
  }
  CsvReader again(text);
  for (const auto& expected : rows) {
    const auto more = again.Next(row);
    CHECK_BUG(more && *more);
    CHECK_BUG(std::vector<std::string>(row.begin(), row.end()) == expected);
  }
  return 0;
}
