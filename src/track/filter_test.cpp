#include "track/filter.hpp"

#include <fmt/format.h>

namespace mlean::track {
namespace {

constexpr EntityWord kEntities[] = {{"metrics", Field::kMetric}, {"metric", Field::kMetric}, {"params", Field::kParam},
                                    {"tags", Field::kTag},       {"tag", Field::kTag},       {"attributes", Field::kAttribute},
                                    {"dataset", Field::kDataset}};
constexpr AttributeWord kAttributes[] = {{.word = "run_id", .column = "run_id", .list = true},
                                         {.word = "status", .column = "status"},
                                         {.word = "Created", .column = "start_time", .number = true},
                                         {.word = "run name", .column = "run_name"},
                                         {.word = "secret", .column = "secret", .filtered = false}};
constexpr Grammar kGrammar{kEntities, "['metric', 'tag']", kAttributes, true};

std::string ValueText(const sql::Operand& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return "'" + *text + "'";
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return fmt::format("{}i", *whole);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return fmt::format("({})", fmt::join(*list, "|"));
  return "";
}

std::string Text(const std::vector<Clause>& all) {
  std::vector<std::string> parts;
  for (const Clause& one : all) {
    if (one.any.empty()) {
      parts.push_back(fmt::format("{}.{} {} {}", "amptd"[static_cast<int>(one.field)], one.key, static_cast<int>(one.op),
                                  ValueText(one.value)));
      continue;
    }
    std::vector<std::string> lists;
    for (const auto& list : one.any) lists.push_back(Text(list));
    parts.push_back(fmt::format("[{}]", fmt::join(lists, " or ")));
  }
  return fmt::format("{}", fmt::join(parts, " & "));
}

std::string Parsed(std::string_view filter) {
  const auto result = ParseFilter(filter, kGrammar);
  return result ? Text(*result) : "error: " + result.error().what;
}

TEST(Filter, ReadsComparisons) {
  for (const auto& [filter, expected] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"  ", ""},
           {"metrics.m>=1", "m.m 5 1"},
           {"metrics.m > -1.5e3", "m.m 4 -1500"},
           {"metrics.`a b` != 2", "m.a b 1 2"},
           {"params.\"x y\" = 'v'", "p.x y 0 'v'"},
           {"tags.a.b.c LIKE '%x%'", "t.a.b.c 6 '%x%'"},
           {"tag.`mlflow.prompt.is_prompt` != 'true'", "t.mlflow.prompt.is_prompt 1 'true'"},
           {"status = \"FINISHED\" and attributes.status ilike 'f%'", "a.status 0 'FINISHED' & a.status 7 'f%'"},
           {"Created < 5", "a.start_time 2 5i"},
           {"`run name` = 'x' AND", "a.run_name 0 'x'"},
           {"AND tags.t = 'x' AND AND tags.u = 'y' and", "t.t 0 'x' & t.u 0 'y'"},
           {"run_id IN ('a', 'b',)", "a.run_id 8 (a|b)"},
           {"run_id not in ('a')", "a.run_id 9 (a)"},
           {"tags.t is not null AND params.p IS NULL", "t.t 11  & p.p 10 "},
           {"dataset.name = 'd'", "d.name 0 'd'"},
           {"params.p = 'it''s'", "p.p 0 'it''s'"},
           {R"(params.p = 'it\'s' AND tags.t = 'x')", R"(p.p 0 'it\'s' & t.t 0 'x')"},
           {R"(params.p = 'C:\')", R"(p.p 0 'C:\')"},
           {"params.p = '' AND tags.t = ''", "p.p 0 '' & t.t 0 ''"},
           {"params.'a b' = \"x\"", "p.a b 0 'x'"},
           {"\"status\" = 'x'", "a.status 0 'x'"},
       }) {
    EXPECT_EQ(Parsed(filter), expected) << filter;
  }
}

TEST(Filter, ReadsOrAndParentheses) {
  EXPECT_EQ(Parsed("tags.a = '1' OR tags.b = '2'"), "[t.a 0 '1' or t.b 0 '2']");
  EXPECT_EQ(Parsed("tags.a = '1' AND (tags.b = '2' OR tags.c = '3' AND tags.d = '4')"),
            "t.a 0 '1' & [t.b 0 '2' or t.c 0 '3' & t.d 0 '4']");
  EXPECT_EQ(Parsed("((tags.a = '1'))"), "t.a 0 '1'");
  EXPECT_EQ(Parsed("(tags.a = '1'"), "error: Invalid clause(s) in filter string: '('");
  EXPECT_EQ(Parsed("tags.a = '1')"), "error: Invalid clause(s) in filter string: ')'");
}

TEST(Filter, RefusesWithMlflowsTexts) {
  for (const auto& [filter, expected] : std::vector<std::pair<std::string, std::string>>{
           {"foo.x = '1'", "Invalid entity type 'foo'. Valid values are ['metric', 'tag']"},
           {"nope = '1'", "Invalid attribute key 'nope' specified. Valid keys are '['run_id', 'status', 'Created', 'run name']'"},
           {"secret = '1'",
            "Invalid attribute key 'secret' specified. Valid keys are '['run_id', 'status', 'Created', 'run name']'"},
           {"dataset.x = '1'", "Invalid dataset key 'x' specified. Valid keys are '['context', 'digest', 'name']'"},
           {"metrics.m = 'a'", "Expected numeric value type for metric. Found 'a'"},
           {"Created = 'a'", "Expected numeric value type for numeric attribute: start_time. Found 'a'"},
           {"params.p = 1", "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1"},
           {"params.p = abc",
            "Parameter value is either not quoted or unidentified quote types used for string value abc. Use either single or "
            "double quotes."},
           {"status IN ('a')", "Only ['run_id'] attributes support comparison with a list of quoted string values."},
           {"run_id IN ()", "While parsing a list in the query, expected a non-empty list of string values, but got empty list"},
           {"run_id IN (,)",
            "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list"},
           {"run_id IN ('a',,'b')",
            "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list"},
           {"run_id IN (1, 2)",
            "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in "
            "list"},
           {"run_id IN (", "Invalid clause(s) in filter string: 'run_id'"},
           {"run_id IN ('a'", "Invalid clause(s) in filter string: 'run_id'"},
           {"run_id IN 'a'", "Invalid clause(s) in filter string: 'run_id'"},
           {"params.p > '1'", "Invalid comparator '>' not one of '['!=', '=', 'ILIKE', 'LIKE']'"},
           {"metrics.m LIKE '1'", "Invalid comparator 'LIKE' not one of '['!=', '<', '<=', '=', '>', '>=']'"},
           {"metrics.m IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metrics.m'"},
           {"tags.t", "Invalid clause(s) in filter string: 'tags.t'"},
           {"tags.t =", "Invalid clause(s) in filter string: 'tags.t'"},
           {"= 'x'", "Invalid clause(s) in filter string: '='"},
           {"AND", "Invalid clause(s) in filter string: 'AND'"},
           {"tags.t = 'x' AND OR tags.u = 'y'", "Invalid clause(s) in filter string: 'OR'"},
           {"tags.t = 'x' tags.u = 'y'", "Invalid clause(s) in filter string: 'tags.u'"},
           {"tags.t = 'x", "Expected a quoted string value for tag (e.g. 'my-value'). Got value 'x"},
       }) {
    EXPECT_EQ(Parsed(filter), "error: " + expected) << filter;
  }
}

TEST(Filter, IsBounded) {
  std::string many = "tags.t = 'x'";
  for (int i = 0; i < 64; ++i) many += " AND tags.t = 'x'";
  EXPECT_EQ(Parsed(many), "error: cannot parse filter: more than 64 comparisons");
  EXPECT_EQ(Parsed(std::string(100'000, '(')), "error: cannot parse filter: more than 16 levels of parentheses");
  std::string list = "run_id IN ('a'";
  for (int i = 1; i < 10'000; ++i) list += ",'a'";
  list += ")";
  std::string lists = list;
  for (int i = 1; i < 5; ++i) lists += " AND " + list;
  EXPECT_EQ(Parsed(lists).substr(0, 5), Parsed(list).substr(0, 5));
  EXPECT_EQ(Parsed(lists + " AND run_id IN ('a')"), "error: cannot parse filter: more than 50000 values in its lists");
}

TEST(Order, IsRead) {
  const auto order = [](std::string_view text) {
    const auto key = ParseOrder(text, kGrammar);
    return key ? fmt::format("{}.{} {}", static_cast<int>(key->field), key->key, key->ascending ? "up" : "down")
               : key.error().what;
  };
  EXPECT_EQ(order("metrics.m"), "1.m up");
  EXPECT_EQ(order(" metrics.`a b` desc "), "1.a b down");
  EXPECT_EQ(order("Created ASC"), "0.start_time up");
  EXPECT_EQ(order("`run name` DESC"), "0.run_name down");
  EXPECT_EQ(order("status SIDEWAYS"), "Invalid ordering key in order_by clause 'status SIDEWAYS'.");
  EXPECT_EQ(order("status DESC x"), "Invalid order_by clause 'status DESC x'. Could not be parsed.");
  EXPECT_EQ(order(""), "Invalid order_by clause ''. Could not be parsed.");
}

}  // namespace
}  // namespace mlean::track
