// Map rules that need a query of their own: groups of equal values, neighbours, distance from the mean.
#include <fmt/core.h>

#include <array>

#include "base/text.hpp"
#include "check/rule.hpp"

namespace mlean::check {

using codec::Json;
using types::Kind;

namespace {

// Rows of one SELECT that returns one row.
Result<Answers> OneRow(const Task& task, const std::string& sql) {
  TRY(auto rows, task.work.source.Rows(sql));
  if (rows.size() != 1) return Fail(Code::kInternal, "cannot evaluate expectation: no row");
  return std::move(rows[0]);
}

// Every member of a group of equal tuples is unexpected; nulls in tuples equal each other, as in pandas.
Finish AskUnique(const Task& task, MapQuestion question) {
  const std::size_t elements = task.work.Ask(CountWhere({task.filter}));
  const std::size_t missing = question.missing.empty() ? elements : task.work.Ask(CountWhere({task.filter, question.missing}));
  return [task, question = std::move(question), filter = task.filter, elements, missing](const Answers& answers,
                                                                                         ItemResult& item) -> Result<void> {
    const std::string checked = question.missing.empty() ? "" : fmt::format("NOT ({})", question.missing);
    std::vector<std::string> names, same;
    for (const std::string& column : question.columns) {
      names.push_back(Ident(column));
      same.push_back(fmt::format("t.{0} IS NOT DISTINCT FROM d.{0}", Ident(column)));
    }
    const std::string keys = Join(names, ", ");
    const std::string groups = fmt::format("SELECT {0}, count(*) AS mlean_n FROM {1}{2} GROUP BY {0} HAVING count(*) > 1", keys,
                                           task.work.relation, Where({filter, checked}));
    TRY(const Answers total, OneRow(task, fmt::format("SELECT coalesce(sum(mlean_n), 0) FROM ({})", groups)));
    std::vector<std::string> shown;
    for (const std::string& name : names) shown.push_back("t." + name);
    const std::string rows =
        fmt::format("SELECT t.mlean_row, {} FROM (SELECT * FROM {}{}) t SEMI JOIN ({}) d ON {} ORDER BY t.mlean_row",
                    Join(shown, ", "), NumberedRows(task.work), Where({filter, checked}), groups, Join(same, " AND "));
    return FinishMap(task, question, Count(answers, elements), question.missing.empty() ? 0 : Count(answers, missing),
                     Count(total, 0), rows, item);
  };
}

Result<Finish> BeUnique(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  return AskUnique(task, {{column->name}, Display::kPlain, Ident(column->name) + " IS NULL", ""});
}

Result<Finish> CompoundUnique(const Task& task) {
  MapQuestion question;
  question.display = Display::kObject;
  std::vector<std::string> nulls;
  for (const Json& name : task.kwargs().Find("column_list")->AsArray()) {
    TRY(const SourceColumn* const column, task.work.Column(name.AsString()));
    question.columns.push_back(column->name);
    nulls.push_back(Ident(column->name) + " IS NULL");
  }
  TRY(const std::string ignore, task.kwargs().StringAt("ignore_row_if", "all_values_are_missing"));
  if (ignore == "all_values_are_missing") question.missing = Join(nulls, " AND ");
  if (ignore == "any_value_is_missing") question.missing = Join(nulls, " OR ");
  return AskUnique(task, std::move(question));
}

// Neighbours among non-null values; the first value always passes.
Result<Finish> Ordered(const Task& task, bool up) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  TRY(const bool strictly, task.kwargs().BoolAt("strictly", false));
  const std::string name = Ident(column->name);
  const std::size_t elements = task.work.Ask(CountWhere({task.filter}));
  const std::size_t missing = task.work.Ask(CountWhere({task.filter, name + " IS NULL"}));
  const std::string bad = fmt::format("mlean_before IS NOT NULL AND NOT (mlean_value {} mlean_before)",
                                      up ? (strictly ? ">" : ">=") : (strictly ? "<" : "<="));
  return Finish([task, column_name = column->name, name, filter = task.filter, elements, missing, bad](
                    const Answers& answers, ItemResult& item) -> Result<void> {
    const std::string pairs =
        fmt::format("(SELECT mlean_row, {0} AS mlean_value, lag({0}) OVER () AS mlean_before FROM (SELECT * FROM {1}{2}))", name,
                    NumberedRows(task.work), Where({filter, name + " IS NOT NULL"}));
    TRY(const Answers total, OneRow(task, fmt::format("SELECT {} FROM {}", CountWhere({bad}), pairs)));
    const std::string rows = fmt::format("SELECT mlean_row, mlean_value FROM {} WHERE {}", pairs, bad);
    return FinishMap(task, {{column_name}, Display::kPlain, "", ""}, Count(answers, elements), Count(answers, missing),
                     Count(total, 0), rows, item);
  });
}

Result<Finish> Increasing(const Task& task) { return Ordered(task, true); }
Result<Finish> Decreasing(const Task& task) { return Ordered(task, false); }

// |value - mean| / sample standard deviation.
Result<Finish> ZScores(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  if (column->kind != Kind::kReal && column->kind != Kind::kInt) {
    return Fail(Code::kInvalid, fmt::format("column '{}' holds {}, not numbers", column->name, types::KindName(column->kind)));
  }
  TRY(const double threshold, task.kwargs().DoubleAt("threshold"));
  TRY(const bool both_sides, task.kwargs().BoolAt("double_sided", true));
  const std::string name = Ident(column->name);
  const std::size_t elements = task.work.Ask(CountWhere({task.filter}));
  const std::size_t missing = task.work.Ask(CountWhere({task.filter, name + " IS NULL"}));
  const std::size_t mean = task.work.Ask(Filtered(fmt::format("avg({})", name), task.filter));
  const std::size_t deviation = task.work.Ask(Filtered(fmt::format("stddev_samp({})", name), task.filter));
  return Finish([=, column_name = column->name, filter = task.filter](const Answers& answers, ItemResult& item) -> Result<void> {
    const MapQuestion question{{column_name}, Display::kPlain, "", ""};
    const std::int64_t rows = Count(answers, elements), nulls = Count(answers, missing);
    // Without a spread there is no score: pandas compares NaN with the threshold, which fails every value.
    const bool has_spread = answers[deviation].IsNumber() && answers[deviation].AsDouble() > 0;
    const std::string score =
        has_spread ? fmt::format("(({} - '{}'::DOUBLE) / '{}'::DOUBLE)", name, FormatDouble(answers[mean].AsDouble()),
                                 FormatDouble(answers[deviation].AsDouble()))
                   : "NULL";
    const std::string bad =
        has_spread ? fmt::format("NOT ({} < '{}'::DOUBLE)", both_sides ? "abs(" + score + ")" : score, FormatDouble(threshold))
                   : name + " IS NOT NULL";
    TRY(const Answers total, OneRow(task, fmt::format("SELECT {} FROM {}", CountWhere({filter, bad}), task.work.relation)));
    const std::string sample = fmt::format("SELECT mlean_row, {} FROM {}{}", name, NumberedRows(task.work), Where({filter, bad}));
    return FinishMap(task, question, rows, nulls, Count(total, 0), sample, item);
  });
}

constexpr std::array kRules = {
    Rule{"expect_column_values_to_be_unique", Shape::kMap, BeUnique},
    Rule{"expect_compound_columns_to_be_unique", Shape::kMap, CompoundUnique},
    Rule{"expect_column_values_to_be_increasing", Shape::kMap, Increasing},
    Rule{"expect_column_values_to_be_decreasing", Shape::kMap, Decreasing},
    Rule{"expect_column_value_z_scores_to_be_less_than", Shape::kMap, ZScores},
};

}  // namespace

std::span<const Rule> SequenceRules() { return kRules; }

}  // namespace mlean::check
