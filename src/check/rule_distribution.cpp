// Rules on the distribution of a column: quantiles, distinct values, most common values.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.hpp"
#include "check/rule.hpp"

namespace mlean::check {

using codec::Json;

// In rule_divergence.cpp.
Result<Finish> KlDivergence(const Task& task);

namespace {

struct Quantile {
  double at = 0;
  Json low, high;
};

Result<std::vector<Quantile>> ParseQuantiles(const Json& ranges) {
  TRY(const Json* const at, ranges.ArrayAt("quantiles"));
  TRY(const Json* const bounds, ranges.ArrayAt("value_ranges"));
  if (at->AsArray().size() != bounds->AsArray().size())
    return Fail(Code::kInvalid, "as many value_ranges as quantiles are needed");
  std::vector<Quantile> quantiles;
  for (std::size_t i = 0; i < at->AsArray().size(); ++i) {
    const Json& quantile = at->AsArray()[i];
    const Json& range = bounds->AsArray()[i];
    if (!quantile.IsNumber() || !(quantile.AsDouble() >= 0 && quantile.AsDouble() <= 1)) {
      return Fail(Code::kInvalid, fmt::format("quantile {} is not between 0 and 1", quantile.Dump()));
    }
    if (!range.IsArray() || range.AsArray().size() != 2) return Fail(Code::kInvalid, "each of value_ranges must be [low, high]");
    for (const Json& bound : range.AsArray()) {
      if (!bound.IsNull() && !bound.IsNumber()) return Fail(Code::kInvalid, "value_ranges must hold numbers or null");
    }
    quantiles.push_back({quantile.AsDouble(), range.AsArray()[0], range.AsArray()[1]});
  }
  if (quantiles.empty()) return Fail(Code::kInvalid, "'quantiles' is empty");
  return quantiles;
}

// Near counts as inside, by numpy.isclose(value, bound, rtol = 1e-4, atol = 1e-8).
bool InsideNearly(const Quantile& quantile, const Json& value) {
  if (!value.IsNumber()) return false;
  const double x = value.AsDouble();
  const auto near = [x](const Json& bound) {
    return !bound.IsNull() && std::abs(x - bound.AsDouble()) <= 1e-8 + 1e-4 * std::abs(bound.AsDouble());
  };
  if (near(quantile.low) || near(quantile.high)) return true;
  return (quantile.low.IsNull() || quantile.low.AsDouble() <= x) && (quantile.high.IsNull() || x <= quantile.high.AsDouble());
}

// pandas' interpolation "nearest": the element at (n - 1) q, halves to the even one.
Result<Finish> Quantiles(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  if (!IsNumber(column->kind)) {
    return Fail(Code::kInvalid, fmt::format("column '{}' holds {}, not numbers", column->name, types::KindName(column->kind)));
  }
  TRY(std::vector<Quantile> quantiles, ParseQuantiles(*task.kwargs().Find("quantile_ranges")));
  const std::string name = Ident(column->name);
  const std::size_t nonnull = task.work.Ask(CountWhere({task.filter, name + " IS NOT NULL"}));
  return Finish([task, filter = task.filter, name, nonnull, quantiles = std::move(quantiles)](const Answers& answers,
                                                                                              ItemResult& item) -> Result<void> {
    const std::int64_t count = Count(answers, nonnull);
    std::vector<std::string> parts;
    for (const Quantile& quantile : quantiles) {
      const double place = std::nearbyint(static_cast<double>(count - 1) * quantile.at);
      // quantile_disc(q) takes element ceil(n q) - 1: half an element more than `place` hits it safely.
      const double fraction = count == 0 ? 0 : (place + 0.5) / static_cast<double>(count);
      parts.push_back(fmt::format("quantile_disc({}, {})", name, FormatDouble(fraction)));
    }
    TRY(const auto rows, task.work.source.Rows(fmt::format("SELECT {} FROM {}{}", Join(parts, ", "), task.work.relation,
                                                           Where({filter, name + " IS NOT NULL"}))));
    Json at = Json::Array{}, values = Json::Array{}, details = Json::Array{};
    bool success = true;
    for (std::size_t i = 0; i < quantiles.size(); ++i) {
      const Json& value = rows.at(0).at(i);
      const bool inside = InsideNearly(quantiles[i], value);
      success = success && inside;
      at.Push(quantiles[i].at);
      values.Push(value);
      details.Push(inside);
    }
    Observe(item, success, Json::Object{{"quantiles", std::move(at)}, {"values", std::move(values)}});
    item.more.emplace_back("details", Json::Object{{"success_details", std::move(details)}});
    return {};
  });
}

enum class Sets : std::uint8_t { kInside, kContains, kEqual };

// Set members as GE lists them: those without an equal among the distinct values.
Result<Json::Array> MissingMembers(const Task& task, const SourceColumn& column, const std::string& filter,
                                   const Json::Array& set) {
  Json::Array missing;
  for (std::size_t from = 0; from < set.size(); from += 500) {
    // One bounded probe for a slice of the set: which of its members occur.
    std::string probes;
    std::vector<const Json*> asked;
    for (std::size_t i = from; i < std::min(set.size(), from + 500); ++i) {
      const std::string in = InSet(column, {set[i]});
      if (set[i].IsNull()) continue;
      probes += fmt::format("{}bool_or({})", probes.empty() ? "" : ", ", in);
      asked.push_back(&set[i]);
    }
    if (asked.empty()) continue;
    TRY(const auto rows,
        task.work.source.Rows(fmt::format("SELECT {} FROM (SELECT DISTINCT {} FROM {}{})", probes, Ident(column.name),
                                          task.work.relation, Where({filter, InSet(column, set)}))));
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const Json& found = rows.at(0).at(i);
      if (!found.IsBool() || !found.AsBool()) missing.push_back(*asked[i]);
    }
  }
  return missing;
}

Json::Array First(Json::Array list, std::size_t count) {
  if (list.size() > count) list.resize(count);
  return list;
}

Result<Finish> DistinctSets(const Task& task, Sets sets) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  const Json* given = task.kwargs().Find("value_set");
  const Json::Array set = given != nullptr && given->IsArray() ? given->AsArray() : Json::Array{};
  const std::string name = Ident(column->name);
  const std::string stranger = fmt::format("{} IS NOT NULL AND NOT {}", name, InSet(*column, set));
  const std::size_t strangers =
      sets == Sets::kContains ? 0
                              : task.work.Ask(Filtered(fmt::format("count(DISTINCT {})", name), AllOf({task.filter, stranger})));
  return Finish([=, column = *column, filter = task.filter](const Answers& answers, ItemResult& item) -> Result<void> {
    const std::size_t partial = task.work.options.partial_unexpected_count;
    Observe(item, true, Json());
    std::int64_t unexpected = 0;
    Json::Array unexpected_list, missing;
    if (sets != Sets::kContains) {
      unexpected = Count(answers, strangers);
      if (unexpected > 0) {
        TRY(const auto rows,
            task.work.source.Rows(fmt::format("SELECT DISTINCT {0} FROM {1}{2} ORDER BY {0} LIMIT {3}", name, task.work.relation,
                                              Where({filter, stranger}), std::max<std::size_t>(partial, 1))));
        for (const auto& row : rows) unexpected_list.push_back(row.at(0));
      }
    }
    if (sets != Sets::kInside) {
      TRY(missing, MissingMembers(task, column, filter, set));
    }
    item.success = unexpected == 0 && missing.empty();
    item.unexpected_count = unexpected;
    item.unexpected = First(unexpected_list, partial);
    if (sets != Sets::kContains) item.more.emplace_back("unexpected_count", unexpected);
    if (sets != Sets::kInside) item.more.emplace_back("missing_count", missing.size());
    if (sets != Sets::kContains) item.more.emplace_back("partial_unexpected_list", First(std::move(unexpected_list), partial));
    if (sets != Sets::kInside) item.more.emplace_back("partial_missing_list", First(std::move(missing), partial));
    return {};
  });
}

Result<Finish> DistinctInSet(const Task& task) { return DistinctSets(task, Sets::kInside); }
Result<Finish> DistinctContain(const Task& task) { return DistinctSets(task, Sets::kContains); }
Result<Finish> DistinctEqual(const Task& task) { return DistinctSets(task, Sets::kEqual); }

Result<Finish> MostCommon(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  TRY(const bool ties_okay, task.kwargs().BoolAt("ties_okay", false));
  const Json* given = task.kwargs().Find("value_set");
  const std::string in_set = given != nullptr && given->IsArray() ? InSet(*column, given->AsArray()) : "true";
  return Finish([=, name = Ident(column->name), filter = task.filter](const Answers&, ItemResult& item) -> Result<void> {
    constexpr int kMaxModes = 1000;
    const std::string modes =
        fmt::format("(SELECT {0}, count(*) AS mlean_n FROM {1}{2} GROUP BY {0} QUALIFY mlean_n = max(mlean_n) OVER ())", name,
                    task.work.relation, Where({filter, name + " IS NOT NULL"}));
    TRY(const auto counts, task.work.source.Rows(fmt::format("SELECT count(*), {} FROM {}", CountWhere({in_set}), modes)));
    TRY(const auto rows,
        task.work.source.Rows(fmt::format("SELECT {0} FROM {1} ORDER BY {0} LIMIT {2}", name, modes, kMaxModes)));
    Json::Array values;
    for (const auto& row : rows) values.push_back(row.at(0));
    const std::int64_t all = Count(counts.at(0), 0), hits = Count(counts.at(0), 1);
    Observe(item, ties_okay ? hits > 0 : all == 1 && hits == 1, std::move(values));
    return {};
  });
}

constexpr std::array kRules = {
    Rule{"expect_column_quantile_values_to_be_between", Shape::kAggregate, Quantiles},
    Rule{"expect_column_distinct_values_to_be_in_set", Shape::kAggregate, DistinctInSet},
    Rule{"expect_column_distinct_values_to_contain_set", Shape::kAggregate, DistinctContain},
    Rule{"expect_column_distinct_values_to_equal_set", Shape::kAggregate, DistinctEqual},
    Rule{"expect_column_most_common_value_to_be_in_set", Shape::kAggregate, MostCommon},
    Rule{"expect_column_kl_divergence_to_be_less_than", Shape::kAggregate, KlDivergence},
};

}  // namespace

std::span<const Rule> DistributionRules() { return kRules; }

}  // namespace mlean::check
