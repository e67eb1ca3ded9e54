#include "check/sentence.hpp"

#include <fmt/core.h>

#include <cmath>
#include <functional>
#include <unordered_map>

#include "base/text.hpp"
#include "check/condition.hpp"

namespace mlean::check {

using codec::Json;

namespace {

constexpr std::size_t kMaxListed = 8;

std::string Plain(const Json& value) { return value.IsString() ? "'" + value.AsString() + "'" : value.Dump(); }

std::string Arg(const Json& kwargs, std::string_view name) {
  const Json* value = kwargs.Find(name);
  return value == nullptr ? "?" : Plain(*value);
}

std::string List(const Json& kwargs, std::string_view name) {
  const Json* list = kwargs.Find(name);
  if (list == nullptr || !list->IsArray()) return "anything";
  std::vector<std::string> parts;
  for (const Json& value : list->AsArray()) {
    if (parts.size() == kMaxListed) {
      parts.push_back(fmt::format("… ({} in all)", list->AsArray().size()));
      break;
    }
    parts.push_back(Plain(value));
  }
  return Join(parts, ", ");
}

bool Flag(const Json& kwargs, std::string_view name) { return kwargs.BoolAt(name, false).value_or(false); }

// "between 0 and 10", "at least 0", "more than 0 and at most 10"
std::string Range(const Json& kwargs) {
  const Json* min = kwargs.Find("min_value");
  const Json* max = kwargs.Find("max_value");
  const bool has_min = min != nullptr && !min->IsNull(), has_max = max != nullptr && !max->IsNull();
  const bool strict_min = Flag(kwargs, "strict_min"), strict_max = Flag(kwargs, "strict_max");
  if (has_min && has_max && !strict_min && !strict_max) return fmt::format("between {} and {}", Plain(*min), Plain(*max));
  std::string text;
  if (has_min) text = fmt::format("{} {}", strict_min ? "more than" : "at least", Plain(*min));
  if (has_max) text += fmt::format("{}{} {}", text.empty() ? "" : " and ", strict_max ? "less than" : "at most", Plain(*max));
  return text.empty() ? "anything" : text;
}

std::string Quantiles(const Json& kwargs) {
  const Json* ranges = kwargs.Find("quantile_ranges");
  const Json* at = ranges == nullptr ? nullptr : ranges->Find("quantiles");
  return "quantiles " + (at == nullptr ? std::string("?") : at->Dump()) + " must lie in their ranges";
}

using Say = std::function<std::string(const Json&)>;

// What follows "'column': " or stands alone, by type.
const std::unordered_map<std::string_view, Say>& Phrases() {
  static const auto* const phrases = new std::unordered_map<std::string_view, Say>{
      {"expect_table_row_count_to_be_between", [](const Json& k) { return "the number of rows must be " + Range(k); }},
      {"expect_table_row_count_to_equal", [](const Json& k) { return "there must be exactly " + Arg(k, "value") + " rows"; }},
      {"expect_table_column_count_to_be_between", [](const Json& k) { return "the number of columns must be " + Range(k); }},
      {"expect_table_column_count_to_equal",
       [](const Json& k) { return "there must be exactly " + Arg(k, "value") + " columns"; }},
      {"expect_table_columns_to_match_ordered_list",
       [](const Json& k) { return "the columns must be, in this order: " + List(k, "column_list"); }},
      {"expect_table_columns_to_match_set",
       [](const Json& k) {
         const bool exact = k.BoolAt("exact_match", true).value_or(true);
         return (exact ? "the columns must be exactly " : "there must be the columns ") + List(k, "column_set");
       }},
      {"expect_column_to_exist", [](const Json&) { return "must exist"; }},
      {"expect_column_values_to_be_null", [](const Json&) { return "values must be missing"; }},
      {"expect_column_values_to_not_be_null", [](const Json&) { return "values must not be missing"; }},
      {"expect_column_values_to_be_unique", [](const Json&) { return "values must be unique"; }},
      {"expect_column_values_to_be_between", [](const Json& k) { return "values must be " + Range(k); }},
      {"expect_column_values_to_be_in_set", [](const Json& k) { return "values must be one of " + List(k, "value_set"); }},
      {"expect_column_values_to_not_be_in_set", [](const Json& k) { return "values must be none of " + List(k, "value_set"); }},
      {"expect_column_values_to_be_of_type", [](const Json& k) { return "must be of type " + Arg(k, "type_"); }},
      {"expect_column_values_to_be_in_type_list",
       [](const Json& k) { return "must be of one of the types " + List(k, "type_list"); }},
      {"expect_column_values_to_match_regex", [](const Json& k) { return "values must match " + Arg(k, "regex"); }},
      {"expect_column_values_to_not_match_regex", [](const Json& k) { return "values must not match " + Arg(k, "regex"); }},
      {"expect_column_values_to_match_regex_list",
       [](const Json& k) {
         return "values must match " + k.StringAt("match_on", "any").value_or("any") + " of " + List(k, "regex_list");
       }},
      {"expect_column_values_to_not_match_regex_list",
       [](const Json& k) { return "values must match none of " + List(k, "regex_list"); }},
      {"expect_column_values_to_match_like_pattern",
       [](const Json& k) { return "values must be like " + Arg(k, "like_pattern"); }},
      {"expect_column_values_to_not_match_like_pattern",
       [](const Json& k) { return "values must not be like " + Arg(k, "like_pattern"); }},
      {"expect_column_values_to_match_like_pattern_list",
       [](const Json& k) { return "values must be like one of " + List(k, "like_pattern_list"); }},
      {"expect_column_values_to_not_match_like_pattern_list",
       [](const Json& k) { return "values must be like none of " + List(k, "like_pattern_list"); }},
      {"expect_column_values_to_match_strftime_format",
       [](const Json& k) { return "values must be times written as " + Arg(k, "strftime_format"); }},
      {"expect_column_values_to_be_json_parseable", [](const Json&) { return "values must be valid JSON"; }},
      {"expect_column_values_to_be_increasing",
       [](const Json& k) {
         return Flag(k, "strictly") ? "values must grow from row to row" : "values must never fall from row to row";
       }},
      {"expect_column_values_to_be_decreasing",
       [](const Json& k) {
         return Flag(k, "strictly") ? "values must fall from row to row" : "values must never grow from row to row";
       }},
      {"expect_column_value_lengths_to_be_between", [](const Json& k) { return "lengths must be " + Range(k); }},
      {"expect_column_value_lengths_to_equal",
       [](const Json& k) { return "values must be " + Arg(k, "value") + " characters long"; }},
      {"expect_column_value_z_scores_to_be_less_than",
       [](const Json& k) {
         return "values must be less than " + Arg(k, "threshold") + " standard deviations " +
                (Flag(k, "double_sided") ? "away from" : "above") + " the mean";
       }},
      {"expect_column_max_to_be_between", [](const Json& k) { return "the greatest value must be " + Range(k); }},
      {"expect_column_min_to_be_between", [](const Json& k) { return "the smallest value must be " + Range(k); }},
      {"expect_column_mean_to_be_between", [](const Json& k) { return "the mean must be " + Range(k); }},
      {"expect_column_median_to_be_between", [](const Json& k) { return "the median must be " + Range(k); }},
      {"expect_column_stdev_to_be_between", [](const Json& k) { return "the standard deviation must be " + Range(k); }},
      {"expect_column_sum_to_be_between", [](const Json& k) { return "the sum must be " + Range(k); }},
      {"expect_column_unique_value_count_to_be_between",
       [](const Json& k) { return "the number of distinct values must be " + Range(k); }},
      {"expect_column_proportion_of_unique_values_to_be_between",
       [](const Json& k) { return "the share of distinct values must be " + Range(k); }},
      {"expect_column_proportion_of_non_null_values_to_be_between",
       [](const Json& k) { return "the share of values that are not missing must be " + Range(k); }},
      {"expect_column_quantile_values_to_be_between", Quantiles},
      {"expect_column_distinct_values_to_be_in_set",
       [](const Json& k) { return "distinct values must be among " + List(k, "value_set"); }},
      {"expect_column_distinct_values_to_contain_set",
       [](const Json& k) { return "each of these must occur: " + List(k, "value_set"); }},
      {"expect_column_distinct_values_to_equal_set",
       [](const Json& k) { return "distinct values must be exactly " + List(k, "value_set"); }},
      {"expect_column_most_common_value_to_be_in_set",
       [](const Json& k) { return "the most common value must be one of " + List(k, "value_set"); }},
      {"expect_column_kl_divergence_to_be_less_than",
       [](const Json& k) {
         return "the Kullback-Leibler divergence from the expected partition must be at most " + Arg(k, "threshold");
       }},
      {"expect_column_pair_values_to_be_equal", [](const Json& k) { return "values must equal those of " + Arg(k, "column_B"); }},
      {"expect_column_pair_values_a_to_be_greater_than_b",
       [](const Json& k) {
         return std::string("values must be ") + (Flag(k, "or_equal") ? "at least" : "greater than") + " those of " +
                Arg(k, "column_B");
       }},
      {"expect_column_pair_values_to_be_in_set",
       [](const Json& k) {
         return "values together with those of " + Arg(k, "column_B") + " must be one of the pairs " + List(k, "value_pairs_set");
       }},
      {"expect_compound_columns_to_be_unique",
       [](const Json& k) { return "together, " + List(k, "column_list") + " must be unique"; }},
      {"expect_multicolumn_values_to_be_unique",
       [](const Json& k) { return "in each row, " + List(k, "column_list") + " must differ"; }},
      {"expect_select_column_values_to_be_unique_within_record",
       [](const Json& k) { return "in each row, " + List(k, "column_list") + " must differ"; }},
      {"expect_multicolumn_sum_to_equal",
       [](const Json& k) { return "in each row, " + List(k, "column_list") + " must add up to " + Arg(k, "sum_total"); }},
  };
  return *phrases;
}

}  // namespace

std::string Sentence(const Expectation& expectation) {
  const Json& kwargs = expectation.kwargs;
  const auto phrase = Phrases().find(expectation.type);
  std::string text = phrase == Phrases().end() ? expectation.type : phrase->second(kwargs);
  for (const std::string_view name : {"column", "column_A"}) {
    if (const Json* column = kwargs.Find(name); column != nullptr && column->IsString()) text = Plain(*column) + ": " + text;
  }
  if (const Json* mostly = kwargs.Find("mostly"); mostly != nullptr && mostly->IsNumber() && mostly->AsDouble() < 1) {
    // 0.95 * 100 is 95.00000000000001 without the rounding.
    text += fmt::format(", at least {} % of the time", FormatDouble(std::round(mostly->AsDouble() * 1e8) / 1e6));
  }
  if (const Json* condition = kwargs.Find("row_condition")) {
    const std::string words = ConditionText(*condition);
    if (!words.empty()) text += ", where " + words;
  }
  return text;
}

}  // namespace mlean::check
