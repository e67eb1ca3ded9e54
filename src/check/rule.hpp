// How one expectation is answered: it asks for aggregates before the pass and draws its conclusion from their values after it.
// Private to this room. Rules live in rule_*.cpp, one table per group; validate.cpp drives them.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "check/condition.hpp"
#include "check/sql_text.hpp"
#include "check/suite.hpp"
#include "check/table_source.hpp"
#include "check/validate.hpp"
#include "codec/json.hpp"

namespace mlean::check {

// The table as rules see it, and the list of aggregates for the one pass.
class Work {
 public:
  Work(TableSource& source, const ValidateOptions& options);

  // Adds an aggregate expression (once per distinct text); its position among the pass's values.
  std::size_t Ask(std::string expression);
  const std::vector<std::string>& expressions() const { return expressions_; }
  // Positions asked for since the last StartTask: what one expectation depends on.
  void StartTask() { task_positions_.clear(); }
  const std::vector<std::size_t>& TaskPositions() const { return task_positions_; }

  // The column of this name, and that of argument `arg`; they count as used from then on.
  Result<const SourceColumn*> Column(std::string_view name);
  Result<const SourceColumn*> Column(const codec::Json& kwargs, std::string_view arg);
  void Use(const SourceColumn& column);
  // FLOAT and DOUBLE columns in use: those that may hold NaN.
  const std::vector<const SourceColumn*>& UsedReals() const { return used_reals_; }
  // From now on `relation` shows NaN of these columns as NULL. Not done at once for all: it costs a third of a pass, and
  // files rarely hold NaN.
  void HideNan(const std::vector<const SourceColumn*>& columns);

  TableSource& source;
  const ValidateOptions& options;
  std::string relation;  // what to put after FROM; rules read it when they conclude, not before

 private:
  std::vector<std::string> expressions_;
  std::unordered_map<std::string, std::size_t> positions_;
  std::vector<std::size_t> task_positions_;
  std::vector<const SourceColumn*> used_reals_;
};

using Answers = std::vector<codec::Json>;
using Finish = std::function<Result<void>(const Answers& answers, ItemResult& item)>;

struct Task {
  const Expectation& expectation;
  const std::string& filter;  // SQL of row_condition; empty: all rows
  Work& work;
  const codec::Json& kwargs() const { return expectation.kwargs; }
};

struct Rule {
  std::string_view type;
  Shape shape;
  Result<Finish> (*prepare)(const Task& task);
};

std::span<const Rule> ColumnRules();        // values of one column
std::span<const Rule> SequenceRules();      // uniqueness, order, z-scores: need a query of their own
std::span<const Rule> MultiColumnRules();   // pairs and column lists
std::span<const Rule> AggregateRules();     // min, max, mean …
std::span<const Rule> DistributionRules();  // quantiles, distinct values, modes, KL
std::span<const Rule> TableRules();         // shape, columns, types

// ---- pieces the rules share
// "agg FILTER (WHERE filter)"
std::string Filtered(std::string_view aggregate, std::string_view filter);
// "count of rows where all of these hold"; empty parts are left out.
std::string CountWhere(std::initializer_list<std::string_view> conditions);
std::string AllOf(std::initializer_list<std::string_view> conditions);  // "" when all are empty
// " WHERE …" or "".
std::string Where(std::initializer_list<std::string_view> conditions);

std::int64_t Count(const Answers& answers, std::size_t position);

// How offending values are shown: plain, as a list (pairs) or as an object by column name (column lists).
enum class Display : std::uint8_t { kPlain, kList, kObject };

struct MapQuestion {
  std::vector<std::string> columns;  // what is shown
  Display display = Display::kPlain;
  std::string missing;     // SQL: the row is not checked; empty: every row is
  std::string unexpected;  // SQL: true only for checked rows that break the rule
};
// The usual map rule: counts in the pass, a sample afterwards if there are offenders.
Finish AskMap(const Task& task, MapQuestion question);

// Fills counts and success from numbers already known, and the sample by `rows`: a SELECT without LIMIT of (row number, shown
// columns…) in row order; runs only when the format wants it.
Result<void> FinishMap(const Task& task, const MapQuestion& question, std::int64_t elements, std::int64_t missing,
                       std::int64_t unexpected, const std::string& rows, ItemResult& item);
// SELECT of row number and every column, over rows in order: to be filtered.
std::string NumberedRows(const Work& work);

// min_value / max_value / strict_*; bounds may be times as text.
struct Range {
  codec::Json min, max;
  bool strict_min = false, strict_max = false;
};
Result<Range> ParseRange(const codec::Json& kwargs);
// SQL that is true when the value (not null) is outside.
Result<std::string> OutsideSql(const Range& range, const SourceColumn& column, std::string_view value);
// Whether an observed number or time (as text) is inside; null is outside. kInvalid when kinds do not fit.
Result<bool> Inside(const Range& range, const codec::Json& observed);

void Observe(ItemResult& item, bool success, codec::Json observed);

}  // namespace mlean::check
