#include "check/rule.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace mlean::check {

using codec::Json;

Work::Work(TableSource& table, const ValidateOptions& validate_options)
    : source(table), options(validate_options), relation(table.relation()) {}

void Work::HideNan(const std::vector<const SourceColumn*>& columns) {
  std::string replaced;
  for (const SourceColumn* column : columns) {
    const std::string name = Ident(column->name);
    replaced += fmt::format("{}nullif({}, 'NaN'::{}) AS {}", replaced.empty() ? "" : ", ", name, column->sql_type, name);
  }
  if (!replaced.empty()) relation = fmt::format("(SELECT * REPLACE ({}) FROM {})", replaced, source.relation());
}

void Work::Use(const SourceColumn& column) {
  if (column.sql_type != "DOUBLE" && column.sql_type != "FLOAT") return;
  if (std::find(used_reals_.begin(), used_reals_.end(), &column) == used_reals_.end()) used_reals_.push_back(&column);
}

std::size_t Work::Ask(std::string expression) {
  const auto [at, is_new] = positions_.try_emplace(expression, expressions_.size());
  if (is_new) expressions_.push_back(std::move(expression));
  task_positions_.push_back(at->second);
  return at->second;
}

Result<const SourceColumn*> Work::Column(std::string_view name) {
  TRY(const SourceColumn* const column, FindColumn(source.columns(), name));
  Use(*column);
  return column;
}

Result<const SourceColumn*> Work::Column(const Json& kwargs, std::string_view arg) {
  TRY(const std::string name, kwargs.StringAt(arg));
  return Column(name);
}

std::string AllOf(std::initializer_list<std::string_view> conditions) {
  std::string out;
  for (const std::string_view condition : conditions) {
    if (condition.empty()) continue;
    out += fmt::format("{}({})", out.empty() ? "" : " AND ", condition);
  }
  return out;
}

std::string Where(std::initializer_list<std::string_view> conditions) {
  const std::string all = AllOf(conditions);
  return all.empty() ? all : " WHERE " + all;
}

std::string Filtered(std::string_view aggregate, std::string_view filter) {
  return filter.empty() ? std::string(aggregate) : fmt::format("{} FILTER (WHERE {})", aggregate, filter);
}

std::string CountWhere(std::initializer_list<std::string_view> conditions) {
  const std::string all = AllOf(conditions);
  return all.empty() ? "count(*)" : fmt::format("count_if({})", all);
}

std::int64_t Count(const Answers& answers, std::size_t position) {
  const Json& value = answers.at(position);
  if (value.IsInt()) return value.AsInt();
  return value.IsDouble() ? static_cast<std::int64_t>(value.AsDouble()) : 0;
}

std::string NumberedRows(const Work& work) {
  return fmt::format("(SELECT row_number() OVER () - 1 AS mlean_row, * FROM {})", work.relation);
}

namespace {

Json Shown(const MapQuestion& question, const std::vector<Json>& row) {
  switch (question.display) {
    case Display::kPlain: return row.at(1);
    case Display::kList: return Json::Array(row.begin() + 1, row.end());
    case Display::kObject: break;
  }
  Json object = Json::Object{};
  for (std::size_t i = 0; i < question.columns.size(); ++i) {
    object.AsObject().emplace_back(question.columns[i], row.at(i + 1));
  }
  return object;
}

}  // namespace

Result<void> FinishMap(const Task& task, const MapQuestion& question, std::int64_t elements, std::int64_t missing,
                       std::int64_t unexpected, const std::string& rows, ItemResult& item) {
  item.element_count = elements;
  item.missing_count = missing;
  item.unexpected_count = unexpected;
  const std::int64_t checked = item.shape == Shape::kMapAll ? elements : elements - missing;
  TRY(const double mostly, task.kwargs().DoubleAt("mostly", 1.0));
  item.vacuous = checked == 0;
  item.success = checked == 0 || static_cast<double>(checked - unexpected) / static_cast<double>(checked) >= mostly;
  const ValidateOptions& options = task.work.options;
  if (unexpected == 0 || options.result_format == ResultFormat::kBooleanOnly) return {};
  const std::size_t limit =
      options.result_format == ResultFormat::kComplete ? options.complete_limit : options.partial_unexpected_count;
  if (limit == 0) return {};
  TRY(const auto sample, task.work.source.Rows(fmt::format("{} LIMIT {}", rows, limit)));
  for (const std::vector<Json>& row : sample) {
    if (row.size() != question.columns.size() + 1) return Fail(Code::kInternal, "cannot read sample: wrong number of columns");
    item.unexpected_rows.push_back(row[0].IsInt() ? row[0].AsInt() : -1);
    item.unexpected.push_back(Shown(question, row));
  }
  return {};
}

Finish AskMap(const Task& task, MapQuestion question) {
  const std::size_t elements = task.work.Ask(CountWhere({task.filter}));
  const bool has_missing = !question.missing.empty();
  const std::size_t missing = has_missing ? task.work.Ask(CountWhere({task.filter, question.missing})) : 0;
  const std::size_t unexpected = task.work.Ask(CountWhere({task.filter, question.unexpected}));
  return [task, question = std::move(question), filter = task.filter, elements, missing, unexpected, has_missing](
             const Answers& answers, ItemResult& item) {
    std::vector<std::string> shown;
    for (const std::string& column : question.columns) shown.push_back(Ident(column));
    const std::string rows = fmt::format("SELECT mlean_row, {} FROM {}{}", Join(shown, ", "), NumberedRows(task.work),
                                         Where({filter, question.unexpected}));
    return FinishMap(task, question, Count(answers, elements), has_missing ? Count(answers, missing) : 0,
                     Count(answers, unexpected), rows, item);
  };
}

Result<Range> ParseRange(const Json& kwargs) {
  Range range;
  if (const Json* min = kwargs.Find("min_value")) range.min = *min;
  if (const Json* max = kwargs.Find("max_value")) range.max = *max;
  TRY(range.strict_min, kwargs.BoolAt("strict_min", false));
  TRY(range.strict_max, kwargs.BoolAt("strict_max", false));
  if (range.min.IsNumber() && range.max.IsNumber() && range.min.AsDouble() > range.max.AsDouble()) {
    return Fail(Code::kInvalid, fmt::format("min_value {} is greater than max_value {}", range.min.Dump(), range.max.Dump()));
  }
  return range;
}

Result<std::string> OutsideSql(const Range& range, const SourceColumn& column, std::string_view value) {
  std::string sql;
  for (const bool low : {true, false}) {
    const Json& bound = low ? range.min : range.max;
    if (bound.IsNull()) continue;
    Result<std::string> literal = Literal(column, bound);
    if (!literal) {
      return std::move(literal).error().With(
          fmt::format("cannot compare column '{}' ({})", column.name, types::KindName(column.kind)));
    }
    const std::string_view op = low ? (range.strict_min ? "<=" : "<") : (range.strict_max ? ">=" : ">");
    sql += fmt::format("{}{} {} {}", sql.empty() ? "" : " OR ", value, op, *literal);
  }
  return sql.empty() ? std::string("false") : sql;
}

Result<bool> Inside(const Range& range, const Json& observed) {
  if (observed.IsNull()) return false;
  const bool is_time = observed.IsString();
  const auto number = [&](const Json& value) -> Result<double> {
    if (!is_time && (value.IsNumber() || value.IsBool())) return value.IsBool() ? (value.AsBool() ? 1.0 : 0.0) : value.AsDouble();
    if (is_time && value.IsString()) {
      TRY(const TimeMs time, ParseTime(value.AsString()));
      return static_cast<double>(time);
    }
    return Fail(Code::kInvalid, fmt::format("cannot compare {} with {}", observed.Dump(), value.Dump()));
  };
  TRY(const double value, number(observed));
  if (!range.min.IsNull()) {
    TRY(const double min, number(range.min));
    if (range.strict_min ? !(value > min) : !(value >= min)) return false;
  }
  if (!range.max.IsNull()) {
    TRY(const double max, number(range.max));
    if (range.strict_max ? !(value < max) : !(value <= max)) return false;
  }
  return true;
}

void Observe(ItemResult& item, bool success, Json observed) {
  item.success = success;
  item.observed = std::move(observed);
  item.has_observed = true;
}

}  // namespace mlean::check
