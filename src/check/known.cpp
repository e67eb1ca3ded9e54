#include "check/known.hpp"

#include <algorithm>
#include <array>

namespace mlean::check {
namespace {

constexpr auto kRequired = Need::kRequired;

std::vector<Arg> Bounds() {
  return {{"min_value", ArgType::kBound},
          {"max_value", ArgType::kBound},
          {"strict_min", ArgType::kBool},
          {"strict_max", ArgType::kBool}};
}

std::vector<Arg> With(std::vector<Arg> args, std::initializer_list<Arg> more) {
  args.insert(args.end(), more);
  return args;
}

std::vector<Known> MakeTable() {
  const Arg dates{"parse_strings_as_datetimes", ArgType::kBool};
  std::vector<Known> table = {
      {"expect_table_row_count_to_be_between", Domain::kTable, Bounds()},
      {"expect_table_row_count_to_equal", Domain::kTable, {{"value", ArgType::kCount, kRequired}}},
      {"expect_table_column_count_to_be_between", Domain::kTable, Bounds()},
      {"expect_table_column_count_to_equal", Domain::kTable, {{"value", ArgType::kCount, kRequired}}},
      {"expect_table_columns_to_match_ordered_list", Domain::kTable, {{"column_list", ArgType::kTextList, kRequired}}},
      {"expect_table_columns_to_match_set",
       Domain::kTable,
       {{"column_set", ArgType::kTextList, kRequired}, {"exact_match", ArgType::kBool}}},
      {"expect_column_to_exist", Domain::kTable, {{"column", ArgType::kText, kRequired}, {"column_index", ArgType::kCount}}},
      {"expect_column_values_to_be_null", Domain::kColumnMap, {}},
      {"expect_column_values_to_not_be_null", Domain::kColumnMap, {}},
      {"expect_column_values_to_be_unique", Domain::kColumnMap, {}},
      {"expect_column_values_to_be_between", Domain::kColumnMap,
       With(Bounds(), {dates, {"allow_cross_type_comparisons", ArgType::kBool}, {"output_strftime_format", ArgType::kText}})},
      {"expect_column_values_to_be_in_set", Domain::kColumnMap, {{"value_set", ArgType::kList, kRequired}, dates}},
      {"expect_column_values_to_not_be_in_set", Domain::kColumnMap, {{"value_set", ArgType::kList, kRequired}, dates}},
      {"expect_column_values_to_be_of_type", Domain::kColumnMap, {{"type_", ArgType::kText, kRequired}}},
      {"expect_column_values_to_be_in_type_list", Domain::kColumnMap, {{"type_list", ArgType::kTextList, kRequired}}},
      {"expect_column_values_to_match_regex", Domain::kColumnMap, {{"regex", ArgType::kText, kRequired}}},
      {"expect_column_values_to_not_match_regex", Domain::kColumnMap, {{"regex", ArgType::kText, kRequired}}},
      {"expect_column_values_to_match_regex_list",
       Domain::kColumnMap,
       {{"regex_list", ArgType::kTextList, kRequired}, {"match_on", ArgType::kText}}},
      {"expect_column_values_to_not_match_regex_list", Domain::kColumnMap, {{"regex_list", ArgType::kTextList, kRequired}}},
      {"expect_column_values_to_match_like_pattern", Domain::kColumnMap, {{"like_pattern", ArgType::kText, kRequired}}},
      {"expect_column_values_to_not_match_like_pattern", Domain::kColumnMap, {{"like_pattern", ArgType::kText, kRequired}}},
      {"expect_column_values_to_match_like_pattern_list",
       Domain::kColumnMap,
       {{"like_pattern_list", ArgType::kTextList, kRequired}, {"match_on", ArgType::kText}}},
      {"expect_column_values_to_not_match_like_pattern_list",
       Domain::kColumnMap,
       {{"like_pattern_list", ArgType::kTextList, kRequired}}},
      {"expect_column_values_to_match_strftime_format", Domain::kColumnMap, {{"strftime_format", ArgType::kText, kRequired}}},
      {"expect_column_values_to_be_json_parseable", Domain::kColumnMap, {}},
      {"expect_column_values_to_be_increasing", Domain::kColumnMap, {{"strictly", ArgType::kBool}, dates}},
      {"expect_column_values_to_be_decreasing", Domain::kColumnMap, {{"strictly", ArgType::kBool}, dates}},
      {"expect_column_value_lengths_to_be_between", Domain::kColumnMap, Bounds()},
      {"expect_column_value_lengths_to_equal", Domain::kColumnMap, {{"value", ArgType::kCount, kRequired}}},
      {"expect_column_value_z_scores_to_be_less_than",
       Domain::kColumnMap,
       {{"threshold", ArgType::kNumber, kRequired}, {"double_sided", ArgType::kBool, kRequired}}},
      {"expect_column_unique_value_count_to_be_between", Domain::kColumn, Bounds()},
      {"expect_column_proportion_of_unique_values_to_be_between", Domain::kColumn, Bounds()},
      {"expect_column_proportion_of_non_null_values_to_be_between", Domain::kColumn, Bounds()},
      {"expect_column_quantile_values_to_be_between",
       Domain::kColumn,
       {{"quantile_ranges", ArgType::kObject, kRequired}, {"allow_relative_error", ArgType::kAny}}},
      {"expect_column_distinct_values_to_be_in_set", Domain::kColumn, {{"value_set", ArgType::kList, kRequired}, dates}},
      {"expect_column_distinct_values_to_contain_set", Domain::kColumn, {{"value_set", ArgType::kList, kRequired}, dates}},
      {"expect_column_distinct_values_to_equal_set", Domain::kColumn, {{"value_set", ArgType::kList, kRequired}, dates}},
      {"expect_column_most_common_value_to_be_in_set",
       Domain::kColumn,
       {{"value_set", ArgType::kList, kRequired}, {"ties_okay", ArgType::kBool}}},
      {"expect_column_kl_divergence_to_be_less_than",
       Domain::kColumn,
       {{"partition_object", ArgType::kObject, kRequired},
        {"threshold", ArgType::kNumber},
        {"bucketize_data", ArgType::kBool},
        {"tail_weight_holdout", ArgType::kNumber},
        {"internal_weight_holdout", ArgType::kNumber}}},
      {"expect_column_pair_values_to_be_equal", Domain::kPair, {}},
      {"expect_column_pair_values_a_to_be_greater_than_b", Domain::kPair, {{"or_equal", ArgType::kBool}, dates}},
      {"expect_column_pair_values_to_be_in_set", Domain::kPair, {{"value_pairs_set", ArgType::kList, kRequired}}},
      {"expect_compound_columns_to_be_unique", Domain::kMultiColumn, {}},
      {"expect_multicolumn_values_to_be_unique", Domain::kMultiColumn, {}},
      {"expect_select_column_values_to_be_unique_within_record", Domain::kMultiColumn, {}},
      {"expect_multicolumn_sum_to_equal", Domain::kMultiColumn, {{"sum_total", ArgType::kNumber, kRequired}}},
  };
  for (const std::string_view type :
       {"expect_column_max_to_be_between", "expect_column_min_to_be_between", "expect_column_mean_to_be_between",
        "expect_column_median_to_be_between", "expect_column_stdev_to_be_between", "expect_column_sum_to_be_between"}) {
    table.push_back({type, Domain::kColumn, With(Bounds(), {dates, {"output_strftime_format", ArgType::kText}})});
  }
  std::sort(table.begin(), table.end(), [](const Known& a, const Known& b) { return a.type < b.type; });
  return table;
}

// Common arguments, each domain's a part of this list.
constexpr std::array<Arg, 4> kColumnMapArgs = {{{"column", ArgType::kText, kRequired},
                                                {"row_condition", ArgType::kAny},
                                                {"condition_parser", ArgType::kAny},
                                                {"mostly", ArgType::kNumber}}};
constexpr std::array<Arg, 6> kPairArgs = {{{"column_A", ArgType::kText, kRequired},
                                           {"column_B", ArgType::kText, kRequired},
                                           {"row_condition", ArgType::kAny},
                                           {"condition_parser", ArgType::kAny},
                                           {"mostly", ArgType::kNumber},
                                           {"ignore_row_if", ArgType::kText}}};
constexpr std::array<Arg, 5> kMultiArgs = {{{"column_list", ArgType::kTextList, kRequired},
                                            {"row_condition", ArgType::kAny},
                                            {"condition_parser", ArgType::kAny},
                                            {"mostly", ArgType::kNumber},
                                            {"ignore_row_if", ArgType::kText}}};

}  // namespace

std::span<const Known> KnownTable() {
  static const auto* const table = new std::vector<Known>(MakeTable());
  return *table;
}

const Known* FindKnown(std::string_view type) {
  const auto table = KnownTable();
  const auto at =
      std::lower_bound(table.begin(), table.end(), type, [](const Known& a, std::string_view b) { return a.type < b; });
  return at != table.end() && at->type == type ? &*at : nullptr;
}

std::span<const Arg> CommonArgs(Domain domain) {
  switch (domain) {
    case Domain::kTable: return {};
    case Domain::kColumn: return std::span(kColumnMapArgs).first(3);
    case Domain::kColumnMap: return kColumnMapArgs;
    case Domain::kPair: return kPairArgs;
    case Domain::kMultiColumn: return kMultiArgs;
  }
  return {};
}

bool IsTolerated(std::string_view arg) {
  constexpr std::array<std::string_view, 15> kTolerated = {
      "result_format",    "include_config", "catch_exceptions", "meta",     "batch_id", "auto",
      "profiler_config",  "notes",          "description",      "severity", "id",       "windows",
      "rendered_content", "row_condition",  "condition_parser"};
  return std::find(kTolerated.begin(), kTolerated.end(), arg) != kTolerated.end();
}

}  // namespace mlean::check
