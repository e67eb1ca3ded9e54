#include "policy/program.hpp"

#include <fmt/core.h>

#include <string>
#include <vector>

namespace mlean::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Value Root() {
  const Value metrics = Value::Object({{"auc", 0.58}, {"f1", 0.4}, {"val/auc", 0.61}, {"rows", std::int64_t{1200}}});
  return Value::Object({{"metrics", metrics},
                        {"prod", Value::Object({{"metrics", Value::Object({{"auc", 0.585}})}})},
                        {"approvals", Value::ListOf({"ann"})},
                        {"latency", Value::Object({{"p99", Duration::FromMs(120)}})},
                        {"errors", Value::Object({{"rate", 0.004}})}});
}

std::string Eval(std::string_view text) {
  const Result<Program> program = Program::Compile(text);
  if (!program) return program.error().what;
  const Result<Value> value = program->Evaluate(Root());
  return value ? Show(*value) : value.error().what;
}

Decision Decide(std::string_view text) {
  const Result<Program> program = Program::Compile(text);
  EXPECT_TRUE(program) << text;
  return program->Decide(Root());
}

struct Case {
  std::string_view text;
  std::string_view want;
};

TEST(Program, ExtensionsOfTheLanguage) {
  const Case cases[] = {
      // Percent: `%` directly after the digits and no operand after it.
      {"5%", "0.05"},
      {"0.7%", "0.007"},
      {"12.5%", "0.125"},
      {"-5%", "-0.05"},
      {"[5%, 25%, 50%]", "[0.05, 0.25, 0.5]"},
      {"7 % 5", "2"},
      {"7%5", "2"},
      {"7% 5", "2"},
      {"7 %5", "2"},
      {"5% - 1", "0"},
      {"(5%) - 1.0", "-0.95"},
      {"5% + 1.0", "1.05"},
      {"5% * 2.0", "0.1"},
      {"7%(5)", "2"},
      {"7%metrics.rows", "7"},
      {"5% == 0.05", "true"},
      {"5% != 0.05", "false"},
      {"5% in [0.05]", "true"},
      {"errors.rate < 5% && true", "true"},
      {"errors.rate < 5% ? 1 : 2", "1"},
      {"{'a': 5%}.a", "0.05"},
      {"5%%2", "cannot evaluate '5%%2': no operator % for double and int"},
      {"5% // comment\n", "0.05"},
      {"5e1%", "cannot compile '5e1%': 1:1: a percentage cannot have an exponent"},
      // Durations.
      {"100ms", "100ms"},
      {"10s", "10s"},
      {"5m", "5m"},
      {"2h", "2h"},
      {"1d", "1d"},
      {"1w == 7d", "true"},
      {"1h30m", "1h30m"},
      {"1.5h == 90m", "true"},
      {"-5m", "-5m"},
      {"1d == duration('24h')", "true"},
      {"1h + 30m == 1h30m", "true"},
      {"latency.p99 > 100ms", "true"},
      {"latency.p99 > 1s", "false"},
      {"latency.p99 > 100", "cannot evaluate 'latency.p99 > 100': no order for google.protobuf.Duration and int"},
      {"5x", "cannot compile '5x': 1:1: '5x' is neither a number nor a duration"},
      {"5minutes", "cannot compile '5minutes': 1:1: '5minutes' is neither a number nor a duration"},
      {"300000000000h", "cannot compile '300000000000h': 1:1: '300000000000h' is neither a number nor a duration"},
      // Arithmetic between integers and doubles.
      {"1 + 0.5", "1.5"},
      {"0.5 - 1", "-0.5"},
      {"2u * 0.5", "1.0"},
      {"1 / 0.5", "2.0"},
      {"1 / 0.0", "inf"},
      {"7.5 % 2", "cannot evaluate '7.5 % 2': no operator % for double and int"},
      {"1 + 1u", "cannot evaluate '1 + 1u': no operator + for int and uint"},
      // min, max, abs.
      {"min(3, 1, 2)", "1"},
      {"max(3, 1.5, 2u)", "3"},
      {"max([1, 4, 2])", "4"},
      {"min(5m, 10s)", "10s"},
      {"min([])", "cannot evaluate 'min([])': min of an empty list"},
      {"max(1, 'a')", "cannot evaluate 'max(1, 'a')': no max for string and int"},
      {"min('a')", "cannot evaluate 'min('a')': no min for string and string"},
      {"max(1.0, double('NaN'))", "cannot evaluate 'max(1.0, double('NaN'))': max of NaN"},
      {"abs(-3)", "3"},
      {"abs(-3.5)", "3.5"},
      {"abs(3u)", "3u"},
      {"abs(-5m)", "5m"},
      {"abs(-9223372036854775808)", "cannot evaluate 'abs(-9223372036854775808)': integer overflow"},
      {"abs('a')", "cannot evaluate 'abs('a')': no abs for string"},
  };
  for (const Case& c : cases) EXPECT_EQ(Eval(c.text), c.want) << c.text;
}

TEST(Program, CompileErrorsSayWhere) {
  const Case cases[] = {
      {"a >", "cannot compile 'a >': 1:4: expected an expression"},
      {"", "cannot compile '': 1:1: expected an expression"},
      {"a\n  > )", "cannot compile 'a   > )': 2:5: expected an expression"},
      {"(1", "cannot compile '(1': 1:3: expected ')' before the end"},
      {"(1]", "cannot compile '(1]': 1:3: expected ')', not ']'"},
      {"1 2", "cannot compile '1 2': 1:3: unexpected '2'"},
      {"é > 1", "cannot compile 'é > 1': 1:1: unexpected character"},
      {"'é' # 1", "cannot compile ''é' # 1': 1:5: unexpected '#'"},
      {"'abc", "cannot compile ''abc': 1:1: a string is not closed"},
      {"'\\q'", "cannot compile ''\\q'': 1:1: a string has a malformed escape"},
      {"sizes(x)", "cannot compile 'sizes(x)': 1:1: unknown function 'sizes', did you mean 'size'?"},
      {"contains(a, b)", "cannot compile 'contains(a, b)': 1:1: write x.contains(…)"},
      {"x.int()", "cannot compile 'x.int()': 1:3: write int(x)"},
      {"size(1, 2)", "cannot compile 'size(1, 2)': 1:1: wrong number of arguments for 'size'"},
      {"x.all(y)", "cannot compile 'x.all(y)': 1:3: 'all' takes a variable name and an expression over it"},
      {"has(x)", "cannot compile 'has(x)': 1:1: 'has' takes a field, as in has(metrics.auc)"},
      {"if > 1", "cannot compile 'if > 1': 1:1: 'if' is a reserved word"},
      {"x.matches('[')",
       "cannot compile 'x.matches('[')': 1:11: '[' is not a pattern: missing terminating ] for character class"},
      {"99999999999999999999", "cannot compile '99999999999999999999': 1:1: the number is out of range"},
      {"a.`b", "cannot compile 'a.`b': 1:3: a name in backticks is not closed"},
      {"\xff", "cannot compile '\xff': the text is not UTF-8"},
  };
  for (const Case& c : cases) {
    const Result<Program> program = Program::Compile(c.text);
    ASSERT_FALSE(program) << c.text;
    EXPECT_EQ(program.error().what, c.want);
    EXPECT_EQ(program.error().code, Code::kInvalid);
  }
}

TEST(Program, EvaluationErrorsNameTheCause) {
  const Case cases[] = {
      {"metrics.auk", "cannot evaluate 'metrics.auk': 'metrics.auk' is not defined, did you mean 'auc'?"},
      {"metric.auc", "cannot evaluate 'metric.auc': 'metric' is not defined, did you mean 'metrics'?"},
      {"metrics.auc.x", "cannot evaluate 'metrics.auc.x': no field 'x' for double"},
      {"approvals[3]", "cannot evaluate 'approvals[3]': index 3 out of range of 1 elements"},
      {"metrics['x']", "cannot evaluate 'metrics['x']': no such key \"x\""},
      {"1 / 0", "cannot evaluate '1 / 0': division by zero"},
      {"!metrics.auc", "cannot evaluate '!metrics.auc': no operator ! for double"},
      {"timestamp('2013-07-04T23:14:15Z').getHours('Europe/Berlin')",
       "cannot evaluate 'timestamp('2013-07-04T23:14:15Z').getHours('Europe/Berlin')': the time zone 'Europe/Berlin' is not "
       "'UTC' or "
       "'+hh:mm'"},
  };
  for (const Case& c : cases) EXPECT_EQ(Eval(c.text), c.want);
}

TEST(Program, DecideSaysWhichPartFailedAndWithWhat) {
  Decision d = Decide("metrics.auc >= 0.62");
  EXPECT_FALSE(d.allowed);
  EXPECT_EQ(d.reason, "metrics.auc >= 0.62 is false: metrics.auc = 0.58");
  EXPECT_THAT(d.inputs, ElementsAre(Pair("metrics.auc", "0.58")));

  d = Decide("metrics.auc >= prod.metrics.auc - 0.01 && approvals.size() >= 1");
  EXPECT_TRUE(d.allowed);
  EXPECT_EQ(d.reason,
            "metrics.auc >= prod.metrics.auc - 0.01 && approvals.size() >= 1 is true: metrics.auc = 0.58, "
            "prod.metrics.auc = 0.585, approvals = [\"ann\"]");

  d = Decide("approvals.size() >= 1 && metrics.auc >= 0.5 && metrics.f1 > 0.5 && errors.rate < 5%");
  EXPECT_FALSE(d.allowed);
  EXPECT_EQ(d.reason, "metrics.f1 > 0.5 is false: metrics.f1 = 0.4");
  EXPECT_EQ(d.inputs.size(), 4u);

  d = Decide("metrics.auk > 0.5 && metrics.f1 > 0.5");  // the false side outweighs the undefined one
  EXPECT_EQ(d.reason, "metrics.f1 > 0.5 is false: metrics.f1 = 0.4");
  d = Decide("metrics.auk > 0.5 && metrics.f1 > 0.1");
  EXPECT_FALSE(d.allowed);
  EXPECT_EQ(d.reason, "metrics.auk > 0.5 cannot be decided: 'metrics.auk' is not defined, did you mean 'auc'?");
  EXPECT_THAT(d.inputs, ElementsAre(Pair("metrics.auk", "undefined"), Pair("metrics.f1", "0.4")));

  d = Decide("metrics.auc");
  EXPECT_FALSE(d.allowed);
  EXPECT_EQ(d.reason, "metrics.auc is a double, not a bool");
  d = Decide("true && 'yes'");
  EXPECT_EQ(d.reason, "'yes' is a string, not a bool");
  d = Decide("1 > 2");
  EXPECT_EQ(d.reason, "1 > 2 is false");
}

TEST(Program, WhateverIsNotTrueDenies) {
  for (const std::string_view text :
       {"false", "null", "1", "'true'", "[true]", "nosuch", "1 / 0 > 0", "metrics.auc == 'x'", "!nosuch"}) {
    EXPECT_FALSE(Decide(text).allowed) << text;
  }
  EXPECT_TRUE(Decide("true").allowed);
  EXPECT_FALSE(Program::Compile("a.b")->Decide(Value()).allowed);
}

TEST(Program, ReferencesAreThePathsRead) {
  const auto references = [](std::string_view text) { return Program::Compile(text)->References(); };
  EXPECT_THAT(references("metrics.auc >= prod.metrics.auc - 0.002 && metrics.auc > 0"),
              ElementsAre("metrics.auc", "prod.metrics.auc"));
  EXPECT_THAT(references("metrics['val/auc'] > 0 && m['auc'] > 0"), ElementsAre("metrics[\"val/auc\"]", "m.auc"));
  EXPECT_THAT(references("a.b[i].c + has(d.e)"), ElementsAre("a.b", "i", "d.e"));
  EXPECT_THAT(references("xs.all(x, x > y.z)"), ElementsAre("xs", "y.z"));
  EXPECT_THAT(references("xs.map(x, x).size() + x"), ElementsAre("xs", "x"));
  EXPECT_THAT(references("type(a) == int"), ElementsAre("a"));
  EXPECT_TRUE(references("1 + 2").empty());
}

TEST(Program, NamesAndScopes) {
  EXPECT_EQ(Eval("metrics.`val/auc`"), "0.61");
  EXPECT_EQ(Eval("[1].map(metrics, metrics + 1)"), "[2]");
  EXPECT_EQ(Eval("[1].map(metrics, .metrics.auc)"), "[0.58]");
  EXPECT_EQ(Eval("[1, 2].map(x, [10].map(y, x + y)).map(x, x[0])"), "[11, 12]");
  EXPECT_EQ(Eval("[[3, 4]].map(a, a[[0, 1].map(b, [b].map(c, c)[0])[1]])"), "[4]");
}

TEST(Program, WorkIsBounded) {
  const auto refused = [](std::string_view text, const Limits& limits = {}) {
    const Result<Value> value = Program::Compile(text)->Evaluate(Root(), limits);
    return !value && value.error().code == Code::kTooLarge;
  };
  EXPECT_TRUE(refused("1 + 2 + 3", {.max_steps = 3}));
  EXPECT_FALSE(refused("1 + 2 + 3", {.max_steps = 6}));
  // Every way to make much out of little: nested ranges, doubling strings and lists, shared lists compared, slow searches.
  const std::string ten = "[0,1,2,3,4,5,6,7,8,9]";
  std::string nested = "1";
  for (char name = 'a'; name < 'i'; ++name) nested = fmt::format("{}.all({}, {} > 0)", ten, name, nested);
  EXPECT_TRUE(refused(nested));
  std::string doubled = "'0123456789abcdef'";
  for (int i = 0; i < 20; ++i) doubled = fmt::format("[{}].map(x, x + x)[0]", doubled);
  EXPECT_TRUE(refused(doubled));
  std::string lists = "[1, 2]";
  for (int i = 0; i < 20; ++i) lists = fmt::format("[{}].map(x, x + x)[0]", lists);
  EXPECT_TRUE(refused(lists));
  std::string shared = "[1, 2, 3, 4, 5, 6, 7, 8]";
  for (int i = 0; i < 10; ++i) shared = fmt::format("[{}].map(x, [x, x, x, x, x, x, x, x])[0]", shared);
  EXPECT_TRUE(refused(fmt::format("[{}].all(x, x == x)", shared)));
  // No || hides it.
  EXPECT_TRUE(refused(fmt::format("{} == '' || true", doubled)));
}

TEST(Program, PatternsThatBacktrackWithoutEndAreErrors) {
  const std::string text = "'" + std::string(40, 'a') + "!'.matches('^(a+)+$')";
  EXPECT_THAT(Eval(text), HasSubstr("match limit"));
  EXPECT_THAT(Eval("'a'.matches('" + std::string(2000, 'a') + "')"), HasSubstr("over 1000 bytes"));
}

TEST(Program, DepthIsBounded) {
  const auto fails = [](const std::string& text) {
    const Result<Program> program = Program::Compile(text);
    return !program && (program.error().what.find("deep") != std::string::npos || program.error().code == Code::kTooLarge);
  };
  const auto repeat = [](std::string_view part, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += part;
    return out;
  };
  EXPECT_TRUE(fails(repeat("(", 5000) + "1" + repeat(")", 5000)));
  EXPECT_TRUE(fails(repeat("[", 5000)));
  EXPECT_TRUE(fails(repeat("!", 5000) + "true"));
  EXPECT_TRUE(fails(repeat("-", 5000) + "x"));
  EXPECT_TRUE(fails("1" + repeat("+1", 5000)));
  EXPECT_TRUE(fails("a" + repeat(".a", 5000)));
  EXPECT_TRUE(fails(repeat("true?1:", 1000) + "1"));
  EXPECT_TRUE(fails(repeat("a", 20000)));
  EXPECT_EQ(Eval("1" + repeat("+1", 150)), "151");
  EXPECT_EQ(Eval(repeat("(", 50) + "1" + repeat(")", 50)), "1");
}

TEST(Value, MapsFindKeysByValueAndRefuseTwins) {
  const Result<Value> map = Value::MapOf({{Value(1), Value("one")}, {Value("a"), Value("A")}, {Value(true), Value("yes")}});
  ASSERT_TRUE(map);
  EXPECT_EQ(map->FindKey(Value(std::uint64_t{1}))->AsString(), "one");
  EXPECT_EQ(map->FindKey(Value(1.0))->AsString(), "one");
  EXPECT_EQ(map->FindKey(Value(1.5)), nullptr);
  EXPECT_EQ(map->FindKey(Value(true))->AsString(), "yes");
  EXPECT_EQ(map->Find("a")->AsString(), "A");
  EXPECT_EQ(map->Find("b"), nullptr);
  EXPECT_FALSE(Value::MapOf({{Value(1), Value()}, {Value(std::uint64_t{1}), Value()}}));
  EXPECT_EQ(Value::Object({{"a", 1}, {"b", 2}, {"a", 3}}).Find("a")->AsInt(), 3);
}

TEST(Value, ShowCutsLongValues) {
  EXPECT_EQ(Show(Value(std::string(1000, 'x')), 10), "\"xxxxxxxxx…");
  EXPECT_EQ(Show(Value::ListOf(Value::List(1000, Value(7))), 10), "[7, 7, 7, …");
  EXPECT_EQ(Show(Value::Object({{"a", Value::ListOf({1, 2.0, "x", Value()})}})), "{\"a\": [1, 2.0, \"x\", null]}");
  EXPECT_EQ(Show(Value(Timestamp::FromMs(1356998400120))), "2013-01-01T00:00:00.12Z");
  EXPECT_EQ(Show(Value(Timestamp::FromMs(-1))), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace mlean::policy
