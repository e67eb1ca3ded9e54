// Rules on one number drawn from a column: extremes, mean, median, spread, sum, counts of distinct values and proportions.
#include <fmt/core.h>

#include <array>
#include <cmath>

#include "check/rule.hpp"

namespace mlean::check {

using codec::Json;
using types::Kind;

namespace {

// 232.0 of an integer column is 232, as GE shows it; sums are wider than BIGINT and so come as doubles.
Json WholeIfInteger(Json value, Kind kind) {
  if (!value.IsDouble() || (kind != Kind::kInt && kind != Kind::kBool)) return value;
  const double real = value.AsDouble();
  if (real != std::floor(real) || std::abs(real) > 9e15) return value;
  return static_cast<std::int64_t>(real);
}

Result<void> Conclude(const Range& range, Json observed, ItemResult& item) {
  TRY(const bool inside, Inside(range, observed));
  Observe(item, inside, std::move(observed));
  return {};
}

enum class Over : std::uint8_t { kAnything, kNumbersAndTimes, kNumbers };

Result<Finish> Aggregate(const Task& task, std::string_view function, Over over) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  TRY(Range range, ParseRange(task.kwargs()));
  const bool fits =
      over == Over::kAnything || IsNumber(column->kind) || (over == Over::kNumbersAndTimes && column->kind == Kind::kTime);
  if (!fits) {
    return Fail(Code::kInvalid, fmt::format("column '{}' holds {}, not numbers", column->name, types::KindName(column->kind)));
  }
  // Bools are numbers to Python.
  std::string argument = Ident(column->name);
  if (column->kind == Kind::kBool) argument = fmt::format("CAST({} AS BIGINT)", argument);
  const std::size_t value = task.work.Ask(Filtered(fmt::format("{}({})", function, argument), task.filter));
  const bool keeps_kind = function == "min" || function == "max" || function == "sum";
  return Finish([range = std::move(range), value, kind = keeps_kind ? column->kind : Kind::kReal,
                 is_text = column->kind == Kind::kText](const Answers& answers, ItemResult& item) -> Result<void> {
    if (!is_text) return Conclude(range, WholeIfInteger(answers[value], kind), item);
    // Extremes of text compare as text.
    const Json& observed = answers[value];
    const auto holds = [&](const Json& bound, bool low, bool strict) -> Result<bool> {
      if (bound.IsNull()) return true;
      if (!bound.IsString()) return Fail(Code::kInvalid, fmt::format("cannot compare text with {}", bound.Dump()));
      const int order = observed.AsString().compare(bound.AsString());
      return strict ? (low ? order > 0 : order < 0) : (low ? order >= 0 : order <= 0);
    };
    if (observed.IsNull()) {
      Observe(item, false, Json());
      return {};
    }
    TRY(const bool above, holds(range.min, true, range.strict_min));
    TRY(const bool below, holds(range.max, false, range.strict_max));
    Observe(item, above && below, observed);
    return {};
  });
}

Result<Finish> Max(const Task& task) { return Aggregate(task, "max", Over::kAnything); }
Result<Finish> Min(const Task& task) { return Aggregate(task, "min", Over::kAnything); }
Result<Finish> Mean(const Task& task) { return Aggregate(task, "avg", Over::kNumbers); }
Result<Finish> Median(const Task& task) { return Aggregate(task, "median", Over::kNumbersAndTimes); }
Result<Finish> Deviation(const Task& task) { return Aggregate(task, "stddev_samp", Over::kNumbers); }

// pandas sums nothing to 0; SQL to null.
Result<Finish> Sum(const Task& task) {
  TRY(Finish finish, Aggregate(task, "sum", Over::kNumbers));
  TRY(const Range range, ParseRange(task.kwargs()));
  return Finish([finish = std::move(finish), range](const Answers& answers, ItemResult& item) -> Result<void> {
    TRYV(finish(answers, item));
    return item.observed.IsNull() ? Conclude(range, 0, item) : Result<void>();
  });
}

Result<Finish> UniqueCount(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  TRY(Range range, ParseRange(task.kwargs()));
  const std::size_t distinct = task.work.Ask(Filtered(fmt::format("count(DISTINCT {})", Ident(column->name)), task.filter));
  return Finish([range = std::move(range), distinct](const Answers& answers, ItemResult& item) {
    return Conclude(range, answers[distinct], item);
  });
}

// numerator / denominator as observed value; nothing to divide by gives 0.
Result<Finish> Proportion(const Task& task, bool unique) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  TRY(Range range, ParseRange(task.kwargs()));
  const std::string name = Ident(column->name);
  const std::size_t nonnull = task.work.Ask(CountWhere({task.filter, name + " IS NOT NULL"}));
  const std::size_t top = unique ? task.work.Ask(Filtered(fmt::format("count(DISTINCT {})", name), task.filter)) : nonnull;
  const std::size_t bottom = unique ? nonnull : task.work.Ask(CountWhere({task.filter}));
  return Finish([range = std::move(range), top, bottom](const Answers& answers, ItemResult& item) {
    const double count = static_cast<double>(Count(answers, bottom));
    return Conclude(range, count == 0 ? Json(0.0) : Json(static_cast<double>(Count(answers, top)) / count), item);
  });
}

Result<Finish> UniqueProportion(const Task& task) { return Proportion(task, true); }
Result<Finish> NonNullProportion(const Task& task) { return Proportion(task, false); }

constexpr std::array kRules = {
    Rule{"expect_column_max_to_be_between", Shape::kAggregate, Max},
    Rule{"expect_column_min_to_be_between", Shape::kAggregate, Min},
    Rule{"expect_column_mean_to_be_between", Shape::kAggregate, Mean},
    Rule{"expect_column_median_to_be_between", Shape::kAggregate, Median},
    Rule{"expect_column_stdev_to_be_between", Shape::kAggregate, Deviation},
    Rule{"expect_column_sum_to_be_between", Shape::kAggregate, Sum},
    Rule{"expect_column_unique_value_count_to_be_between", Shape::kAggregate, UniqueCount},
    Rule{"expect_column_proportion_of_unique_values_to_be_between", Shape::kAggregate, UniqueProportion},
    Rule{"expect_column_proportion_of_non_null_values_to_be_between", Shape::kAggregate, NonNullProportion},
};

}  // namespace

std::span<const Rule> AggregateRules() { return kRules; }

}  // namespace mlean::check
