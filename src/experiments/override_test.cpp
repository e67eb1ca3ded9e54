#include "experiments/override.hpp"

#include "experiments/golden_test.hpp"

namespace mlean::experiments {
namespace {

std::string KindName(Override::Kind kind) {
  switch (kind) {
    case Override::Kind::kSet: return "CHANGE";
    case Override::Kind::kAdd: return "ADD";
    case Override::Kind::kForce: return "FORCE_ADD";
    case Override::Kind::kRemove: return "DEL";
  }
  return {};
}

TEST(Override, ReadsWhatHydraReads) {
  for (const codec::Json& golden : GoldenCases("overrides.jsonl")) {
    const std::string line = golden.Find("line")->AsString();
    const Result<Override> parsed = Override::Parse(line);
    ASSERT_EQ(parsed.ok(), golden.Find("ok")->AsBool()) << line << " " << (parsed ? "is accepted" : parsed.error().what);
    if (!parsed) {
      EXPECT_EQ(parsed.error().what.rfind("cannot parse '" + line + "': ", 0), 0U) << parsed.error().what;
      continue;
    }
    EXPECT_EQ(KindName(parsed->kind), golden.Find("kind")->AsString()) << line;
    EXPECT_EQ(parsed->key, golden.Find("key")->AsString()) << line;
    EXPECT_EQ(parsed->has_package, golden.Find("package")->AsBool()) << line;
    EXPECT_EQ(parsed->is_sweep, golden.Find("sweep")->AsBool()) << line;
    if (const codec::Json* has_value = golden.Find("has_value")) {
      EXPECT_EQ(parsed->has_value, has_value->AsBool()) << line;
    }
    if (!parsed->has_value) continue;
    std::vector<std::string> texts;
    for (const OverrideValue& value : parsed->values) texts.push_back(value.text);
    EXPECT_EQ(texts, Texts(*golden.Find("texts"))) << line;
    if (const codec::Json* value = golden.Find("value")) {
      EXPECT_EQ(parsed->values.at(0).value.DumpPython(), value->DumpPython()) << line;
    }
  }
}

TEST(Override, RefusesWhatItHasNot) {
  for (const char* line : {"a=${b}", "a=x${b}y", "a=interval(1,2)", "a=glob(*)", "a=tag(x,choice(1,2))"}) {
    const Result<Override> parsed = Override::Parse(line);
    ASSERT_FALSE(parsed) << line;
    EXPECT_EQ(parsed.error().code, Code::kUnsupported) << line << parsed.error().what;
  }
  EXPECT_EQ(Override::Parse("a=" + std::string(200, '[')).error().code, Code::kTooLarge);
  EXPECT_EQ(Override::Parse("a=range(1000000000)").error().code, Code::kTooLarge);
  EXPECT_EQ(Override::Parse("a=99999999999999999999").error().code, Code::kTooLarge);
}

TEST(Override, ShufflesAllOfItsValues) {
  const Result<Override> parsed = Override::Parse("a=shuffle(range(20))");
  ASSERT_TRUE(parsed);
  std::vector<bool> seen(20);
  for (const OverrideValue& one : parsed->values) seen.at(static_cast<std::size_t>(one.value.AsInt())) = true;
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 20);
}

TEST(Override, CombinesSweepsAsHydraDoes) {
  for (const codec::Json& golden : GoldenCases("sweeps.jsonl")) {
    const Result<std::vector<std::vector<std::string>>> rows = Combinations(Parsed(*golden.Find("overrides")));
    ASSERT_TRUE(rows) << golden.Dump();
    std::vector<std::vector<std::string>> wanted;
    for (const codec::Json& row : golden.Find("result")->AsArray()) wanted.push_back(Texts(row));
    EXPECT_EQ(*rows, wanted) << golden.Dump();
  }
}

TEST(Override, GroupsByFile) {
  const std::vector<FileOverrides> files = GroupByFile({"a=1", "conf.json:b=x:y", "c='p:q'", "conf.json:d=2", "x"});
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].file, "params.yaml");
  EXPECT_EQ(files[0].overrides, (std::vector<std::string>{"a=1", "c='p:q'", "x"}));
  EXPECT_EQ(files[1].file, "conf.json");
  EXPECT_EQ(files[1].overrides, (std::vector<std::string>{"b=x:y", "d=2"}));
}

}  // namespace
}  // namespace mlean::experiments
