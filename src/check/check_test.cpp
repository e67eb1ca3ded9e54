// What needs no engine: suites, sentences, layouts. Validation against great_expectations is in flows/validate_test.cpp.
#include <algorithm>

#include "base/text.hpp"
#include "check/condition.hpp"
#include "check/known.hpp"
#include "check/result_html.hpp"
#include "check/result_json.hpp"
#include "check/result_junit.hpp"
#include "check/sentence.hpp"
#include "check/suite.hpp"
#include "check/summary.hpp"
#include "check/validate.hpp"

namespace mlean::check {
namespace {

using codec::Json;

// Answers every query with the rows put in.
class FakeSource final : public TableSource {
 public:
  explicit FakeSource(std::vector<SourceColumn> columns) : columns_(std::move(columns)) {}
  const std::vector<SourceColumn>& columns() const override { return columns_; }
  const std::string& relation() const override { return relation_; }
  Result<std::vector<std::vector<Json>>> Rows(const std::string& sql) override {
    asked.push_back(sql);
    if (next == answers.size()) return Fail(Code::kInvalid, "no answer");
    return answers[next++];
  }
  std::vector<std::string> asked;
  std::vector<std::vector<std::vector<Json>>> answers;
  std::size_t next = 0;

 private:
  std::vector<SourceColumn> columns_;
  std::string relation_ = "t";
};

std::string Refused(std::string_view type, Json kwargs) {
  auto made = MakeExpectation(type, std::move(kwargs));
  EXPECT_FALSE(made);
  return made ? "" : made.error().what;
}

TEST(Suite, ReadsBothFormats) {
  auto old_suite =
      ParseSuite(std::string_view(R"({"expectation_suite_name": "s", "data_asset_type": null, "evaluation_parameters": {"low": 3},
    "expectations": [{"expectation_type": "expect_column_values_to_be_between", "ge_cloud_id": "g",
      "kwargs": {"column": "a", "min_value": {"$PARAMETER": "low"}, "result_format": "BASIC"}, "meta": {"k": 1}}],
    "meta": {"great_expectations_version": "0.18.21"}})"));
  ASSERT_TRUE(old_suite) << old_suite.error().what;
  EXPECT_EQ(old_suite->name, "s");
  EXPECT_EQ(old_suite->expectations[0].kwargs.Find("min_value")->AsInt(), 3);
  EXPECT_EQ(old_suite->expectations[0].id, "g");
  auto new_suite = ParseSuite(std::string_view(R"({"name": "s", "id": "1", "expectations": [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "mostly": 0.5}, "meta": {}, "id": "e", "severity": "warning",
     "description": "d", "notes": ["n"]}], "suite_parameters": {}, "meta": {}, "notes": null})"));
  ASSERT_TRUE(new_suite) << new_suite.error().what;
  EXPECT_EQ(new_suite->expectations[0].severity, Severity::kWarning);
  const Json written = SuiteJson(*new_suite);
  auto again = SuiteFromJson(written);
  ASSERT_TRUE(again);
  EXPECT_EQ(SuiteJson(*again), written);
  EXPECT_EQ(written.Find("expectations")->AsArray()[0].Find("description")->AsString(), "d");
}

TEST(Suite, RefusesWhatItCannotMean) {
  EXPECT_EQ(Refused("expect_column_values_to_not_be_nul", Json::Object{{"column", "a"}}),
            "expect_column_values_to_not_be_nul: unknown expectation type");
  EXPECT_EQ(MakeExpectation("expect_column_values_to_not_be_nul", Json::Object{}).error().fix,
            "did you mean 'expect_column_values_to_not_be_null'?");
  const std::string_view between = "expect_column_values_to_be_between";
  EXPECT_EQ(Refused(between, Json::Object{{"column", "a"}, {"min_valu", 1}}),
            "expect_column_values_to_be_between: unknown argument 'min_valu'");
  EXPECT_EQ(Refused(between, Json::Object{{"min_value", 1}}), "expect_column_values_to_be_between: argument 'column' is missing");
  EXPECT_EQ(Refused(between, Json::Object{{"column", "a"}}),
            "expect_column_values_to_be_between: 'min_value' and 'max_value' are both missing");
  EXPECT_EQ(Refused(between, Json::Object{{"column", "a"}, {"min_value", 1}, {"mostly", 1.5}}),
            "expect_column_values_to_be_between: 'mostly' must be between 0 and 1, not 1.5");
  EXPECT_EQ(Refused(between, Json::Object{{"column", 7}, {"min_value", 1}}),
            "expect_column_values_to_be_between: 'column' must be a string, not an integer");
  EXPECT_EQ(Refused("expect_column_values_to_be_in_set", Json::Object{{"column", "a"}, {"value_set", "x"}}),
            "expect_column_values_to_be_in_set: 'value_set' must be a list, not a string");
  EXPECT_EQ(Refused("expect_table_row_count_to_equal", Json::Object{{"value", -1}}),
            "expect_table_row_count_to_equal: 'value' must be a whole number of at least 0, not an integer");
  EXPECT_EQ(Refused("expect_compound_columns_to_be_unique", Json::Object{{"column_list", Json::Array{"a"}}}),
            "expect_compound_columns_to_be_unique: 'column_list' must name at least 2 columns");
  EXPECT_EQ(Refused("expect_column_pair_values_to_be_equal",
                    Json::Object{{"column_A", "a"}, {"column_B", "b"}, {"ignore_row_if", "sometimes"}}),
            "expect_column_pair_values_to_be_equal: 'ignore_row_if' cannot be 'sometimes'");
  const auto what = [](std::string_view text) { return ParseSuite(text).error().what; };
  EXPECT_TRUE(what("{").starts_with("cannot read suite: "));
  EXPECT_EQ(what("[]"), "cannot read suite: must be an object, not a list");
  EXPECT_EQ(what(R"({"name": "s"})"), "cannot read suite: 'expectations' is missing");
  EXPECT_EQ(what(R"({"expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "a"}}, {"type": "x"}]})"),
            "cannot read suite: expectation 2: x: unknown expectation type");
  EXPECT_EQ(
      ParseSuite(std::string_view(
                     R"({"expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": {"$PARAMETER": "a + 1"}}}]})"))
          .error()
          .code,
      Code::kUnsupported);
}

TEST(Suite, EveryKnownTypeHasARuleAndASentence) {
  EXPECT_GE(KnownExpectations().size(), 50u);
  for (const Known& known : KnownTable()) {
    SCOPED_TRACE(std::string(known.type));
    Json kwargs = Json::Object{};
    const auto fill = [&](const Arg& arg) {
      if (arg.name == "row_condition" || arg.name == "condition_parser" || arg.name == "mostly") return;
      if (arg.name == "ignore_row_if" || arg.name == "match_on" || arg.name == "max_value") return;
      switch (arg.type) {
        case ArgType::kText: kwargs.Set(arg.name, arg.name.starts_with("column") ? "a" : "x"); break;
        case ArgType::kNumber: kwargs.Set(arg.name, 0.5); break;
        case ArgType::kCount:
        case ArgType::kBound: kwargs.Set(arg.name, 1); break;
        case ArgType::kBool: kwargs.Set(arg.name, true); break;
        case ArgType::kList: kwargs.Set(arg.name, Json::Array{Json::Array{1, 2}}); break;
        case ArgType::kTextList: kwargs.Set(arg.name, Json::Array{"a", "b"}); break;
        case ArgType::kObject:
          kwargs.Set(arg.name, Json::Object{{"quantiles", Json::Array{0.5}},
                                            {"value_ranges", Json::Array{Json::Array{1, 2}}},
                                            {"values", Json::Array{1}},
                                            {"weights", Json::Array{1.0}}});
          break;
        case ArgType::kAny: break;
      }
    };
    for (const Arg& arg : CommonArgs(known.domain)) fill(arg);
    for (const Arg& arg : known.args) fill(arg);
    auto made = MakeExpectation(known.type, kwargs);
    ASSERT_TRUE(made) << made.error().what;
    EXPECT_EQ(Sentence(*made).find("expect_"), std::string::npos) << Sentence(*made);
    FakeSource source({{"a", types::Kind::kReal, "DOUBLE"}, {"b", types::Kind::kReal, "DOUBLE"}});
    source.answers = {{std::vector<Json>(1, 0)}};
    Suite suite;
    suite.expectations = {*made};
    auto result = Validate(suite, source);
    if (result) {
      EXPECT_EQ(result->items[0].exception.find("not supported"), std::string::npos) << result->items[0].exception;
    }
  }
}

TEST(Validate, AsksOneAggregateForAllExpectations) {
  FakeSource source({{"a", types::Kind::kInt, "BIGINT"}, {"x", types::Kind::kReal, "DOUBLE"}});
  Suite suite;
  suite.expectations = {
      *MakeExpectation("expect_column_values_to_be_between", Json::Object{{"column", "a"}, {"min_value", 1}, {"max_value", 5}}),
      *MakeExpectation("expect_column_values_to_not_be_null", Json::Object{{"column", "a"}}),
      *MakeExpectation("expect_column_mean_to_be_between", Json::Object{{"column", "x"}, {"max_value", 1}})};
  source.answers = {{{Json(10), Json(0), Json(0), Json(0.5), Json(false)}}};
  auto result = Validate(suite, source);
  ASSERT_TRUE(result) << result.error().what;
  ASSERT_EQ(source.asked.size(), 1u);
  EXPECT_EQ(source.asked[0],
            "SELECT count(*), count_if((\"a\" IS NULL)), count_if((\"a\" < 1 OR \"a\" > 5)), avg(\"x\"), "
            "coalesce(isnan(max(\"x\")), false) FROM t");
  EXPECT_TRUE(result->success);
  EXPECT_EQ(result->rows, 10);
}

TEST(Validate, AsksAgainWhenThereIsNan) {
  FakeSource source({{"x", types::Kind::kReal, "DOUBLE"}});
  Suite suite;
  suite.expectations = {*MakeExpectation("expect_column_mean_to_be_between", Json::Object{{"column", "x"}, {"max_value", 1}})};
  source.answers = {{{Json(10), Json(), Json(true)}}, {{Json(10), Json(0.5), Json(false)}}};
  auto result = Validate(suite, source);
  ASSERT_TRUE(result) << result.error().what;
  ASSERT_EQ(source.asked.size(), 2u);
  EXPECT_TRUE(source.asked[1].ends_with("FROM (SELECT * REPLACE (nullif(\"x\", 'NaN'::DOUBLE) AS \"x\") FROM t)"))
      << source.asked[1];
  EXPECT_TRUE(result->success);
}

SuiteResult Sample() {
  SuiteResult result;
  result.suite_name = "flights";
  result.parameters = Json::Object{};
  result.rows = 60;
  ItemResult failing;
  failing.expectation = *MakeExpectation("expect_column_values_to_be_between",
                                         Json::Object{{"column", "<b>"}, {"min_value", 0}, {"max_value", 9}, {"mostly", 0.95}},
                                         Json::Object{{"owner", "me"}});
  failing.shape = Shape::kMap;
  failing.element_count = 60;
  failing.missing_count = 10;
  failing.unexpected_count = 5;
  failing.unexpected = {-2, -1, 10, -2, "</td>"};
  failing.unexpected_rows = {0, 2, 11, 13, 15};
  ItemResult fine;
  fine.expectation = *MakeExpectation("expect_table_row_count_to_equal", Json::Object{{"value", 60}});
  fine.success = fine.has_observed = true;
  fine.observed = 60;
  ItemResult broken;
  broken.expectation = *MakeExpectation("expect_column_values_to_be_unique", Json::Object{{"column", "zz"}});
  broken.shape = Shape::kMap;
  broken.exception = "no such column 'zz'";
  result.items = {failing, fine, broken};
  return result;
}

TEST(ResultJson, LaysOutAsTheRealOnes) {
  ResultJsonOptions options;
  options.now = 1'795'255'862'212;
  Json doc = ResultJson(Sample(), options);
  std::vector<std::string> keys;
  for (const auto& member : doc.AsObject()) keys.push_back(member.first);
  EXPECT_EQ(Join(keys, " "), "success results suite_name suite_parameters statistics meta id");
  const Json::Array& items = doc.Find("results")->AsArray();
  EXPECT_EQ(*items[0].Find("expectation_config")->StringAt("type"), "expect_column_values_to_be_unique")
      << "what raised comes first";
  EXPECT_TRUE(*items[0].Find("exception_info")->AsObject().at(0).second.BoolAt("raised_exception"));
  const Json& failing = items[1];
  EXPECT_EQ(*failing.Find("expectation_config")->Find("meta")->StringAt("owner"), "me");
  const Json& numbers = *failing.Find("result");
  EXPECT_EQ(*numbers.DoubleAt("unexpected_percent"), 10.0) << "of non-missing values";
  EXPECT_DOUBLE_EQ(*numbers.DoubleAt("unexpected_percent_total"), 5 / 60.0 * 100);
  EXPECT_EQ(numbers.Find("partial_unexpected_counts")->AsArray()[0].Find("value")->AsInt(), -2);
  EXPECT_EQ(*doc.Find("statistics")->IntAt("successful_expectations"), 1);
  EXPECT_EQ(*doc.Find("meta")->StringAt("validation_time"), "2026-11-21T10:11:02.212+00:00");
  options.layout = ResultJsonOptions::Layout::kGe0;
  options.result_format = ResultFormat::kBooleanOnly;
  doc = ResultJson(Sample(), options);
  const Json& first = doc.Find("results")->AsArray()[0];
  EXPECT_EQ(*first.Find("expectation_config")->StringAt("expectation_type"), "expect_column_values_to_be_between");
  EXPECT_TRUE(first.Find("result")->AsObject().empty());
  EXPECT_EQ(*doc.Find("meta")->StringAt("expectation_suite_name"), "flights");
  EXPECT_EQ(ResultJson(SuiteResult{}, options).Find("statistics")->Find("success_percent")->IsNull(), true);
  EXPECT_EQ(*OwnResultJson(Sample()).IntAt("failed"), 2);
}

TEST(Reports, EscapeWhatComesFromOutside) {
  const std::string html = ResultHtml(Sample(), "a<b>.csv", 0);
  EXPECT_EQ(html.find("<b>'"), std::string::npos);
  EXPECT_EQ(html.find("</td></code>"), std::string::npos);
  EXPECT_NE(html.find("at least 95 % of the time"), std::string::npos);
  EXPECT_NE(html.find("5 of 50 values (10 %)"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos) << "self-contained";
  const std::string junit = ResultJunit(Sample(), "a&b", 0);
  EXPECT_NE(junit.find("tests=\"3\" failures=\"1\" errors=\"1\""), std::string::npos);
  EXPECT_NE(junit.find("a&amp;b"), std::string::npos);
  EXPECT_NE(junit.find("classname=\"flights.&lt;b&gt;\""), std::string::npos);
}

TEST(Summary, IsShort) {
  const auto findings = Summarize(Sample());
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].rule, "'<b>': values must be between 0 and 9, at least 95 % of the time");
  EXPECT_EQ(findings[0].cause, "5 of 50 values (10 %)");
  EXPECT_EQ(findings[0].samples.size(), 4u) << "distinct";
  EXPECT_EQ(findings[1].cause, "no such column 'zz'");
  EXPECT_TRUE(SummaryText(Sample()).starts_with("1 of 3 expectations hold over 60 rows\n"));
}

TEST(Condition, RefusesWhatItDoesNotKnow) {
  const std::vector<SourceColumn> columns = {{"a", types::Kind::kInt, "BIGINT"}};
  EXPECT_EQ(ConditionSql("a.str.contains('x')", columns).error().code, Code::kUnsupported);
  EXPECT_EQ(ConditionSql("a >", columns).error().code, Code::kInvalid);
  EXPECT_EQ(ConditionSql("b > 1", columns).error().code, Code::kNotFound);
  EXPECT_EQ(ConditionSql("a > 'it", columns).error().code, Code::kInvalid);
  EXPECT_EQ(ConditionSql(std::string(200, '('), columns).error().code, Code::kTooLarge);
  EXPECT_EQ(ConditionSql(Json::Object{{"type", "comparison"}, {"column", "a"}, {"operator", "LIKE"}, {"parameter", 1}}, columns)
                .error()
                .code,
            Code::kUnsupported);
  EXPECT_EQ(*ConditionSql("a == 1", columns), "coalesce(\"a\" = 1, false)");
}

}  // namespace
}  // namespace mlean::check
