#include "repo/ini.hpp"

#include "base/text.hpp"
#include "os/files.hpp"

namespace mlean::repo {
namespace {

using codec::Json;

// Random files as ConfigObj 5.0.9 reads and writes them; tests/golden/repo/make_ini.py.
TEST(Ini, ReadsAndWritesAsConfigObj) {
  const std::string golden = *os::ReadFile(MLEAN_SOURCE_DIR "/tests/golden/repo/ini.jsonl");
  int cases = 0;
  for (const std::string& line : Split(golden, '\n')) {
    if (line.empty()) continue;
    ++cases;
    const Result<Json> json = Json::Parse(line);
    ASSERT_TRUE(json) << line;
    const Json* error = json->Find("error");
    if (const Json* tree = json->Find("write")) {
      const Result<std::string> text = WriteIni(*tree);
      EXPECT_EQ(text.ok(), error == nullptr) << line;
      EXPECT_EQ(text ? *text : text.error().what, *json->StringAt(error == nullptr ? "text" : "error")) << line;
      continue;
    }
    const Result<Json> tree = ParseIni(*json->StringAt("text"));
    if (error != nullptr) {
      ASSERT_FALSE(tree) << line << "\n" << tree->Dump();
      EXPECT_EQ(tree.error().what, error->AsString()) << line;
      EXPECT_EQ(tree.error().code, *json->StringAt("kind") == "SyntaxError" ? Code::kInvalid : Code::kCorrupt) << line;
    } else {
      ASSERT_TRUE(tree) << line << "\n" << tree.error().what;
      EXPECT_EQ(tree->Dump(), json->Find("tree")->Dump()) << line;
    }
  }
  EXPECT_GT(cases, 4000);
}

TEST(Ini, RefusesWhatIsNoText) {
  EXPECT_EQ(ParseIni("[core]\nx = \xff").error().what, "'utf-8' codec can't decode byte 0xff in position 11: invalid start byte");
  EXPECT_EQ(ParseIni("\xe2\x82").error().what, "'utf-8' codec can't decode bytes in position 0-1: unexpected end of data");
  EXPECT_EQ(ParseIni("\xc3(").error().what, "'utf-8' codec can't decode byte 0xc3 in position 0: invalid continuation byte");
}

TEST(Ini, IsBounded) {
  EXPECT_EQ(ParseIni(std::string(20'000, 'x')).error().code, Code::kTooLarge);
  std::string nested;
  for (int i = 1; i < 300; ++i) nested += std::string(i, '[') + "s" + std::string(i, ']') + "\n";
  EXPECT_FALSE(ParseIni(nested));
  std::string laughs = "a0 = 0123456789\n";
  for (int i = 1; i < 40; ++i) laughs += fmt::format("a{} = %(a{})s%(a{})s\n", i, i - 1, i - 1);
  EXPECT_EQ(ParseIni(laughs).error().code, Code::kTooLarge);
  std::string list = "k = ";
  for (int i = 0; i < 8'000; ++i) list += "a,";
  EXPECT_EQ(ParseIni(list)->Find("k")->AsArray().size(), 8'000U);
  std::string quotes = "k = ";
  for (int i = 0; i < 5'000; ++i) quotes += "\" , ";
  (void)ParseIni(quotes);
}

}  // namespace
}  // namespace mlean::repo
