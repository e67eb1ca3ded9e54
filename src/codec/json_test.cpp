#include "codec/json.hpp"

#include <cmath>
#include <fstream>

#include "codec/json_list.hpp"
#include "codec/python_text.hpp"

namespace mlean::codec {
namespace {

std::string ErrorOf(std::string_view text, const JsonParseOptions& options = {}) {
  const Result<Json> value = Json::Parse(text, options);
  return value ? "no error" : value.error().what;
}

// Golden values by Python's json (tests/golden/codec/make_json.py).
TEST(Json, AgreesWithPython) {
  std::ifstream file(MLEAN_SOURCE_DIR "/tests/golden/codec/json.jsonl");
  int rows = 0;
  for (std::string line; std::getline(file, line); ++rows) {
    const Result<Json> row = Json::Parse(line);
    ASSERT_TRUE(row) << row.error().what;
    const std::string& text = row->AsArray()[0].AsString();
    const Result<Json> value = Json::Parse(text, {.allow_nan = true});
    ASSERT_EQ(value.ok(), row->AsArray()[1].AsBool()) << text << "\n" << ErrorOf(text);
    if (!value) continue;
    EXPECT_EQ(value->DumpPython(), row->AsArray()[2].AsString());
    EXPECT_EQ(value->DumpPython(true), row->AsArray()[3].AsString());
    EXPECT_EQ(row->DumpPython(), line);
    const Result<Json> again = Json::Parse(value->Dump(true), {.allow_nan = true});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->DumpPython(), value->DumpPython());
  }
  EXPECT_GT(rows, 850);
}

TEST(Json, ErrorsSayWhere) {
  EXPECT_EQ(ErrorOf("{\"a\": 1,\n \"b\": [1 2]}"), "cannot parse JSON: 2:10: expected ',' or ']'");
  EXPECT_EQ(ErrorOf("\"\xC3\xA9\" x"), "cannot parse JSON: 1:5: unexpected text after the value");
  EXPECT_EQ(ErrorOf("{\"a\":1,\"a\":2}"), "cannot parse JSON: 1:8: the key 'a' occurs twice");
  EXPECT_EQ(ErrorOf("[NaN]"), "cannot parse JSON: 1:2: expected a value");
  EXPECT_EQ(ErrorOf("[1e999]"), "cannot parse JSON: 1:2: the number is too large");
  EXPECT_EQ(ErrorOf("\"\\ud800\""), "cannot parse JSON: 1:2: half of a surrogate pair");
  EXPECT_EQ(ErrorOf("\"ab\xFF\""), "cannot parse JSON: 1:2: the string is not valid UTF-8");
  EXPECT_EQ(ErrorOf("\"abcdefghijklmnop\xED\xA0\x80\""), "cannot parse JSON: 1:2: the string is not valid UTF-8");
  EXPECT_EQ(ErrorOf("\"abcdefgh\nijkl\""), "cannot parse JSON: 1:10: a control character in a string must be escaped");
  EXPECT_EQ(ErrorOf(std::string_view("\"a\0b\"", 5)), "cannot parse JSON: 1:3: a control character in a string must be escaped");
}

TEST(Json, DepthIsBounded) {
  EXPECT_TRUE(Json::Parse(std::string(100, '[') + std::string(100, ']')));
  EXPECT_EQ(ErrorOf(std::string(100000, '[')), "cannot parse JSON: 1:101: nested too deep");
  EXPECT_EQ(ErrorOf("[[{}]]", {.max_depth = 2}), "cannot parse JSON: 1:3: nested too deep");
  EXPECT_EQ(ErrorOf("[1, {\"a\": 2}]", {.max_values = 3}), "cannot parse JSON: 1:11: more than 3 values");
  EXPECT_TRUE(Json::Parse("[1, {\"a\": 2}]", {.max_values = 4}));
}

TEST(JsonList, OneElementAtATime) {
  const auto read = [](std::string_view text, const JsonParseOptions& options = {}) {
    std::string out;
    const Result<void> done = ParseList(text, options, [&](const Json& element) -> Result<void> {
      if (element.IsBool()) return Fail(Code::kConflict, "a bool");
      out += element.Dump() + " ";
      return {};
    });
    return done ? out : out + done.error().what;
  };
  EXPECT_EQ(read(" [1, {\"a\": [2]}, \"b\"] "), "1 {\"a\":[2]} \"b\" ");
  EXPECT_EQ(read("[ ]"), "");
  EXPECT_EQ(read("[1,\n true, 2]"), "1 a bool");
  EXPECT_EQ(read("[1,\n 2 3]"), "1 2 cannot parse JSON: 2:4: expected ',' or ']'");
  EXPECT_EQ(read("[1,]"), "1 cannot parse JSON: 1:4: expected a value");
  EXPECT_EQ(read("[1"), "1 cannot parse JSON: 1:3: expected ',' or ']', found the end");
  EXPECT_EQ(read("[1] x"), "1 cannot parse JSON: 1:5: unexpected text after the value");
  EXPECT_EQ(read("{}"), "cannot parse JSON: 1:1: expected a list");
  EXPECT_EQ(read(""), "cannot parse JSON: 1:1: expected a list");
  EXPECT_EQ(read("[[1], [2], [3, 4]]", {.max_values = 2}), "[1] [2] cannot parse JSON: 1:16: more than 2 values");
  EXPECT_EQ(read("[[[]]]", {.max_depth = 2}), "cannot parse JSON: 1:3: nested too deep");
  EXPECT_EQ(Json::Parse("[1]", {.max_values = 1}).error().code, Code::kTooLarge);
}

TEST(Json, ManyKeysAreStillChecked) {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i) text += fmt::format("\"k{}\":{},", i, i);
  EXPECT_TRUE(Json::Parse(text + "\"z\":0}"));
  EXPECT_FALSE(Json::Parse(text + "\"k17\":0}"));
  EXPECT_FALSE(Json::Parse(text + "\"k4999\":0}"));
}

TEST(Json, NumbersKeepTheirKind) {
  EXPECT_TRUE(Json::Parse("3")->IsInt());
  EXPECT_TRUE(Json::Parse("3.0")->IsDouble());
  EXPECT_EQ(Json::Parse("3.0")->Dump(), "3.0");
  EXPECT_EQ(Json::Parse("9223372036854775808")->AsDouble(), 9223372036854775808.0);
  EXPECT_EQ(Json::Parse("-9223372036854775808")->AsInt(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Json::Parse("1e-999")->AsDouble(), 0.0);
  EXPECT_EQ(Json::Parse("-1e999", {.allow_nan = true})->AsDouble(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(Json(std::nan("")).Dump(), "null");
  EXPECT_EQ(Json(std::nan("")).Dump(true), "NaN");
  EXPECT_FALSE(Json(1) == Json(1.0));
}

TEST(Json, IntegersOfAnySizeAsInPython) {
  const std::string digits = "123456789012345678901234567890";
  const auto python = [](const std::string& text) { return *Json::Parse(text, {.allow_nan = true}); };
  EXPECT_EQ(python("[-" + digits + "]").DumpPython(), "[-" + digits + "]");
  EXPECT_EQ(PythonStr(python(digits)), digits);
  EXPECT_EQ(python(digits).AsDouble(), 123456789012345678901234567890.0);
  EXPECT_TRUE(python("9223372036854775807").IsInt());
  EXPECT_EQ(*python("9223372036854775808").Digits(), "9223372036854775808");
  EXPECT_EQ(*PythonInteger("ffffffffffffffffffff", 16, true)->Digits(), "-1208925819614629174706175");
  EXPECT_EQ(PythonInteger("8000000000000000", 16, true)->AsInt(), std::numeric_limits<std::int64_t>::min());
  EXPECT_FALSE(PythonInteger(std::string(4301, '1'), 10, false));
  EXPECT_FALSE(PythonInteger("12", 2, false));
  EXPECT_TRUE(PythonSameNumber(python("100000000000000000000"), Json(1e20)));
  EXPECT_FALSE(PythonSameNumber(python(digits), Json(123456789012345678901234567890.0)));
  EXPECT_FALSE(PythonSameNumber(python(digits), python(digits + "0")));
  EXPECT_TRUE(PythonSameNumber(Json(true), Json(1.0)));
  EXPECT_EQ(Json::Parse(digits)->Dump(), "1.2345678901234568e+29");
}

TEST(Json, FileNameBytesGoThroughPythonsSurrogates) {
  const std::string raw = "bad\xFF \xED\xB3\xBF";
  const std::string text = Json(raw).DumpPython();
  EXPECT_EQ(text, "\"bad\\udcff \\udced\\udcb3\\udcbf\"");
  EXPECT_FALSE(Json::Parse(text));
  EXPECT_EQ(Json::Parse(text, {.surrogate_escape = true})->AsString(), raw);
  EXPECT_TRUE(PythonLess("a-b", "a.txt"));
  EXPECT_TRUE(PythonLess("\xF4\xFF", "\xEF\xBF\xBF"));  // U+DCF4 sorts before U+FFFF
  EXPECT_FALSE(PythonLess("a", "a"));
}

TEST(Json, CheckedMembersNameWhatIsWrong) {
  const Json value = *Json::Parse(R"({"n": 3.0, "s": "x", "z": null, "l": [], "h": 1e300})");
  EXPECT_EQ(*value.IntAt("n"), 3);
  EXPECT_EQ(*value.StringAt("z", "d"), "d");
  EXPECT_EQ(*value.IntAt("gone", 7), 7);
  EXPECT_EQ(value.DoubleAt("s").error().what, "'s' must be a number, not a string");
  EXPECT_EQ(value.StringAt("t").error().what, "'t' is missing");
  EXPECT_EQ(value.IntAt("h").error().what, "'h' must be an integer, not a number");
  EXPECT_EQ(value.ObjectAt("l").error().what, "'l' must be an object, not a list");
  EXPECT_EQ(Json(3).StringAt("t").error().what, "'t' is missing");
}

TEST(Json, Writes) {
  Json value = Json::Object{{"b", Json::Array{1, "x\ny\x01"}}, {"a", Json::Object{}}};
  value.Set("b2", nullptr);
  value.Set("a", true);
  EXPECT_EQ(value.Dump(), R"({"b":[1,"x\ny\u0001"],"a":true,"b2":null})");
  EXPECT_EQ(value.Canonical(), R"({"a":true,"b":[1,"x\ny\u0001"],"b2":null})");
  EXPECT_EQ(Json(Json::Object{{"a", Json::Array{1}}, {"e", Json::Array{}}}).Pretty(),
            "{\n  \"a\": [\n    1\n  ],\n  \"e\": []\n}");
  EXPECT_EQ(*Json::Parse(R"({"a":1,"b":2})"), *Json::Parse(R"({"b":2,"a":1})"));
  Json list;
  list.Push(1);
  EXPECT_EQ(list.Dump(), "[1]");
}

}  // namespace
}  // namespace mlean::codec
