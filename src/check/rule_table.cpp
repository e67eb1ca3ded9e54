// Rules on the table's shape and on the types of its columns.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "check/rule.hpp"

namespace mlean::check {

using codec::Json;
using types::Kind;

namespace {

std::vector<std::string> Names(const Task& task) {
  std::vector<std::string> names;
  for (const SourceColumn& column : task.work.source.columns()) names.push_back(column.name);
  return names;
}

Json List(const std::vector<std::string>& names) {
  Json list = Json::Array{};
  for (const std::string& name : names) list.Push(name);
  return list;
}

Result<Finish> RowCountBetween(const Task& task) {
  TRY(Range range, ParseRange(task.kwargs()));
  const std::size_t rows = task.work.Ask("count(*)");
  return Finish([range = std::move(range), rows](const Answers& answers, ItemResult& item) -> Result<void> {
    TRY(const bool inside, Inside(range, answers[rows]));
    Observe(item, inside, answers[rows]);
    return {};
  });
}

Result<Finish> RowCountEqual(const Task& task) {
  TRY(const std::int64_t wanted, task.kwargs().IntAt("value"));
  const std::size_t rows = task.work.Ask("count(*)");
  return Finish([wanted, rows](const Answers& answers, ItemResult& item) -> Result<void> {
    Observe(item, Count(answers, rows) == wanted, answers[rows]);
    return {};
  });
}

// The conclusion needs no data.
Finish Known(bool success, Json observed, Json::Object more = {}) {
  return [success, observed = std::move(observed), more = std::move(more)](const Answers&, ItemResult& item) -> Result<void> {
    Observe(item, success, observed);
    item.more = more;
    return {};
  };
}

Result<Finish> ColumnCountBetween(const Task& task) {
  TRY(const Range range, ParseRange(task.kwargs()));
  const Json count = task.work.source.columns().size();
  TRY(const bool inside, Inside(range, count));
  return Known(inside, count);
}

Result<Finish> ColumnCountEqual(const Task& task) {
  TRY(const std::int64_t wanted, task.kwargs().IntAt("value"));
  const Json count = task.work.source.columns().size();
  return Known(count.AsInt() == wanted, count);
}

Result<Finish> OrderedList(const Task& task) {
  const std::vector<std::string> names = Names(task);
  const Json::Array& wanted = task.kwargs().Find("column_list")->AsArray();
  Json mismatched = Json::Array{};
  for (std::size_t i = 0; i < std::max(names.size(), wanted.size()); ++i) {
    const Json expected = i < wanted.size() ? wanted[i] : Json();
    const Json found = i < names.size() ? Json(names[i]) : Json();
    if (expected == found) continue;
    mismatched.Push(Json::Object{{"Expected Column Position", i}, {"Expected", expected}, {"Found", found}});
  }
  if (mismatched.IsNull() || mismatched.AsArray().empty()) return Known(true, List(names));
  return Known(false, List(names), {{"details", Json::Object{{"mismatched", std::move(mismatched)}}}});
}

Result<Finish> MatchSet(const Task& task) {
  TRY(const bool exact, task.kwargs().BoolAt("exact_match", true));
  std::vector<std::string> names = Names(task), wanted, unexpected, missing;
  for (const Json& name : task.kwargs().Find("column_set")->AsArray()) wanted.push_back(name.AsString());
  std::sort(names.begin(), names.end());
  std::sort(wanted.begin(), wanted.end());
  std::set_difference(names.begin(), names.end(), wanted.begin(), wanted.end(), std::back_inserter(unexpected));
  std::set_difference(wanted.begin(), wanted.end(), names.begin(), names.end(), std::back_inserter(missing));
  const bool success = missing.empty() && (!exact || unexpected.empty());
  Json mismatched = Json::Object{};
  if (!unexpected.empty()) mismatched.Set("unexpected", List(unexpected));
  if (!missing.empty()) mismatched.Set("missing", List(missing));
  if (mismatched.AsObject().empty()) return Known(success, List(names));
  return Known(success, List(names), {{"details", Json::Object{{"mismatched", std::move(mismatched)}}}});
}

Result<Finish> ToExist(const Task& task) {
  TRY(const std::string name, task.kwargs().StringAt("column"));
  const std::vector<std::string> names = Names(task);
  const auto at = std::find(names.begin(), names.end(), name);
  bool success = at != names.end();
  if (const Json* index = task.kwargs().Find("column_index"); index != nullptr && index->IsNumber()) {
    success = success && at - names.begin() == static_cast<std::ptrdiff_t>(index->AsDouble());
  }
  return Finish([success](const Answers&, ItemResult& item) -> Result<void> {
    item.success = success;  // GE shows no observed value here
    return {};
  });
}

struct TypeName {
  std::string observed;               // as pandas names the column's type
  std::vector<std::string> accepted;  // lower case: names of the same type in numpy, Python, pandas and SQL
};

TypeName NamesOfType(const SourceColumn& column, bool has_nulls) {
  const std::string& sql = column.sql_type;
  const auto numpy = [&](std::string name, std::vector<std::string> more) {
    more.push_back(name);
    return TypeName{std::move(name), std::move(more)};
  };
  TypeName found;
  if (sql == "BIGINT") {
    found = numpy("int64", {"int", "int_", "integer", "bigint", "long"});
  } else if (sql == "INTEGER") {
    found = numpy("int32", {"intc", "integer"});
  } else if (sql == "SMALLINT") {
    found = numpy("int16", {"smallint", "short"});
  } else if (sql == "TINYINT") {
    found = numpy("int8", {"tinyint", "byte"});
  } else if (sql == "UBIGINT") {
    found = numpy("uint64", {"uint"});
  } else if (sql == "UINTEGER") {
    found = numpy("uint32", {});
  } else if (sql == "USMALLINT") {
    found = numpy("uint16", {});
  } else if (sql == "UTINYINT") {
    found = numpy("uint8", {});
  } else if (sql == "DOUBLE") {
    found = numpy("float64", {"float", "float_", "double"});
  } else if (sql == "FLOAT") {
    found = numpy("float32", {"single", "real"});
  } else if (sql == "BOOLEAN") {
    found = numpy("bool", {"bool_", "boolean"});
  } else if (sql.starts_with("TIMESTAMP")) {
    found = numpy("datetime64", {"datetime64[ns]", "datetime64[us]", "datetime64[ms]", "datetime64[s]", "datetime", "timestamp"});
  } else if (sql == "DATE") {
    found = numpy("datetime64", {"date", "datetime64[s]", "datetime64[ns]", "datetime64[us]"});
  } else if (column.kind == Kind::kText) {
    found = numpy("str", {"object", "string", "unicode", "varchar", "text"});
  } else {
    found = numpy("object", {});
  }
  // pandas has no nulls in plain integer columns: it reads such a column as float64. Either name is right.
  if (has_nulls && column.kind == Kind::kInt) {
    found.observed = "float64";
    found.accepted.insert(found.accepted.end(), {"float64", "float"});
  }
  found.accepted.push_back(ToLower(sql));
  return found;
}

Finish TypeIn(const Task& task, const SourceColumn& column, std::vector<std::string> wanted) {
  const std::size_t nulls = task.work.Ask(CountWhere({Ident(column.name) + " IS NULL"}));
  return [column, wanted = std::move(wanted), nulls](const Answers& answers, ItemResult& item) -> Result<void> {
    const TypeName names = NamesOfType(column, Count(answers, nulls) > 0);
    bool success = false;
    for (const std::string& name : wanted) {
      // "Int64" is pandas' nullable integer, "INTEGER" SQL's.
      const std::string lower = ToLower(name);
      success = success || std::find(names.accepted.begin(), names.accepted.end(), lower) != names.accepted.end();
    }
    Observe(item, success, names.observed);
    return {};
  };
}

Result<Finish> OfType(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  TRY(const std::string type, task.kwargs().StringAt("type_"));
  return TypeIn(task, *column, {type});
}

Result<Finish> InTypeList(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  std::vector<std::string> wanted;
  for (const Json& type : task.kwargs().Find("type_list")->AsArray()) wanted.push_back(type.AsString());
  return TypeIn(task, *column, std::move(wanted));
}

constexpr std::array kRules = {
    Rule{"expect_table_row_count_to_be_between", Shape::kAggregate, RowCountBetween},
    Rule{"expect_table_row_count_to_equal", Shape::kAggregate, RowCountEqual},
    Rule{"expect_table_column_count_to_be_between", Shape::kAggregate, ColumnCountBetween},
    Rule{"expect_table_column_count_to_equal", Shape::kAggregate, ColumnCountEqual},
    Rule{"expect_table_columns_to_match_ordered_list", Shape::kAggregate, OrderedList},
    Rule{"expect_table_columns_to_match_set", Shape::kAggregate, MatchSet},
    Rule{"expect_column_to_exist", Shape::kAggregate, ToExist},
    Rule{"expect_column_values_to_be_of_type", Shape::kAggregate, OfType},
    Rule{"expect_column_values_to_be_in_type_list", Shape::kAggregate, InTypeList},
};

}  // namespace

std::span<const Rule> TableRules() { return kRules; }

}  // namespace mlean::check
