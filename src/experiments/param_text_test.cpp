#include "experiments/param_text.hpp"

#include "codec/yaml_tree.hpp"
#include "experiments/apply_override.hpp"
#include "experiments/golden_test.hpp"

namespace mlean::experiments {
namespace {

using codec::Json;

// The values that the golden files hold; their readers live in another room.
Json ValuesOf(const std::string& file, const std::string& text) {
  if (file.ends_with(".json")) return *Json::Parse(text);
  if (file.ends_with(".toml")) {
    if (text == "a = 1") return Json::Object{{"a", 1}};
    return *Json::Parse(R"({"a":1,"s":"text","l":[1,2],"t":{"c":2,"d":{"e":3},"q r":1,"u":{"v":1}},"w":{"x":{"y":1}}})");
  }
  if (file.ends_with(".py"))
    return *Json::Parse(R"({"A":1,"B":0.5,"NAMES":["a","b"],"Train":{"EPOCHS":7,"OFF":false,"rate":0.1}})");
  const Result<codec::YamlTree> tree = codec::YamlTree::Parse(text);
  EXPECT_TRUE(tree);
  return tree->Empty() ? Json(Json::Object{}) : tree->ToJson();
}

std::string Rewrite(const std::string& file, const std::string& text, const Json& before, const Json& after) {
  if (file.ends_with(".json")) return RewriteJson(after);
  if (file.ends_with(".toml")) return RewriteToml(text, before, after);
  if (file.ends_with(".py")) return RewritePython(text, before, after);
  const Result<std::string> yaml = RewriteYaml(text, before, after);
  EXPECT_TRUE(yaml) << (yaml ? "" : yaml.error().what);
  return yaml ? *yaml : "";
}

TEST(ParamText, WritesWhatTheRealToolWrites) {
  for (const Json& golden : GoldenCases("texts.jsonl")) {
    const std::string file = golden.Find("file")->AsString(), text = golden.Find("text")->AsString();
    const Json before = ValuesOf(file, text);
    const Result<Json> after = Apply(before, Parsed(*golden.Find("overrides")));
    ASSERT_TRUE(after) << golden.Find("overrides")->Dump() << after.error().what;
    EXPECT_EQ(Rewrite(file, text, before, *after), golden.Find("result")->AsString()) << file << golden.Find("overrides")->Dump();
  }
}

TEST(ParamText, KeepsListsThatDidNotChange) {
  // The real tool writes them anew, one item a line.
  const Json before = *Json::Parse(R"({"l":[1,2],"x":1})"), after = *Json::Parse(R"({"l":[1,2],"x":2})");
  EXPECT_EQ(*RewriteYaml("l: [1, 2]   # two\nx: 1\n", before, after), "l: [1, 2]   # two\nx: 2\n");
}

TEST(ParamText, AddsAndRemovesInToml) {
  const std::string text = "a = 1\n\n[t]\nc = 2 # x\n\n[u]\nv = 1\n";
  const Json before = *Json::Parse(R"({"a":1,"t":{"c":2},"u":{"v":1}})");
  EXPECT_EQ(RewriteToml(text, before, *Json::Parse(R"({"a":1,"t":{"c":2,"new":[1,"x"]},"u":{"v":1}})")),
            "a = 1\n\n[t]\nc = 2 # x\nnew = [1, \"x\"]\n\n[u]\nv = 1\n");
  EXPECT_EQ(RewriteToml(text, before, *Json::Parse(R"({"a":1,"b":2,"t":{},"u":{"v":1},"n":{"k":0.5}})")),
            "a = 1\nb = 2\n\n[t]\n\n[u]\nv = 1\n\n[n]\nk = 0.5\n");
  // Values over several lines are left alone: the caller sees that nothing has changed.
  const std::string multi = "a = [\n  1,\n]\n";
  EXPECT_EQ(RewriteToml(multi, *Json::Parse(R"({"a":[1]})"), *Json::Parse(R"({"a":[2]})")), multi);
}

TEST(ParamText, LeavesPythonThatItDoesNotUnderstand) {
  const std::string text = "A = (1,\n     2)\nAB = 3\ndef f():\n    AB = 4\n";
  EXPECT_EQ(RewritePython(text, *Json::Parse(R"({"A":[1,2],"AB":3})"), *Json::Parse(R"({"A":[9],"AB":5})")),
            "A = (1,\n     2)\nAB = 5\ndef f():\n    AB = 4\n");
  const std::string text2 = "A == 1\nA = 'x'  # y\n";
  EXPECT_EQ(RewritePython(text2, *Json::Parse(R"({"A":"x"})"), *Json::Parse(R"({"A":"z'"})")), "A == 1\nA = \"z'\"  # y\n");
}

}  // namespace
}  // namespace mlean::experiments
