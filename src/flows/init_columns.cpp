#include "flows/init_columns.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "check/suggest.hpp"
#include "flows/duck_table_source.hpp"
#include "os/files.hpp"
#include "tables/quote.hpp"
#include "train/train.hpp"

namespace mlean::flows {
namespace {

using codec::Json;
using types::Kind;

constexpr std::size_t kMostClassesGuessed = 20;  // distinct whole numbers that still look like classes; as `mlean train` has it
constexpr std::size_t kMostClasses = 1000;       // the trainer's limit
constexpr std::int64_t kMostSliceValues = 20;
constexpr std::size_t kMostSlices = 5;
constexpr std::int64_t kFewRows = 20;  // under it "all values differ" says nothing

struct Facts {
  const check::SourceColumn* column = nullptr;
  std::int64_t present = 0;
  std::int64_t distinct = 0;  // exact; text and whole numbers only
  bool consecutive = false;   // whole numbers n, n+1, n+2 … without a gap
};

Result<void> KnownColumn(const check::TableSource& source, const InitRequest& request, const std::string& name,
                         std::string_view what) {
  std::vector<std::string> names;
  for (const check::SourceColumn& column : source.columns()) names.push_back(column.name);
  const std::string file = request.data.string();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    const std::string near = Nearest(name, names);
    const bool many = names.size() > 30;
    if (many) names.resize(30);
    return Fail(Code::kNotFound, fmt::format("cannot use --{} '{}': '{}' has no such column", what, name, file),
                near.empty() ? fmt::format("its columns: {}{}", Join(names, ", "), many ? " …" : "")
                             : fmt::format("--{} '{}'", what, near));
  }
  const bool control = std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 32; });
  if (control) return Fail(Code::kInvalid, fmt::format("cannot use --{}: the column's name has a control character", what));
  return {};
}

const check::SourceColumn& ColumnOf(const check::TableSource& source, const std::string& name) {
  return *std::find_if(source.columns().begin(), source.columns().end(), [&](const auto& column) { return column.name == name; });
}

// Rows, then present, distinct, lowest and highest of each column, in one pass.
Result<std::vector<Facts>> Look(check::TableSource& source, std::int64_t& rows) {
  std::vector<std::string> asked = {"count(*)"};
  for (const check::SourceColumn& column : source.columns()) {
    const std::string name = tables::QuoteIdentifier(column.name);
    const bool counts = column.kind == Kind::kText || column.kind == Kind::kInt;
    const bool whole = column.kind == Kind::kInt;
    asked.push_back(fmt::format("count({})", name));
    asked.push_back(counts ? fmt::format("count(DISTINCT {})", name) : "0");
    asked.push_back(whole ? fmt::format("coalesce(max({0})::DOUBLE - min({0})::DOUBLE, 0.0)", name) : "0.0");
  }
  TRY(const auto table, source.Rows(fmt::format("SELECT {} FROM {}", Join(asked, ", "), source.relation())));
  const std::vector<Json>& answers = table.at(0);
  rows = answers.at(0).AsInt();
  std::vector<Facts> facts;
  std::size_t at = 1;
  for (const check::SourceColumn& column : source.columns()) {
    Facts one{&column, answers.at(at).AsInt(), answers.at(at + 1).AsInt(), false};
    const double spread = answers.at(at + 2).AsDouble();
    one.consecutive = column.kind == Kind::kInt && one.distinct == one.present && spread + 1 == static_cast<double>(one.distinct);
    facts.push_back(one);
    at += 3;
  }
  return facts;
}

struct LabelValues {
  std::vector<std::pair<std::string, std::int64_t>> counts;  // at most kMostClasses + 1, by falling count
  std::int64_t labelled = 0;
  bool whole = true;  // numbers without fraction
};

Result<LabelValues> LookAtLabel(check::TableSource& source, const std::string& label) {
  const std::string name = tables::QuoteIdentifier(label);
  LabelValues out;
  TRY(const auto rows,
      source.Rows(fmt::format("SELECT {0}, count(*), sum(count(*)) OVER () FROM {1} WHERE {0} IS NOT NULL{3} GROUP BY 1 "
                              "ORDER BY 2 DESC, 1 LIMIT {2}",
                              name, source.relation(), kMostClasses + 1,
                              ColumnOf(source, label).kind == Kind::kReal ? fmt::format(" AND NOT isnan({})", name) : "")));
  for (const auto& row : rows) {
    out.labelled = static_cast<std::int64_t>(row.at(2).AsDouble());
    const Json& value = row.at(0);
    if (value.IsDouble() && value.AsDouble() != std::floor(value.AsDouble())) out.whole = false;
    out.counts.emplace_back(value.IsString()   ? value.AsString()
                            : value.IsDouble() ? FormatDouble(value.AsDouble())
                                               : value.Dump(),
                            row.at(1).AsInt());
  }
  return out;
}

Result<void> DecideTask(const InitRequest& request, Kind kind, const LabelValues& values, InitPlan& plan) {
  const auto wrong = [&](std::string cause, std::string fix = {}) {
    return Fail(Code::kInvalid, fmt::format("cannot init: the label '{}' {}", request.label, cause), std::move(fix));
  };
  if (!request.task.empty() && request.task != "classification" && request.task != "regression") {
    return Fail(Code::kUsage, fmt::format("cannot init: task '{}' is neither classification nor regression", request.task));
  }
  if (kind == Kind::kTime) return wrong("is a time; predict a number, a text or a yes or no");
  if (values.labelled == 0) return wrong("has no value in any row");
  const bool named = kind == Kind::kText || kind == Kind::kBool;
  const bool few = values.whole && values.counts.size() <= kMostClassesGuessed;
  plan.task = !request.task.empty() ? request.task : named || few ? "classification" : "regression";
  if (values.counts.size() < 2)
    return wrong(fmt::format("is '{}' in all rows: there is nothing to learn", values.counts.front().first));
  if (plan.task == "regression") {
    return kind == Kind::kText ? Result<void>(wrong("is text, a regression needs numbers", "--task classification"))
                               : Result<void>();
  }
  if (values.counts.size() > kMostClasses)
    return wrong(fmt::format("has over {} classes", kMostClasses), named ? "" : "--task regression");
  if (!values.whole) return wrong("has fractions, classes are text or whole numbers", "--task regression");
  for (const auto& [name, count] : values.counts) plan.classes.push_back(name);
  plan.majority = static_cast<double>(values.counts.front().second) / static_cast<double>(values.labelled);
  return {};
}

// Why the column is no feature; empty when it is one.
std::string WhyNot(const Facts& facts, const InitPlan& plan) {
  const check::SourceColumn& column = *facts.column;
  if (column.name == plan.time) return "the event time; it only grows, so splits on it say nothing about tomorrow";
  if (column.kind == Kind::kTime)
    return "a time only grows; to learn from it make its hour, weekday or an age a column (mlean features sql)";
  if (std::find(plan.key.begin(), plan.key.end(), column.name) != plan.key.end())
    return "part of the key, which identifies a row";
  if (facts.present == 0) return "it has no value in any row";
  const bool differ = facts.distinct == facts.present && facts.present >= kFewRows;
  if (column.kind == Kind::kInt && differ) {
    const std::string name = ToLower(column.name);
    if (facts.consecutive) return "it counts the rows";
    if (name == "id" || name.ends_with("_id") || name.ends_with("_key")) return "it looks like an id: all its values differ";
  }
  if (column.kind != Kind::kText) return {};
  if (differ) return "a text that never repeats, like an id";
  if (facts.distinct > kMostSliceValues && facts.distinct * 2 > facts.present) return "a text that hardly ever repeats";
  if (facts.distinct > static_cast<std::int64_t>(train::TrainSpec{}.max_categories)) {
    return fmt::format("a text with {} values, more than a model takes", HumanCount(static_cast<std::uint64_t>(facts.distinct)));
  }
  return {};
}

Result<void> DecideFeatures(const std::vector<Facts>& facts, InitPlan& plan) {
  for (const Facts& one : facts) {
    const std::string& name = one.column->name;
    if (name == plan.label) continue;
    const std::string why = WhyNot(one, plan);
    // The command line splits names at commas, so such a column cannot be left out by name; a time is left out anyway.
    const bool nameable =
        name.find(',') == name.npos && std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 32; });
    if (!why.empty() && (nameable || one.column->kind == Kind::kTime)) {
      plan.left_out.push_back({name, why});
      continue;
    }
    plan.features.push_back(name);
    const bool groups = one.column->kind == Kind::kText && one.distinct >= 2 && one.distinct <= kMostSliceValues;
    if (groups && plan.slices.size() < kMostSlices) plan.slices.push_back(name);
  }
  if (!plan.features.empty()) return {};
  std::vector<std::string> reasons;
  for (const LeftOut& one : plan.left_out) reasons.push_back(fmt::format("'{}' ({})", one.column, one.why));
  return Fail(Code::kInvalid, fmt::format("cannot init: there is no column to learn from{}{}",
                                          reasons.empty() ? "" : "; left out: ", Join(reasons, ", ")));
}

// Data that is appended to outgrows any upper bound on its rows. The files of a folder are checked one by one, and the next may
// be small.
Result<void> LoosenRowCount(check::Suite& suite, std::int64_t rows, bool folder) {
  constexpr std::string_view kRowCount = "expect_table_row_count_to_be_between";
  if (folder) std::erase_if(suite.expectations, [&](const check::Expectation& one) { return one.type == kRowCount; });
  for (check::Expectation& expectation : suite.expectations) {
    if (expectation.type != kRowCount) continue;
    TRY(expectation, check::MakeExpectation(
                         kRowCount, Json::Object{{"min_value", rows / 2}},
                         Json::Object{{"notes", fmt::format("{} rows seen; half of them would mean that data is lost", rows)}}));
  }
  return {};
}

}  // namespace

Result<void> ChooseColumns(const InitRequest& request, InitPlan& plan) {
  TRY(const auto engine, tables::Engine::Open({.memory_limit_mb = 4096}));
  const std::filesystem::path file = plan.copy_data ? request.root / request.data : request.root / plan.data_path;
  TRY(const auto source, DuckTableSource::Open(*engine, {.path = file.lexically_normal().string()}));
  TRYV(KnownColumn(*source, request, request.label, "label"));
  if (!request.time.empty()) TRYV(KnownColumn(*source, request, request.time, "time"));
  for (const std::string& name : request.key) TRYV(KnownColumn(*source, request, name, "key"));
  plan.label = request.label;
  plan.time = request.time;
  plan.key = request.key;
  plan.columns = source->columns().size();
  if (!plan.time.empty()) {
    const check::SourceColumn& time = ColumnOf(*source, plan.time);
    if (plan.time == plan.label || (time.kind != Kind::kTime && time.kind != Kind::kInt)) {
      return Fail(Code::kInvalid, plan.time == plan.label
                                      ? fmt::format("cannot use --time '{}': it is the label", plan.time)
                                      : fmt::format("cannot use --time '{}': it is {}, not a time like 2024-01-31 12:00:00",
                                                    plan.time, types::KindName(time.kind)));
    }
  }
  if (std::find(plan.key.begin(), plan.key.end(), plan.label) != plan.key.end()) {
    return Fail(Code::kInvalid, fmt::format("cannot use --key '{}': it is the label", plan.label));
  }
  TRY(const LabelValues values, LookAtLabel(*source, plan.label));
  plan.labelled = values.labelled;
  TRYV(DecideTask(request, ColumnOf(*source, plan.label).kind, values, plan));
  TRY(const std::vector<Facts> facts, Look(*source, plan.rows));
  const auto time = std::find_if(facts.begin(), facts.end(), [&](const Facts& one) { return one.column->name == plan.time; });
  if (time != facts.end() && time->present < plan.rows) {
    return Fail(Code::kInvalid, fmt::format("cannot use --time '{}': {} of {} rows have no time", plan.time,
                                            plan.rows - time->present, plan.rows));
  }
  TRYV(DecideFeatures(facts, plan));
  TRY(plan.suite, check::SuggestFrom(*source, {.name = plan.data_name}));
  return LoosenRowCount(plan.suite, plan.rows, os::IsDir(file));
}

}  // namespace mlean::flows
