// Validation over the real engine, compared with great_expectations 1.24.1: tests/golden/check/make_golden.py made the answers.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "check/result_json.hpp"
#include "check/suggest.hpp"
#include "check/summary.hpp"
#include "check/validate.hpp"
#include "flows/duck_table_source.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace {

using check::ItemResult;
using check::ResultFormat;
using check::Suite;
using codec::Json;

const std::string kGolden = std::string(MLEAN_SOURCE_DIR) + "/tests/golden/check/";

std::unique_ptr<tables::Engine> OpenEngine() {
  auto engine = tables::Engine::Open();
  EXPECT_TRUE(engine) << engine.error().what;
  return engine ? *std::move(engine) : nullptr;
}

// Numbers within 1e-12 of each other, NaT as null, everything else equal; `path` names the first difference.
bool Same(const Json& ours, const Json& theirs, std::string path, std::string& difference) {
  if (theirs.IsString() && (theirs.AsString() == "NaT" || theirs.AsString() == "None") && ours.IsNull()) return true;
  if (ours.IsNumber() && theirs.IsNumber()) {
    const double a = ours.AsDouble(), b = theirs.AsDouble();
    if (a == b || std::abs(a - b) <= 1e-12 * std::max(std::abs(a), std::abs(b))) return true;
  } else if (ours.IsArray() && theirs.IsArray() && ours.AsArray().size() == theirs.AsArray().size()) {
    for (std::size_t i = 0; i < ours.AsArray().size(); ++i) {
      if (!Same(ours.AsArray()[i], theirs.AsArray()[i], fmt::format("{}[{}]", path, i), difference)) return false;
    }
    return true;
  } else if (ours.IsObject() && theirs.IsObject()) {
    for (const auto& [key, value] : theirs.AsObject()) {
      const Json* mine = ours.Find(key);
      if (mine == nullptr) return difference = path + "." + key + " is missing", false;
      if (!Same(*mine, value, path + "." + key, difference)) return false;
    }
    for (const auto& member : ours.AsObject()) {
      if (theirs.Find(member.first) == nullptr) return difference = path + "." + member.first + " is too much", false;
    }
    return true;
  } else if (ours == theirs) {
    return true;
  }
  difference = fmt::format("{}: ours {} theirs {}", path, ours.Dump(true), theirs.Dump(true));
  return false;
}

// Where we differ on purpose, by text of the case; empty when there is no such difference.
std::string_view OnPurpose(const std::string& type, const Json& kwargs) {
  const std::string column = kwargs.StringAt("column", "").value_or("");
  if (type == "expect_column_values_to_be_between" && column == "day") return "text bounds on text compare as text; GE raises";
  if (type == "expect_column_values_to_be_in_type_list" && column == "name") {
    return "to_be_of_type takes 'str' for text and to_be_in_type_list does not, on pandas 3; we take it in both";
  }
  if (type.find("like_pattern") != std::string::npos) return "GE has no pandas provider";
  return {};
}

// Counter over NaN objects counts each by itself and cannot order tuples with None; we count nulls as equal values.
void DropNullCounts(Json& result) {
  Json* counts = result.Find("partial_unexpected_counts");
  bool drop = counts == nullptr;
  for (const Json* list : {result.Find("partial_unexpected_list"), result.Find("unexpected_list")}) {
    if (list == nullptr || !list->IsArray()) continue;
    drop = drop || list->Dump(true).find("null") != std::string::npos || list->Dump().find("NaT") != std::string::npos;
  }
  if (!drop) return;
  auto& members = result.AsObject();
  members.erase(
      std::remove_if(members.begin(), members.end(), [](const auto& m) { return m.first == "partial_unexpected_counts"; }),
      members.end());
}

TEST(Validate, AnswersAsGreatExpectationsDoes) {
  const auto engine = OpenEngine();
  ASSERT_TRUE(engine);
  auto source = DuckTableSource::Open(*engine, {.path = kGolden + "nasty.parquet"});
  ASSERT_TRUE(source) << source.error().what;
  auto golden = Json::Parse(*os::ReadFile(kGolden + "golden_ge1.json"), {.allow_nan = true});
  ASSERT_TRUE(golden) << golden.error().what;
  std::size_t compared = 0;
  for (const Json& one : golden->Find("cases")->AsArray()) {
    const std::string type = *one.StringAt("type");
    const Json& kwargs = *one.Find("kwargs");
    SCOPED_TRACE(type + " " + kwargs.Dump());
    auto expectation = check::MakeExpectation(type, kwargs);
    ASSERT_TRUE(expectation) << expectation.error().what;
    Suite suite;
    suite.expectations = {*expectation};
    for (const auto& [name, format] :
         {std::pair("SUMMARY", ResultFormat::kSummary), std::pair("COMPLETE", ResultFormat::kComplete)}) {
      const Json& wanted = *one.Find(name);
      if (wanted.Find("refused") != nullptr || !OnPurpose(type, kwargs).empty()) continue;
      auto result = check::Validate(suite, **source, {.result_format = format});
      ASSERT_TRUE(result) << result.error().what;
      const ItemResult& item = result->items.at(0);
      EXPECT_EQ(item.success, *wanted.BoolAt("success"));
      EXPECT_EQ(!item.exception.empty(), *wanted.BoolAt("raised")) << item.exception;
      Json ours = check::ItemResultJson(item, format, 20), theirs = *wanted.Find("result");
      DropNullCounts(theirs);
      if (theirs.Find("partial_unexpected_counts") == nullptr) DropNullCounts(ours);
      std::string difference;
      EXPECT_TRUE(Same(ours, theirs, std::string(name), difference)) << difference;
      ++compared;
    }
  }
  EXPECT_GE(compared, 260u);
}

TEST(Validate, OnePassGivesWhatSinglePassesGive) {
  const auto engine = OpenEngine();
  ASSERT_TRUE(engine);
  auto source = DuckTableSource::Open(*engine, {.path = kGolden + "nasty.parquet"});
  ASSERT_TRUE(source);
  auto golden = Json::Parse(*os::ReadFile(kGolden + "golden_ge1.json"), {.allow_nan = true});
  Suite all;
  for (const Json& one : golden->Find("cases")->AsArray()) {
    all.expectations.push_back(*check::MakeExpectation(*one.StringAt("type"), *one.Find("kwargs")));
  }
  auto together = check::Validate(all, **source);
  ASSERT_TRUE(together) << together.error().what;
  EXPECT_EQ(together->rows, 60);
  EXPECT_FALSE(together->success);
  EXPECT_FALSE(together->warnings.empty());
  for (std::size_t i = 0; i < all.expectations.size(); ++i) {
    Suite one;
    one.expectations = {all.expectations[i]};
    auto alone = check::Validate(one, **source);
    ASSERT_TRUE(alone);
    EXPECT_EQ(check::ItemResultJson(alone->items[0], ResultFormat::kSummary, 20).Dump(true),
              check::ItemResultJson(together->items[i], ResultFormat::kSummary, 20).Dump(true));
    EXPECT_EQ(alone->items[0].success, together->items[i].success);
  }
}

class ValidateTable : public ::testing::Test {
 protected:
  void SetUp() override { engine_ = OpenEngine(); }
  ItemResult Check(const std::string& relation, const std::string& type, Json kwargs) {
    auto source = DuckTableSource::OpenRelation(*engine_, relation);
    EXPECT_TRUE(source) << source.error().what;
    auto expectation = check::MakeExpectation(type, std::move(kwargs));
    EXPECT_TRUE(expectation) << expectation.error().what;
    Suite suite;
    suite.expectations = {*expectation};
    auto result = check::Validate(suite, **source);
    EXPECT_TRUE(result) << result.error().what;
    return result->items.at(0);
  }
  std::unique_ptr<tables::Engine> engine_;
};

TEST_F(ValidateTable, RowConditionsOfBothForms) {
  const std::string data =
      "(SELECT i AS a, CASE WHEN i % 2 = 0 THEN 'x' END AS \"my col\", i % 3 = 0 AS f, i % 5 AS b FROM range(10) t(i))";
  const auto count = [&](Json condition) {
    const ItemResult item = Check(data, "expect_column_values_to_not_be_null",
                                  Json::Object{{"column", "a"}, {"row_condition", std::move(condition)}});
    return item.exception.empty() ? item.element_count : -1;
  };
  EXPECT_EQ(count("a > 3"), 6);
  EXPECT_EQ(count("a>=3 and a<5"), 2);
  EXPECT_EQ(count("a == -1"), 0);
  EXPECT_EQ(count("(a < 2) | (a > 8)"), 3);
  EXPECT_EQ(count("not (a < 2 or a > 8)"), 7);
  EXPECT_EQ(count("~(a < 2)"), 8);
  EXPECT_EQ(count("`my col` == 'x'"), 5);
  EXPECT_EQ(count("`my col` != 'x'"), 5) << "missing differs from everything, as in pandas";
  EXPECT_EQ(count("`my col`.isnull()"), 5);
  EXPECT_EQ(count("col(\"my col\").notNull()"), 5);
  EXPECT_EQ(count("col(\"a\") <= 1.5"), 2);
  EXPECT_EQ(count("a in [1, 2, 99]"), 2);
  EXPECT_EQ(count("a not in [1, 2, 99]"), 8);
  EXPECT_EQ(count("f"), 4);
  EXPECT_EQ(count("f == True"), 4);
  EXPECT_EQ(count("a == b"), 5);
  EXPECT_EQ(count(""), 10);
  EXPECT_EQ(count("nosuch > 1"), -1);
  EXPECT_EQ(count("a.str.len() > 1"), -1);
  EXPECT_EQ(count("a > 'x'"), -1);
  EXPECT_EQ(count("a > 1; DROP TABLE x"), -1);
  const auto compare = [](const char* op, Json parameter) {
    return Json(Json::Object{
        {"type", "comparison"}, {"column", Json::Object{{"name", "a"}}}, {"operator", op}, {"parameter", std::move(parameter)}});
  };
  EXPECT_EQ(count(compare("<", 4)), 4);
  EXPECT_EQ(count(compare("NOT_IN", Json::Array{1, 2})), 8);
  EXPECT_EQ(count(Json::Object{{"type", "or"}, {"conditions", Json::Array{compare("<", 1), compare(">", 8)}}}), 2);
  EXPECT_EQ(count(Json::Object{{"type", "nullity"}, {"column", Json::Object{{"name", "my col"}}}, {"is_null", false}}), 5);
  EXPECT_EQ(count(Json::Object{{"type", "pass_through"}, {"pass_through_filter", "a > 3"}}), 6);
}

TEST_F(ValidateTable, AMissingColumnIsAnExceptionWithTheNearestName) {
  const ItemResult item =
      Check("(SELECT 1 AS carrier)", "expect_column_values_to_not_be_null", Json::Object{{"column", "carier"}});
  EXPECT_FALSE(item.success);
  EXPECT_EQ(item.exception, "no such column 'carier' (did you mean 'carrier'?)");
}

TEST_F(ValidateTable, OneBadExpectationDoesNotSpoilTheOthers) {
  auto source = DuckTableSource::OpenRelation(*engine_, "(SELECT 'inf'::DOUBLE AS x, 'a' AS t UNION ALL SELECT 1, 'b')");
  ASSERT_TRUE(source);
  Suite suite;
  suite.expectations = {
      *check::MakeExpectation("expect_column_stdev_to_be_between", Json::Object{{"column", "x"}, {"min_value", 0}}),
      *check::MakeExpectation("expect_column_values_to_match_regex", Json::Object{{"column", "t"}, {"regex", "(["}}),
      *check::MakeExpectation("expect_column_values_to_match_regex", Json::Object{{"column", "t"}, {"regex", "^(?!b)"}}),
      *check::MakeExpectation("expect_column_values_to_not_be_null", Json::Object{{"column", "t"}})};
  auto result = check::Validate(suite, **source);
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_FALSE(result->items[0].exception.empty());
  EXPECT_FALSE(result->items[1].exception.empty());
  EXPECT_NE(result->items[2].exception.find("looks around"), std::string::npos);
  EXPECT_TRUE(result->items[3].success);
  EXPECT_EQ(result->Passed(), 1u);
}

TEST_F(ValidateTable, EmptyTablesPassWithAWarning) {
  auto source = DuckTableSource::OpenRelation(*engine_, "(SELECT 1 AS a WHERE false)");
  Suite suite;
  suite.expectations = {
      *check::MakeExpectation("expect_column_values_to_be_between", Json::Object{{"column", "a"}, {"min_value", 5}})};
  auto result = check::Validate(suite, **source);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->success);
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_EQ(result->warnings[0], "'a': values must be at least 5: no value was checked");
  EXPECT_TRUE(check::Summarize(*result).at(0).vacuous);
}

TEST_F(ValidateTable, ScansKeepTheOrderOfALargeFile) {
  auto dir = os::TempDir::Make("mlean-validate");
  const std::string path = (dir->path() / "order.parquet").string();
  ASSERT_TRUE(engine_->Execute(
      fmt::format("COPY (SELECT CASE WHEN i = 1234567 THEN -1 ELSE i END AS i FROM range(1500000) t(i)) TO '{}'", path)));
  const ItemResult item = Check(fmt::format("read_parquet('{}')", path), "expect_column_values_to_be_increasing",
                                Json::Object{{"column", "i"}, {"strictly", true}});
  EXPECT_EQ(item.unexpected_count, 1);
  EXPECT_EQ(item.unexpected_rows, std::vector<std::int64_t>{1234567});
}

TEST_F(ValidateTable, NanIsMissing) {
  const std::string data = "(SELECT * FROM (VALUES ('nan'::DOUBLE, 1), (2, 2), (NULL, 3), (4, 4)) t(x, id))";
  EXPECT_EQ(Check(data, "expect_column_values_to_not_be_null", Json::Object{{"column", "x"}}).unexpected_count, 2);
  const ItemResult item = Check(data, "expect_column_values_to_be_between", Json::Object{{"column", "x"}, {"max_value", 3}});
  EXPECT_EQ(item.missing_count, 2);
  EXPECT_EQ(item.unexpected_rows, std::vector<std::int64_t>{3});
  EXPECT_EQ(Check(data, "expect_column_mean_to_be_between", Json::Object{{"column", "x"}, {"max_value", 3}}).observed.AsDouble(),
            3);
  EXPECT_TRUE(Check(data, "expect_column_most_common_value_to_be_in_set",
                    Json::Object{{"column", "x"}, {"value_set", Json::Array{2, 4}}, {"ties_okay", true}})
                  .success);
  EXPECT_EQ(Check(data, "expect_column_values_to_not_be_null", Json::Object{{"column", "id"}, {"row_condition", "x.isnull()"}})
                .element_count,
            2);
}

TEST_F(ValidateTable, NamesAndValuesAreQuoted) {
  const std::string data = "(SELECT 'it''s' AS \"we\"\"ird; --\")";
  EXPECT_TRUE(Check(data, "expect_column_values_to_be_in_set",
                    Json::Object{{"column", "we\"ird; --"}, {"value_set", Json::Array{"it's"}}})
                  .success);
  EXPECT_TRUE(
      Check(data, "expect_column_values_to_match_regex", Json::Object{{"column", "we\"ird; --"}, {"regex", "^it's$"}}).success);
}

TEST_F(ValidateTable, TimesTakeDatesAsBounds) {
  const std::string data = "(SELECT TIMESTAMP '2013-05-01 10:00:00' AS t, DATE '2013-05-01' AS d)";
  for (const char* column : {"t", "d"}) {
    EXPECT_TRUE(Check(data, "expect_column_values_to_be_between",
                      Json::Object{{"column", column}, {"min_value", "2013-01-01"}, {"max_value", "2013-12-31"}})
                    .success);
    EXPECT_FALSE(
        Check(data, "expect_column_max_to_be_between", Json::Object{{"column", column}, {"max_value", "2013-02-01"}}).success);
  }
}

TEST_F(ValidateTable, CsvIsReadOnceAndCheckedAsPandasTypesIt) {
  auto dir = os::TempDir::Make("mlean-validate");
  const std::string path = (dir->path() / "a.csv").string();
  ASSERT_TRUE(os::WriteFileAtomic(path, "id,day,x\n1,2013-01-01,NA\n2,2013-01-02,5\n"));
  auto source = DuckTableSource::Open(*engine_, {.path = path, .pandas_types = true});
  ASSERT_TRUE(source) << source.error().what;
  ASSERT_TRUE(os::Remove(path));
  Suite suite;
  suite.expectations = {
      *check::MakeExpectation("expect_column_values_to_not_be_null", Json::Object{{"column", "x"}}),
      *check::MakeExpectation("expect_column_values_to_be_of_type", Json::Object{{"column", "x"}, {"type_", "float64"}}),
      *check::MakeExpectation("expect_column_values_to_match_strftime_format",
                              Json::Object{{"column", "day"}, {"strftime_format", "%Y-%m-%d"}})};
  auto result = check::Validate(suite, **source);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->items[0].unexpected_rows, std::vector<std::int64_t>{0});
  EXPECT_TRUE(result->items[1].success);
  EXPECT_TRUE(result->items[2].success) << result->items[2].exception;
}

TEST(Suggest, HoldsOnTheDataItCameFrom) {
  const auto engine = OpenEngine();
  auto source = DuckTableSource::Open(*engine, {.path = kGolden + "nasty.parquet"});
  ASSERT_TRUE(source);
  auto suite = check::SuggestFrom(**source);
  ASSERT_TRUE(suite) << suite.error().what;
  auto again = check::ParseSuite(check::SuiteJson(*suite).Dump(true));
  ASSERT_TRUE(again) << again.error().what;
  auto result = check::Validate(*again, **source);
  ASSERT_TRUE(result);
  // `big` holds infinities, which no proposed range contains.
  for (const ItemResult& item : result->items) {
    if (item.expectation.Column() != "big") {
      EXPECT_TRUE(item.success) << check::SummaryText(*result);
    }
    EXPECT_FALSE(item.expectation.meta.StringAt("notes")->empty());
  }
  const auto has = [&](std::string_view type, std::string_view column) {
    for (const auto& e : again->expectations) {
      if (e.type == type && e.Column() == column) return true;
    }
    return false;
  };
  EXPECT_TRUE(has("expect_column_values_to_be_unique", "id"));
  EXPECT_TRUE(has("expect_column_values_to_be_in_set", "group"));
  EXPECT_TRUE(has("expect_column_values_to_be_between", "age"));
  EXPECT_FALSE(has("expect_column_values_to_be_in_set", "code"));
}

}  // namespace
}  // namespace mlean::flows
