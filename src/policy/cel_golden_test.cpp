// Every line of tests/golden/policy/cel.tsv: what Google's own CEL gives for an expression, against ours.
#include <fmt/core.h>

#include <fstream>
#include <map>
#include <string>

#include "base/text.hpp"
#include "policy/program.hpp"

namespace mlean::policy {
namespace {

// Where we differ on purpose, with the value we give instead.
const std::map<std::string, std::string, std::less<>>& Differences() {
  static const auto* const kDifferences = new std::map<std::string, std::string, std::less<>>{
      {"1e400", "error"},                         // a number out of range is a typing mistake, not infinity
      {R"(R"a\")", R"("a\\")"},                   // the grammar lets a raw string end with a backslash
      {"int(' 1')", "error"},                     // numbers are read strictly
      {"int(true)", "error"},                     // not in the specification
      {"string(duration('1.5s'))", R"("1.5s")"},  // fractions as Go's runtime writes them, not in threes
      {"string(duration('-250ms'))", R"("-0.25s")"},
      {"string(timestamp('2013-01-01T00:00:00.120Z'))", R"("2013-01-01T00:00:00.12Z")"},
  };
  return *kDifferences;
}

// The form of make_cel.py.
std::string Canonical(const Value& value) {
  switch (value.kind()) {
    case Kind::kDouble: return "double:" + FormatDouble(value.AsDouble());
    case Kind::kBytes:
      return "bytes:" + Hex(reinterpret_cast<const unsigned char*>(value.AsBytes().data()), value.AsBytes().size());
    case Kind::kMap: return fmt::format("map of {}", value.AsMap().size());
    case Kind::kDuration: return fmt::format("duration of {} us", value.AsDuration().ns / 1000);
    case Kind::kList: {
      std::string out;
      for (const Value& element : value.AsList()) out += (out.empty() ? "" : ", ") + Canonical(element);
      return "[" + out + "]";
    }
    case Kind::kNull:
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kString:
    case Kind::kTimestamp:
    case Kind::kType: return Show(value);
  }
  return "";
}

bool Same(const std::string& ours, const std::string& theirs) {
  if (ours == theirs) return true;
  // Doubles by value: the two programs write them differently.
  if (!ours.starts_with("double:")) return false;
  const std::optional<double> a = ParseDouble(ours.substr(7));
  const std::optional<double> b = ParseDouble(theirs.starts_with("double:") ? theirs.substr(7) : theirs);
  return a && b && (*a == *b || (*a != *a && *b != *b));
}

Value Variables() {
  const Value m = Value::Object({{"a", 1}, {"l", Value::ListOf({10, 20})}, {"auc", 0.7}, {"x-y", 3}});
  return Value::Object({{"m", m}, {"prod", Value::Object({{"auc", 0.65}})}, {"s", "text"}, {"i", 7}, {"d", 2.5}});
}

std::string OursOf(const std::string& expression) {
  const Result<Program> program = Program::Compile(expression);
  if (!program) return "error";
  const Result<Value> value = program->Evaluate(Variables());
  return value ? Canonical(*value) : "error";
}

TEST(CelGolden, AgreesWithGooglesRuntime) {
  std::ifstream file(MLEAN_SOURCE_DIR "/tests/golden/policy/cel.tsv");
  ASSERT_TRUE(file.is_open());
  std::string line;
  int lines = 0;
  std::size_t differing = 0;
  while (std::getline(file, line)) {
    const std::size_t tab = line.rfind('\t');
    ASSERT_NE(tab, std::string::npos) << line;
    const std::string expression = ReplaceAll(line.substr(0, tab), "␤", "\n");
    const std::string theirs = line.substr(tab + 1);
    const std::string ours = OursOf(expression);
    const auto known = Differences().find(expression);
    if (known == Differences().end()) {
      EXPECT_TRUE(Same(ours, theirs)) << expression << "\n  ours:   " << ours << "\n  theirs: " << theirs;
    } else {
      EXPECT_EQ(ours, known->second) << expression;
      EXPECT_FALSE(Same(ours, theirs)) << expression << ": no difference any more";
      ++differing;
    }
    ++lines;
  }
  EXPECT_GE(lines, 500);
  EXPECT_EQ(differing, Differences().size());
}

}  // namespace
}  // namespace mlean::policy
