// Map rules on pairs and lists of columns.
#include <fmt/core.h>

#include <array>

#include "base/text.hpp"
#include "check/rule.hpp"

namespace mlean::check {

using codec::Json;

namespace {

bool Comparable(const SourceColumn& a, const SourceColumn& b) {
  return a.kind == b.kind || (IsNumber(a.kind) && IsNumber(b.kind));
}

struct Pair {
  const SourceColumn* a = nullptr;
  const SourceColumn* b = nullptr;
  MapQuestion question;
};

Result<Pair> ParsePair(const Task& task) {
  Pair pair;
  TRY(pair.a, task.work.Column(task.kwargs(), "column_A"));
  TRY(pair.b, task.work.Column(task.kwargs(), "column_B"));
  pair.question.columns = {pair.a->name, pair.b->name};
  pair.question.display = Display::kList;
  TRY(const std::string ignore, task.kwargs().StringAt("ignore_row_if", "both_values_are_missing"));
  const std::string a = Ident(pair.a->name) + " IS NULL", b = Ident(pair.b->name) + " IS NULL";
  if (ignore == "both_values_are_missing") pair.question.missing = a + " AND " + b;
  if (ignore == "either_value_is_missing") pair.question.missing = a + " OR " + b;
  return pair;
}

// `holds` as a rule on the checked rows; unknown (a null in the comparison) breaks it.
Finish AskHolds(const Task& task, MapQuestion question, std::string_view holds) {
  question.unexpected = fmt::format("NOT coalesce({}, false)", holds);
  if (!question.missing.empty()) question.unexpected += fmt::format(" AND NOT ({})", question.missing);
  return AskMap(task, std::move(question));
}

Result<Finish> ComparePair(const Task& task, std::string_view op) {
  TRY(Pair pair, ParsePair(task));
  if (!Comparable(*pair.a, *pair.b)) {
    if (op == "=") return AskHolds(task, std::move(pair.question), "false");
    return Fail(Code::kInvalid, fmt::format("cannot compare column '{}' ({}) with '{}' ({})", pair.a->name,
                                            types::KindName(pair.a->kind), pair.b->name, types::KindName(pair.b->kind)));
  }
  return AskHolds(task, std::move(pair.question), fmt::format("{} {} {}", Ident(pair.a->name), op, Ident(pair.b->name)));
}

Result<Finish> PairEqual(const Task& task) { return ComparePair(task, "="); }

Result<Finish> PairGreater(const Task& task) {
  TRY(const bool or_equal, task.kwargs().BoolAt("or_equal", false));
  return ComparePair(task, or_equal ? ">=" : ">");
}

Result<Finish> PairInSet(const Task& task) {
  TRY(Pair pair, ParsePair(task));
  std::string holds;
  const Json* set = task.kwargs().Find("value_pairs_set");
  if (set == nullptr || set->IsNull()) return AskHolds(task, std::move(pair.question), "true");
  for (const Json& member : set->AsArray()) {
    if (!member.IsArray() || member.AsArray().size() != 2) return Fail(Code::kInvalid, "'value_pairs_set' must hold pairs");
    const auto equals = [&](const SourceColumn& column, const Json& value) -> std::string {
      if (value.IsNull()) return Ident(column.name) + " IS NULL";
      Result<std::string> literal = Literal(column, value);
      return literal ? fmt::format("{} = {}", Ident(column.name), *literal) : "false";
    };
    holds += fmt::format("{}({} AND {})", holds.empty() ? "" : " OR ", equals(*pair.a, member.AsArray()[0]),
                         equals(*pair.b, member.AsArray()[1]));
  }
  return AskHolds(task, std::move(pair.question), holds.empty() ? "false" : holds);
}

struct Columns {
  std::vector<const SourceColumn*> columns;
  MapQuestion question;
};

Result<Columns> ParseColumns(const Task& task) {
  Columns list;
  list.question.display = Display::kObject;
  std::vector<std::string> nulls;
  for (const Json& name : task.kwargs().Find("column_list")->AsArray()) {
    TRY(const SourceColumn* const column, task.work.Column(name.AsString()));
    list.columns.push_back(column);
    list.question.columns.push_back(column->name);
    nulls.push_back(Ident(column->name) + " IS NULL");
  }
  TRY(const std::string ignore, task.kwargs().StringAt("ignore_row_if", "all_values_are_missing"));
  if (ignore == "all_values_are_missing") list.question.missing = Join(nulls, " AND ");
  if (ignore == "any_value_is_missing") list.question.missing = Join(nulls, " OR ");
  return list;
}

Result<Finish> UniqueWithinRecord(const Task& task) {
  TRY(Columns list, ParseColumns(task));
  std::string equal;
  for (std::size_t i = 0; i < list.columns.size(); ++i) {
    for (std::size_t j = i + 1; j < list.columns.size(); ++j) {
      if (!Comparable(*list.columns[i], *list.columns[j])) continue;
      equal += fmt::format("{}{} IS NOT DISTINCT FROM {}", equal.empty() ? "" : " OR ", Ident(list.columns[i]->name),
                           Ident(list.columns[j]->name));
    }
  }
  return AskHolds(task, std::move(list.question), equal.empty() ? "true" : fmt::format("NOT ({})", equal));
}

Result<Finish> SumEqual(const Task& task) {
  TRY(Columns list, ParseColumns(task));
  const Json* total = task.kwargs().Find("sum_total");
  std::vector<std::string> parts;
  for (const SourceColumn* column : list.columns) {
    if (!IsNumber(column->kind)) {
      return Fail(Code::kInvalid, fmt::format("column '{}' holds {}, not numbers", column->name, types::KindName(column->kind)));
    }
    // Integers are added as such: exact, and wide enough.
    parts.push_back(column->kind == types::Kind::kReal ? Ident(column->name)
                                                       : fmt::format("CAST({} AS HUGEINT)", Ident(column->name)));
  }
  const SourceColumn sum{"", types::Kind::kReal, "DOUBLE"};
  TRY(const std::string literal, Literal(sum, *total));
  return AskHolds(task, std::move(list.question), fmt::format("{} = {}", Join(parts, " + "), literal));
}

constexpr std::array kRules = {
    Rule{"expect_column_pair_values_to_be_equal", Shape::kMap, PairEqual},
    Rule{"expect_column_pair_values_a_to_be_greater_than_b", Shape::kMap, PairGreater},
    Rule{"expect_column_pair_values_to_be_in_set", Shape::kMap, PairInSet},
    Rule{"expect_select_column_values_to_be_unique_within_record", Shape::kMap, UniqueWithinRecord},
    Rule{"expect_multicolumn_values_to_be_unique", Shape::kMap, UniqueWithinRecord},
    Rule{"expect_multicolumn_sum_to_equal", Shape::kMap, SumEqual},
};

}  // namespace

std::span<const Rule> MultiColumnRules() { return kRules; }

}  // namespace mlean::check
