#include "check/suggest.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "check/rule.hpp"

namespace mlean::check {

using codec::Json;
using types::Kind;

namespace {

// What one pass found out about a column.
struct Profile {
  const SourceColumn* column = nullptr;
  std::int64_t missing = 0;
  std::int64_t distinct = 0;  // approximate
  Json min, max;              // numbers and times
};

Result<void> Add(Suite& suite, std::string_view type, Json kwargs, std::string note) {
  TRY(Expectation expectation, MakeExpectation(type, std::move(kwargs), Json::Object{{"notes", std::move(note)}}));
  suite.expectations.push_back(std::move(expectation));
  return {};
}

// A bound moved outwards by slack, rounded to 2 significant digits of the slack; it never crosses zero.
Json Loosen(const Json& bound, double slack, bool down, bool whole) {
  const double value = bound.AsDouble();
  if (!(slack > 0) || !std::isfinite(value)) return bound;
  const double unit = std::pow(10.0, std::floor(std::log10(slack)) - 1);
  const double step = whole ? std::max(1.0, unit) : unit;
  double moved = down ? std::floor((value - slack) / step) * step : std::ceil((value + slack) / step) * step;
  if (value >= 0 && moved < 0) moved = 0;
  if (value <= 0 && moved > 0) moved = 0;
  if (whole && std::abs(moved) < 9e15) return static_cast<std::int64_t>(moved);
  // 0.30000000000000004 -> 0.3
  return ParseDouble(fmt::format("{:.12g}", moved)).value_or(moved);
}

Result<void> SuggestRange(Suite& suite, const Profile& profile, const SuggestOptions& options) {
  const std::string& name = profile.column->name;
  if (profile.min.IsNull() || profile.max.IsNull()) return {};
  if (profile.column->kind == Kind::kTime) {
    return Add(suite, "expect_column_values_to_be_between", Json::Object{{"column", name}, {"min_value", profile.min}},
               fmt::format("earliest value seen; the latest was {}", profile.max.AsString()));
  }
  const double spread = profile.max.AsDouble() - profile.min.AsDouble();
  const bool whole = profile.column->kind == Kind::kInt;
  if (!std::isfinite(spread)) return {};
  return Add(suite, "expect_column_values_to_be_between",
             Json::Object{{"column", name},
                          {"min_value", Loosen(profile.min, spread * options.range_slack, true, whole)},
                          {"max_value", Loosen(profile.max, spread * options.range_slack, false, whole)}},
             fmt::format("values seen from {} to {}; {:.3g} % slack", profile.min.Dump(), profile.max.Dump(),
                         options.range_slack * 100));
}

Result<void> SuggestSet(Suite& suite, TableSource& source, const Profile& profile, const SuggestOptions& options) {
  const std::string name = Ident(profile.column->name);
  TRY(const auto rows, source.Rows(fmt::format("SELECT DISTINCT {0} FROM {1} WHERE {0} IS NOT NULL ORDER BY {0} LIMIT {2}", name,
                                               source.relation(), options.max_set_size + 1)));
  if (rows.empty() || rows.size() > options.max_set_size) return {};
  Json set = Json::Array{};
  for (const auto& row : rows) set.Push(row.at(0));
  return Add(suite, "expect_column_values_to_be_in_set",
             Json::Object{{"column", profile.column->name}, {"value_set", std::move(set)}},
             fmt::format("{} distinct values seen", rows.size()));
}

bool LooksLikeKey(std::string_view name) {
  const std::string lower = ToLower(name);
  return lower == "id" || lower == "key" || lower == "uuid" || lower.ends_with("_id") || lower.ends_with("_key") ||
         lower.ends_with("_uuid");
}

// The estimate of distinct values is some per cent off: only the data can say.
Result<bool> IsUnique(TableSource& source, const std::string& name) {
  TRY(const auto rows, source.Rows(fmt::format("SELECT count({0}) = count(DISTINCT {0}) FROM {1}", name, source.relation())));
  return rows.size() == 1 && rows[0].at(0).IsBool() && rows[0][0].AsBool();
}

Result<void> SuggestColumn(Suite& suite, TableSource& source, const Profile& profile, std::int64_t rows,
                           const SuggestOptions& options) {
  const std::string& name = profile.column->name;
  if (profile.missing == 0) {
    TRYV(Add(suite, "expect_column_values_to_not_be_null", Json::Object{{"column", name}}, "no value is missing"));
  } else if (profile.missing < rows) {
    const double present = 1 - static_cast<double>(profile.missing) / static_cast<double>(rows);
    // Twice as many missing values as now, rounded down to a per cent.
    const double mostly = std::floor(std::max(0.0, 1 - 2 * (1 - present)) * 100) / 100;
    if (mostly > 0) {
      TRYV(Add(suite, "expect_column_values_to_not_be_null", Json::Object{{"column", name}, {"mostly", mostly}},
               fmt::format("{:.3g} % of values are missing; twice as many are allowed", 100 * (1 - present))));
    }
  }
  if (LooksLikeKey(name) && rows > 1 && profile.missing == 0) {
    TRY(const bool unique, IsUnique(source, Ident(name)));
    if (unique)
      TRYV(Add(suite, "expect_column_values_to_be_unique", Json::Object{{"column", name}},
               "looks like a key, and all values differ"));
  }
  switch (profile.column->kind) {
    case Kind::kReal:
    case Kind::kInt:
    case Kind::kTime: return LooksLikeKey(name) ? Result<void>() : SuggestRange(suite, profile, options);
    case Kind::kBool: return {};
    case Kind::kText: break;
  }
  // A set is worth it only if values repeat.
  const bool few = profile.distinct <= static_cast<std::int64_t>(options.max_set_size) * 2 && profile.distinct * 2 <= rows;
  return few ? SuggestSet(suite, source, profile, options) : Result<void>();
}

}  // namespace

Result<Suite> SuggestFrom(TableSource& source, const SuggestOptions& options) {
  const ValidateOptions validate;
  Work work(source, validate);
  for (const SourceColumn& column : source.columns()) work.Use(column);
  work.HideNan(work.UsedReals());
  const std::size_t at_rows = work.Ask("count(*)");
  std::vector<Profile> profiles;
  for (const SourceColumn& column : source.columns()) {
    if (profiles.size() == options.max_columns) break;
    const std::string name = Ident(column.name);
    work.Ask(fmt::format("count({})", name));
    work.Ask(fmt::format("approx_count_distinct({})", name));
    if (column.kind != Kind::kText && column.kind != Kind::kBool) {
      // An infinite extreme is no range worth proposing.
      const std::string finite = column.kind == Kind::kReal ? fmt::format(" FILTER (WHERE isfinite({}))", name) : "";
      work.Ask(fmt::format("min({}){}", name, finite));
      work.Ask(fmt::format("max({}){}", name, finite));
    }
    profiles.push_back({&column, 0, 0, {}, {}});
  }
  TRY(const auto rows, source.Rows(fmt::format("SELECT {} FROM {}", Join(work.expressions(), ", "), work.relation)));
  const Answers& answers = rows.at(0);
  const std::int64_t count = Count(answers, at_rows);
  std::size_t at = 1;
  for (Profile& profile : profiles) {
    profile.missing = count - Count(answers, at++);
    profile.distinct = Count(answers, at++);
    if (profile.column->kind == Kind::kText || profile.column->kind == Kind::kBool) continue;
    profile.min = answers.at(at++);
    profile.max = answers.at(at++);
  }
  Suite suite;
  suite.name = options.name;
  suite.meta = Json::Object{{"suggested_from_rows", count}};
  Json names = Json::Array{};
  for (const SourceColumn& column : source.columns()) names.Push(column.name);
  TRYV(Add(suite, "expect_table_columns_to_match_set", Json::Object{{"column_set", std::move(names)}, {"exact_match", true}},
           "the columns of the data this was suggested from"));
  const auto low = static_cast<std::int64_t>(std::floor(static_cast<double>(count) * (1 - options.row_count_slack)));
  const auto high = static_cast<std::int64_t>(std::ceil(static_cast<double>(count) * (1 + options.row_count_slack)));
  TRYV(Add(suite, "expect_table_row_count_to_be_between",
           Json::Object{{"min_value", std::max<std::int64_t>(low, 0)}, {"max_value", high}},
           fmt::format("{} rows seen; {:.3g} % either way", count, options.row_count_slack * 100)));
  for (const Profile& profile : profiles) TRYV(SuggestColumn(suite, source, profile, count, options));
  return suite;
}

}  // namespace mlean::check
