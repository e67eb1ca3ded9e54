#include "metrics/values.hpp"

#include "codec/python_text.hpp"
#include "metrics/diff_values.hpp"
#include "metrics/golden_test.hpp"
#include "metrics/python_value.hpp"
#include "metrics/show_values.hpp"

namespace mlean::metrics {
namespace {

using codec::Json;

RevisionValues Load(const Json& golden, const std::string& side, const std::string& revision) {
  RevisionValues out{revision, {}, {}};
  const bool metrics = Text(golden, "kind") == "metrics";
  for (const std::string& path : Texts(*golden.Find("paths"))) {
    const Json* bytes = golden.Find(side)->Find(path);
    if (bytes == nullptr) {
      out.files.push_back(MissingFile(path));
    } else if (metrics) {
      out.files.push_back(ReadMetrics(path, Unhex(bytes->AsString())));
    } else {
      out.files.push_back(ReadParams(path, Unhex(bytes->AsString())));
    }
  }
  return out;
}

// In the order of files the tables differ: DVC's is that of a Python set.
void ExpectSameTable(const std::string& ours, const std::string& theirs) { EXPECT_EQ(SortedLines(ours), SortedLines(theirs)); }

void ExpectSameJson(const Json& ours, const std::string& theirs) {
  Result<Json> expected = Json::Parse(theirs, {.allow_nan = true});
  ASSERT_TRUE(expected) << theirs;
  EXPECT_EQ(ours.Canonical(), expected->Canonical());
}

TEST(Values, MetricsAsTheRealToolShowsAndComparesThem) {
  int cases = 0;
  for (const Json& golden : GoldenCases("values.jsonl")) {
    if (Text(golden, "kind") != "metrics") continue;
    SCOPED_TRACE(Text(golden, "name"));
    ++cases;
    const RevisionValues head = Load(golden, "old", "HEAD"), now = Load(golden, "new", "workspace");
    RevisionValues alone = now;
    alone.revision = "";
    EXPECT_EQ(ShowText({alone}), Out(golden, "metrics show"));
    EXPECT_EQ(ShowText({alone}, {.markdown = true}), Out(golden, "metrics show --md"));
    EXPECT_EQ(ShowText({alone}, {.precision = 2}), Out(golden, "metrics show --precision 2"));
    EXPECT_EQ(ShowJson({alone}).DumpPython() + "\n", Out(golden, "metrics show --json"));
    EXPECT_EQ(ErroredLine({alone}), Text(*FindRun(golden, "metrics show"), "err"));

    std::vector<RevisionValues> both = {now, head};
    both[1].revision = "main";
    if (SameValues(both[0], both[1])) both.erase(both.begin());
    EXPECT_EQ(ShowText(both, {.revision_column = true}), Out(golden, "metrics show -a"));
    EXPECT_EQ(ShowText(both, {.markdown = true, .revision_column = true}), Out(golden, "metrics show -a --md"));
    EXPECT_EQ(ShowJson(both).DumpPython() + "\n", Out(golden, "metrics show -a --json"));

    const auto changed = DiffValues(head, now, false), all = DiffValues(head, now, true);
    DiffOptions options{.title = "Metric", .precision = kDefaultPrecision};
    ExpectSameTable(DiffText(changed, options), Out(golden, "metrics diff"));
    ExpectSameTable(DiffText(all, options), Out(golden, "metrics diff --all"));
    options.markdown = true;
    ExpectSameTable(DiffText(changed, options), Out(golden, "metrics diff --md"));
    options.markdown = false;
    options.no_path = true;
    ExpectSameTable(DiffText(changed, options), Out(golden, "metrics diff --no-path"));
    options.no_path = false;
    options.precision = 9;
    ExpectSameTable(DiffText(changed, options), Out(golden, "metrics diff --precision 9"));
    ExpectSameJson(DiffJson(changed), Out(golden, "metrics diff --json"));
    ExpectSameJson(DiffJson(all), Out(golden, "metrics diff --all --json"));
    EXPECT_EQ(ErroredLine({head, now}), Text(*FindRun(golden, "metrics diff"), "err"));
  }
  EXPECT_EQ(cases, 12);
}

TEST(Values, ParamsAsTheRealToolComparesThem) {
  int cases = 0;
  for (const Json& golden : GoldenCases("values.jsonl")) {
    if (Text(golden, "kind") != "params") continue;
    SCOPED_TRACE(Text(golden, "name"));
    ++cases;
    const RevisionValues head = Load(golden, "old", "HEAD"), now = Load(golden, "new", "workspace");
    const auto changed = DiffValues(head, now, false), all = DiffValues(head, now, true);
    DiffOptions options{.title = "Param", .change_column = false};
    ExpectSameTable(DiffText(changed, options), Out(golden, "params diff"));
    ExpectSameTable(DiffText(all, options), Out(golden, "params diff --all"));
    options.markdown = true;
    ExpectSameTable(DiffText(changed, options), Out(golden, "params diff --md"));
    options.no_path = true;
    ExpectSameTable(DiffText(all, options), Out(golden, "params diff --all --no-path --md"));
    ExpectSameJson(DiffJson(changed), Out(golden, "params diff --json"));
  }
  EXPECT_EQ(cases, 4);
}

TEST(Values, OneFileComesInTheOrderOfItsKeys) {
  const RevisionValues head{"HEAD", {ReadMetrics("m.json", R"({"b": 1, "a": 2})")}, {}};
  const RevisionValues now{"workspace", {ReadMetrics("m.json", R"({"b": 2, "a": 2.5})")}, {}};
  EXPECT_EQ(DiffText(DiffValues(head, now, false), {.title = "Metric", .precision = 5}),
            "Path    Metric    HEAD    workspace    Change\n"
            "m.json  a         2       2.5          0.5\n"
            "m.json  b         1       2            1\n");
}

TEST(Values, ParamsByKey) {
  const Json all = *Json::Parse(R"({"train": {"lr": 1, "l": [1, {"x": 2}, 3], "e": 5}, "other": 4})");
  const auto select = [&](const std::vector<std::string>& keys) { return SelectParams(all, keys).Dump(); };
  EXPECT_EQ(select({"train.lr"}), R"({"train":{"lr":1}})");
  EXPECT_EQ(select({"train.lr", "train.e", "other", "train.lr"}), R"({"train":{"lr":1,"e":5},"other":4})");
  EXPECT_EQ(select({"train.l.2"}), R"({"train":{"l":[null,null,3]}})");
  EXPECT_EQ(select({"train.l.1.x"}), R"({"train":{"l":[null,{"x":2}]}})");
  EXPECT_EQ(select({"train.l.3", "train.l.-1", "train.l.x", "none", "other.deeper"}), "{}");
  EXPECT_EQ(SelectParams(all, {}).Dump(), all.Dump());
}

TEST(Values, FilesThatNeedOtherParsers) {
  const FileValues none = ReadMetrics("m.toml", "a = 1");
  ASSERT_TRUE(none.error);
  EXPECT_EQ(none.error->type, "TOMLFileCorruptedError");
  ValueParsers parsers;
  parsers.toml = [](std::string_view text, std::string_view path) -> Result<Json> {
    EXPECT_EQ(path, "M.TOML");
    return Json(Json::Object{{"text", text}});
  };
  parsers.python = [](std::string_view, std::string_view) -> Result<Json> { return Json(Json::Object{{"K", 1}}); };
  EXPECT_EQ(ReadMetrics("M.TOML", "a = 1", parsers).data.Dump(), R"({"text":"a = 1"})");
  EXPECT_EQ(ReadParams("p.py", "K = 1", {"K"}, parsers).data.Dump(), R"({"K":1})");
}

TEST(Values, ARevisionThatCannotBeRead) {
  const RevisionValues broken{"old", {}, FileError{"YAMLSyntaxError", "no"}};
  EXPECT_EQ(ShowJson({broken}).Dump(), R"({"old":{"error":{"type":"YAMLSyntaxError","msg":"no"}}})");
  EXPECT_EQ(ShowText({broken}, {.revision_column = true}), "");
  EXPECT_EQ(ErroredLine({broken}), "DVC failed to load some metrics for following revisions: 'old'.\n");
}

TEST(PythonValue, TextsAndRoundingAsPython) {
  for (const Json& golden : GoldenCases("python.jsonl")) {
    if (const Json* value = golden.Find("value")) {
      EXPECT_EQ(codec::PythonStr(*value), Text(golden, "str"));
      EXPECT_EQ(codec::PythonRepr(*value), Text(golden, "repr"));
      continue;
    }
    const double number = golden.Find("number")->AsDouble();
    const auto digits = static_cast<int>(golden.Find("digits")->AsInt());
    EXPECT_EQ(codec::PythonRepr(PythonRound(number, digits)), codec::PythonRepr(golden.Find("rounded")->AsDouble()))
        << number << " " << digits;
  }
}

TEST(PythonValue, Equality) {
  const auto equal = [](const char* a, const char* b) { return PythonEqual(*Json::Parse(a), *Json::Parse(b)); };
  EXPECT_TRUE(equal("1", "1.0"));
  EXPECT_TRUE(equal("1", "true"));
  EXPECT_TRUE(equal("false", "0.0"));
  EXPECT_TRUE(equal(R"({"a":1,"b":[true]})", R"({"b":[1.0],"a":1})"));
  EXPECT_FALSE(equal("1", "\"1\""));
  EXPECT_FALSE(equal("null", "false"));
  EXPECT_FALSE(equal("9007199254740993", "9007199254740992.0"));
  EXPECT_FALSE(equal("[1]", "[1,2]"));
  EXPECT_FALSE(equal(R"({"a":1})", R"({"b":1})"));
}

}  // namespace
}  // namespace mlean::metrics
