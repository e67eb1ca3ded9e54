#include "check/validate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>

#include "base/text.hpp"
#include "check/rule.hpp"
#include "check/sentence.hpp"

namespace mlean::check {

using codec::Json;

namespace {

// Aggregates of one SELECT; a wide suite is answered in a few passes, as planning time grows with width.
constexpr std::size_t kMaxExpressions = 1000;

const Rule* FindRule(std::string_view type) {
  for (const auto rules :
       {ColumnRules(), SequenceRules(), MultiColumnRules(), AggregateRules(), DistributionRules(), TableRules()}) {
    for (const Rule& rule : rules) {
      if (rule.type == type) return &rule;
    }
  }
  return nullptr;
}

// An expectation between its preparation and its conclusion.
struct Pending {
  ItemResult* item = nullptr;
  std::string filter;
  Finish finish;
  std::vector<std::size_t> asked;  // positions it reads, when the common pass has to be split
};

void Record(ItemResult& item, const Error& error) {
  item.success = false;
  item.exception = error.fix.empty() ? error.what : fmt::format("{} ({})", error.what, error.fix);
}

Result<void> Prepare(const Rule& rule, Work& work, Pending& pending) {
  const Expectation& expectation = pending.item->expectation;
  if (const Json* condition = expectation.kwargs.Find("row_condition")) {
    // Table expectations of old suites carry row_condition: null.
    TRY(pending.filter, ConditionSql(*condition, work.source.columns()));
    for (const SourceColumn& column : work.source.columns()) {
      if (pending.filter.find(Ident(column.name)) != std::string::npos) work.Use(column);
    }
  }
  TRY(pending.finish, rule.prepare(Task{expectation, pending.filter, work}));
  return {};
}

Result<Answers> Ask(Work& work, const std::vector<std::string>& expressions) {
  Answers answers;
  for (std::size_t from = 0; from < expressions.size(); from += kMaxExpressions) {
    const std::size_t to = std::min(expressions.size(), from + kMaxExpressions);
    const std::vector<std::string> slice(expressions.begin() + static_cast<std::ptrdiff_t>(from),
                                         expressions.begin() + static_cast<std::ptrdiff_t>(to));
    TRY(auto rows, work.source.Rows(fmt::format("SELECT {} FROM {}", Join(slice, ", "), work.relation)));
    if (rows.size() != 1 || rows[0].size() != slice.size())
      return Fail(Code::kInternal, "cannot validate: unexpected result shape");
    std::move(rows[0].begin(), rows[0].end(), std::back_inserter(answers));
  }
  return answers;
}

// One bad aggregate (a cast, an overflow) fails the whole SELECT: then each expression is asked by itself, and those that fail
// stand in `errors`.
Result<Answers> AskEach(Work& work, std::vector<Error>& errors) {
  Answers answers(work.expressions().size());
  errors.assign(work.expressions().size(), Error{Code::kInternal, "", ""});
  for (std::size_t i = 0; i < work.expressions().size(); ++i) {
    Result<Answers> one = Ask(work, {work.expressions()[i]});
    if (one) {
      answers[i] = std::move((*one)[0]);
      continue;
    }
    const Code code = one.error().code;
    if (code == Code::kCancelled || code == Code::kIo || code == Code::kFull) return std::move(one).error();
    errors[i] = std::move(one).error();
  }
  return answers;
}

// The values of all expressions; NaN of the columns in use counts as missing.
Result<Answers> Pass(Work& work, std::vector<Error>& errors) {
  std::vector<std::size_t> nan_at;
  // NaN is the greatest value to DuckDB, so one comparison per row group finds it.
  for (const SourceColumn* column : work.UsedReals()) {
    nan_at.push_back(work.Ask(fmt::format("coalesce(isnan(max({})), false)", Ident(column->name))));
  }
  for (bool hidden = false;; hidden = true) {
    Result<Answers> answers = Ask(work, work.expressions());
    if (!answers) {
      if (answers.error().code == Code::kCancelled) return answers;
      answers = AskEach(work, errors);
      if (!answers) return std::move(answers).error().With("cannot validate");
    }
    std::vector<const SourceColumn*> with_nan;
    for (std::size_t i = 0; i < nan_at.size(); ++i) {
      const Json& found = (*answers)[nan_at[i]];
      if (found.IsBool() && found.AsBool()) with_nan.push_back(work.UsedReals()[i]);
    }
    if (hidden || with_nan.empty()) return answers;
    errors.clear();
    work.HideNan(with_nan);
  }
}

void Conclude(Pending& pending, const Answers& answers, const std::vector<Error>& errors) {
  ItemResult& item = *pending.item;
  for (const std::size_t position : pending.asked) {
    if (position < errors.size() && !errors[position].what.empty()) return Record(item, errors[position]);
  }
  if (Result<void> done = pending.finish(answers, item); !done) {
    const Expectation expectation = item.expectation;
    const Shape shape = item.shape;
    item = ItemResult{};
    item.expectation = expectation;
    item.shape = shape;
    Record(item, done.error());
  }
}

}  // namespace

Result<ResultFormat> ParseResultFormat(std::string_view name) {
  const std::string lower = ToLower(name);
  if (lower == "boolean_only") return ResultFormat::kBooleanOnly;
  if (lower == "basic") return ResultFormat::kBasic;
  if (lower == "summary") return ResultFormat::kSummary;
  if (lower == "complete") return ResultFormat::kComplete;
  return Fail(Code::kUsage, fmt::format("cannot use result format '{}': unknown", name),
              "one of BOOLEAN_ONLY, BASIC, SUMMARY, COMPLETE");
}

std::size_t SuiteResult::Passed() const {
  return static_cast<std::size_t>(std::count_if(items.begin(), items.end(), [](const ItemResult& item) { return item.success; }));
}

bool SuiteResult::CriticalFailure() const {
  return std::any_of(items.begin(), items.end(),
                     [](const ItemResult& item) { return !item.success && item.expectation.severity == Severity::kCritical; });
}

Result<SuiteResult> Validate(const Suite& suite, TableSource& source, const ValidateOptions& options) {
  SuiteResult result;
  result.suite_name = suite.name;
  result.parameters = suite.parameters;
  result.items.resize(suite.expectations.size());  // never resized again: rules hold references into it
  Work work(source, options);
  const std::size_t rows = work.Ask("count(*)");
  std::deque<Pending> waiting;
  for (std::size_t i = 0; i < suite.expectations.size(); ++i) {
    ItemResult& item = result.items[i];
    item.expectation = suite.expectations[i];
    const Rule* rule = FindRule(item.expectation.type);
    if (rule == nullptr) {
      Record(item, Fail(Code::kUnsupported, fmt::format("'{}' is not supported", item.expectation.type)));
      continue;
    }
    item.shape = rule->shape;
    Pending& pending = waiting.emplace_back();
    pending.item = &item;
    work.StartTask();
    if (Result<void> prepared = Prepare(*rule, work, pending); !prepared) {
      Record(item, prepared.error());
      waiting.pop_back();
      continue;
    }
    pending.asked = work.TaskPositions();
  }
  std::vector<Error> errors;
  TRY(const Answers answers, Pass(work, errors));
  if (!errors.empty() && !errors[rows].what.empty()) return std::move(errors[rows]).With("cannot validate");
  result.rows = Count(answers, rows);
  for (Pending& pending : waiting) Conclude(pending, answers, errors);
  result.success = result.Passed() == result.items.size();
  for (const ItemResult& item : result.items) {
    if (item.vacuous) result.warnings.push_back(fmt::format("{}: no value was checked", Sentence(item.expectation)));
  }
  return result;
}

}  // namespace mlean::check
