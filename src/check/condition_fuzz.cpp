// row_condition texts: never crash, never let text out of its quotes (the SQL has balanced quotes and no statement separator).
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "check/condition.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<mlean::check::SourceColumn> columns = {{"a", mlean::types::Kind::kInt, "BIGINT"},
                                                                  {"t", mlean::types::Kind::kText, "VARCHAR"},
                                                                  {"f", mlean::types::Kind::kBool, "BOOLEAN"}};
  const auto sql = mlean::check::ConditionSql(std::string(reinterpret_cast<const char*>(data), size), columns);
  if (!sql) return 0;
  char open = 0;
  for (const char c : *sql) {
    if (open != 0) {
      if (c == open) open = 0;
    } else if (c == '\'' || c == '"') {
      open = c;
    } else {
      CHECK_BUG(c != ';');
    }
  }
  CHECK_BUG(open == 0);
  return 0;
}
