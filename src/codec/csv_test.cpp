#include "codec/csv.hpp"

#include <fstream>
#include <sstream>

#include "codec/json.hpp"

namespace mlean::codec {
namespace {

std::string Rows(std::string_view text, const CsvOptions& options = {}) {
  CsvReader reader(text, options);
  std::vector<std::string_view> row;
  Json::Array rows;
  for (;;) {
    const Result<bool> more = reader.Next(row);
    if (!more) return more.error().what;
    if (!*more) return Json(rows).Dump();
    Json::Array fields;
    for (const std::string_view field : row) fields.emplace_back(field);
    rows.emplace_back(std::move(fields));
  }
}

TEST(Csv, ReadsRfc4180) {
  EXPECT_EQ(Rows("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n,\n"), R"([["a","b"],["1","x, \"y\"\nz"],["",""]])");
  EXPECT_EQ(Rows("\xEF\xBB\xBF\"a\",b\n\n\n1,2"), R"([["a","b"],["1","2"]])");
  EXPECT_EQ(Rows("a\n\nb\n"), R"([["a"],[""],["b"]])");
  EXPECT_EQ(Rows("a;\"\"\n", {.separator = ';'}), R"([["a",""]])");
  EXPECT_EQ(Rows("\"a\"\"1\",\"b\"\"2\",\"c\"\"3\"\n"), R"([["a\"1","b\"2","c\"3"]])");
  EXPECT_EQ(Rows("a\rb,c"), R"([["a\rb","c"]])");
  EXPECT_EQ(Rows(""), "[]");
}

TEST(Csv, ErrorsSayWhere) {
  EXPECT_EQ(Rows("a,b,c\n1,2,3\n\"x\ny\",2,3\n1,2,3,4\n"), "cannot read CSV: line 5 has 4 fields, not 3");
  EXPECT_EQ(Rows("a,b\n1\n"), "cannot read CSV: line 2 has 1 field, not 2");
  EXPECT_EQ(Rows("a\n\"b\n"), "cannot read CSV: the quoted field on line 2 does not end");
  EXPECT_EQ(Rows("\"a\"b\n"), "cannot read CSV: text after a quoted field on line 1");
  EXPECT_EQ(Rows("abcdef\n", {.max_field_bytes = 5}), "cannot read CSV: a field on line 1 is over 5 B");
  EXPECT_EQ(Rows("\"abc\"\"def\"\n", {.max_field_bytes = 5}), "cannot read CSV: a field on line 1 is over 5 B");
  EXPECT_EQ(Rows("a,b,c\n", {.max_fields = 2}), "cannot read CSV: line 1 has over 2 fields");
}

TEST(Csv, WritesWhatItReads) {
  std::string out;
  AppendCsvRow(out, {"a", "b,c", "say \"x\"", " d", "e\nf", ""});
  EXPECT_EQ(out, "a,\"b,c\",\"say \"\"x\"\"\",\" d\",\"e\nf\",\n");
  EXPECT_EQ(Rows(out), R"([["a","b,c","say \"x\""," d","e\nf",""]])");
  out.clear();
  AppendCsvRow(out, {""});
  EXPECT_EQ(Rows(out), R"([[""]])");
}

}  // namespace
}  // namespace mlean::codec
