#include "codec/yaml.hpp"

#include <cmath>
#include <fstream>

#include "codec/yaml_write.hpp"

namespace mlean::codec {
namespace {

std::string ErrorOf(std::string_view text) {
  const Result<YamlDocument> document = YamlDocument::Parse(text, "f.yaml");
  return document ? "no error" : document.error().what;
}
Json Read(std::string_view text) {
  const Result<YamlDocument> document = YamlDocument::Parse(text, "f.yaml");
  return document ? document->root().ToJson() : Json("error: " + document.error().what);
}

// Golden values by ruamel.yaml (tests/golden/codec/make_yaml.py).
TEST(Yaml, TypesScalarsAsRuamelDoes) {
  std::ifstream file(MLEAN_SOURCE_DIR "/tests/golden/codec/yaml_scalars.jsonl");
  int rows = 0;
  for (std::string line; std::getline(file, line); ++rows) {
    const Json row = *Json::Parse(line);
    const std::string& text = row.AsArray()[0].AsString();
    const Json::Array& typed = row.AsArray()[1].AsArray();
    const Json value = TypedPlainScalar(text);
    if (typed[0].AsString() == "date") {
      EXPECT_TRUE(LooksLikeYamlDate(text)) << text;
    } else if (typed[0].AsString() == "float") {
      EXPECT_TRUE(value.IsDouble()) << text;
      EXPECT_EQ(fmt::format("{}", value.AsDouble()), fmt::format("{}", std::strtod(typed[1].AsString().c_str(), nullptr)))
          << text;
    } else {
      EXPECT_EQ(value, typed[1]) << text << " gave " << value.Dump();
      EXPECT_FALSE(LooksLikeYamlDate(text)) << text;
    }
  }
  EXPECT_GT(rows, 80);
}

TEST(Yaml, WritesRuamelsBytes) {
  std::ifstream file(MLEAN_SOURCE_DIR "/tests/golden/codec/yaml_dumps.jsonl");
  int rows = 0;
  int wrong = 0;
  for (std::string line; std::getline(file, line); ++rows) {
    const Json row = *Json::Parse(line, {.allow_nan = true});
    // Where ruamel's folding loses something we write one line.
    const std::string& golden = row.AsArray()[1].AsString();
    const auto holds = [&](std::string_view part) { return golden.find(part) != std::string::npos; };
    if (!row.AsArray()[2].AsBool() || holds("\\\\\\\n") || holds("\xC2\x85") || holds("\xE2\x80\xA8")) continue;
    const std::string text = WriteYaml(row.AsArray()[0]);
    if (text != golden && ++wrong < 6) {
      ADD_FAILURE() << row.AsArray()[0].Dump(true) << "\nours:\n" << text << "\nruamel:\n" << golden;
    }
  }
  EXPECT_EQ(wrong, 0) << "of " << rows;
  EXPECT_GT(rows, 1200);
}

TEST(Yaml, NodesKnowTheirPlace) {
  const std::string text =
      "a: 1 # c\nb: &x [1, \"\xC3\xA9\\n\", {k: v}]\nc:\nd: *x\ne: |\n  lit\n  two\n\nf: 'it''s'\nh:\n  - a\n  -\n  - b: 1\n    "
      "c: ~\n";
  const Result<YamlDocument> document = YamlDocument::Parse(text, "f.yaml");
  ASSERT_TRUE(document) << document.error().what;
  const YamlNode& root = document->root();
  const auto source = [&](const YamlNode& node) { return text.substr(node.start.offset, node.end.offset - node.start.offset); };
  EXPECT_EQ(source(*root.Find("b")), "[1, \"\xC3\xA9\\n\", {k: v}]");
  EXPECT_EQ(source(root.Find("b")->items[1]), "\"\xC3\xA9\\n\"");
  EXPECT_EQ(root.Find("b")->items[1].text, "\xC3\xA9\n");
  EXPECT_EQ(root.Find("b")->items[2].start.column, 18);
  EXPECT_EQ(source(*root.Find("f")), "'it''s'");
  EXPECT_EQ(root.Find("c")->start.offset, text.find("c:") + 2);
  EXPECT_TRUE(root.Find("d")->aliased);
  EXPECT_EQ(root.Find("d")->items[0].text, "1");
  EXPECT_EQ(root.Find("e")->text, "lit\ntwo\n");
  EXPECT_EQ(root.Find("h")->items[1].start.offset, text.find("-\n") + 1);
  EXPECT_EQ(source(root.Find("h")->items[2]), "b: 1\n    c: ~");
  EXPECT_EQ(root.Find("h")->start.line, 11);
}

TEST(Yaml, ErrorsSayWhere) {
  EXPECT_EQ(ErrorOf("a: 1\nb: 2\na: 3\n"), "f.yaml:3:1: the key 'a' occurs twice");
  EXPECT_EQ(ErrorOf("a: 1\n---\nb: 2\n"), "f.yaml:2:1: expected a single document in the stream, but found another document");
  EXPECT_EQ(ErrorOf("a: *x\n"), "f.yaml:1:4: found undefined alias 'x'");
  EXPECT_EQ(ErrorOf("a: !python/object 1\n"), "f.yaml:1:4: the tag '!python/object' is not supported here");
  EXPECT_EQ(ErrorOf("? [a]\n: 1\n"), "f.yaml:1:3: a key must be a scalar");
  EXPECT_THAT(ErrorOf("a: [1, 2\nb: 3\n"), testing::StartsWith("f.yaml:"));
  EXPECT_THAT(ErrorOf("a: \"x\n"), testing::StartsWith("f.yaml:1:"));
  EXPECT_THAT(ErrorOf("a: \xFF\n"), testing::HasSubstr("not valid UTF-8"));
  EXPECT_THAT(ErrorOf(std::string(5000, '[')), testing::HasSubstr("deep"));
  EXPECT_EQ(ErrorOf(""), "no error");
  EXPECT_EQ(ErrorOf("# only a comment\n"), "no error");
}

TEST(Yaml, AliasBombsEnd) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    text += fmt::format("a{}: &a{} [*a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}]\n", i, i, i - 1, i - 1, i - 1,
                        i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
  }
  EXPECT_THAT(ErrorOf(text), testing::HasSubstr("too many nodes"));
}

TEST(Yaml, ItemsWrittenAsNothing) {
  EXPECT_EQ(Read("a:\n- 1\n-\n- 2\n- \nb:\n  -\n  - x: 1\n"), *Json::Parse(R"({"a":[1,null,2,null],"b":[null,{"x":1}]})"));
  const Json value = Json::Object{{"k", Json::Array{nullptr, 1, nullptr}}};
  EXPECT_EQ(Read(WriteYaml(value)), value);
}

TEST(Yaml, MergeKeysAndTags) {
  EXPECT_EQ(Read("b: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\n"), *Json::Parse(R"({"b":{"x":1,"y":2},"d":{"y":3,"x":1}})"));
  EXPECT_EQ(Read("a: !!str 12\nb: !!int 3\nc: ! 4\nd: !!str\n"), *Json::Parse(R"({"a":"12","b":3,"c":"4","d":""})"));
  EXPECT_EQ(Read("a: '1'\nb: >-\n  x\n  y\n"), *Json::Parse(R"({"a":"1","b":"x y"})"));
}

TEST(Yaml, GettersAndUnknownKeys) {
  const YamlDocument document = *YamlDocument::Parse("models:\n  monitr: 1\n  name: 3\n  list: [a, b]\n", "mlean.yaml");
  const YamlNode& models = *document.root().Find("models");
  EXPECT_EQ(document.UnknownKeys(models, {"monitor", "name", "list"}).error().what,
            "mlean.yaml:2:3: unknown key 'monitr'; did you mean 'monitor'?");
  EXPECT_EQ(document.UnknownKeys(models, {"zzz"}).error().what, "mlean.yaml:2:3: unknown key 'monitr'; known are zzz");
  EXPECT_EQ(document.String(*models.Find("name"), "name").error().what,
            "mlean.yaml:3:9: 'name' must be a string, not an integer");
  EXPECT_EQ(document.Strings(*models.Find("list"), "list")->size(), 2u);
  EXPECT_EQ(*document.Double(*models.Find("name"), "name"), 3.0);
  EXPECT_FALSE(document.Mapping(*models.Find("list"), "list"));
}

// What ruamel writes so that it cannot be read.
TEST(Yaml, LongKeysStayOnTheirLine) {
  const Json value = Json::Object{{std::string(110, 'e') + " b c", Json::Object{{"deps", 1}}}};
  EXPECT_EQ(Read(WriteYaml(value)), value) << WriteYaml(value);
}

// What is written is read back as the same value.
TEST(Yaml, WrittenTextsReadBack) {
  std::ifstream file(MLEAN_SOURCE_DIR "/tests/golden/codec/yaml_dumps.jsonl");
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    const Json value = Json::Parse(line, {.allow_nan = true})->AsArray()[0];
    const std::string text = WriteYaml(value);
    EXPECT_EQ(Read(text).Dump(true), value.Dump(true)) << text;
    const std::string flow = "k: " + WriteYamlFlow(value) + "\n";
    ASSERT_TRUE(Read(flow).IsObject()) << flow << Read(flow).Dump();
    EXPECT_EQ(Read(flow).Find("k")->Dump(true), value.Dump(true)) << flow;
    ++rows;
  }
  EXPECT_GT(rows, 1000);
}

}  // namespace
}  // namespace mlean::codec
