#include "flows/compare_data.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "flows/pandas_table.hpp"
#include "tables/engine.hpp"

namespace mlean::flows {
namespace {

using drift::ColumnType;
using types::Column;
using types::Frame;
using types::Kind;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::size_t CountPresent(const Column& column) {
  std::size_t present = 0;
  for (std::size_t row = 0; row < column.size(); ++row) present += column.Missing(row) ? 0 : 1;
  return present;
}

// The kind of pandas' dtype: whole numbers with gaps and columns without a value are floats there.
Kind PandasKind(const Column& column) {
  if (column.kind == Kind::kTime || column.kind == Kind::kReal) return column.kind;
  const std::size_t present = CountPresent(column);
  if (present == 0 && column.size() > 0) return Kind::kReal;
  return column.kind == Kind::kInt && present < column.size() ? Kind::kReal : column.kind;
}

// Counting stops when more than `limit` are found.
std::size_t CountDistinct(std::initializer_list<const Column*> sides, std::size_t limit) {
  std::unordered_set<double> numbers;
  std::unordered_set<std::string_view> words;
  for (const Column* column : sides) {
    for (std::size_t row = 0; row < column->size() && numbers.size() + words.size() <= limit; ++row) {
      if (column->Missing(row)) continue;
      if (column->kind == Kind::kText) {
        words.insert(column->words[static_cast<std::size_t>(column->codes[row])]);
      } else {
        numbers.insert(column->Number(row));
      }
    }
  }
  return numbers.size() + words.size();
}

bool WithinZeroAndOne(std::initializer_list<const Column*> sides) {
  for (const Column* column : sides) {
    for (std::size_t row = 0; row < column->size(); ++row) {
      if (!column->Missing(row) && (column->Number(row) < 0 || column->Number(row) > 1)) return false;
    }
  }
  return true;
}

bool IsNumber(Kind kind) { return kind == Kind::kReal || kind == Kind::kInt; }

struct Plan {
  std::vector<std::string> columns;  // in order
  std::map<std::string, ColumnType> types;
  std::vector<std::string> left_out;

  void Add(const std::string& name, ColumnType type) {
    if (types.emplace(name, type).second) columns.push_back(name);
  }
};

class Planner {
 public:
  Planner(const Frame& reference, const Frame& current, const DriftQuery& query)
      : reference_(reference), current_(current), query_(query) {}

  Result<Plan> Make() {
    TRYV(CheckNames());
    if (query_.convention == DriftConvention::kEvidently) {
      TakeAsEvidently();
    } else {
      TakeTargetAndPrediction();
      TakeByKind();
    }
    if (!query_.columns.empty()) KeepNamed();
    TRYV(CheckTypes());
    return std::move(plan_);
  }

 private:
  Result<void> CheckNames() const {
    for (const std::string& name : query_.numerical) {
      if (!Contains(query_.categorical, name)) continue;
      return Fail(Code::kUsage, fmt::format("cannot compare column '{}': it is named as numeric and as categorical", name));
    }
    std::vector<std::string> named = query_.columns;
    named.insert(named.end(), query_.numerical.begin(), query_.numerical.end());
    named.insert(named.end(), query_.categorical.begin(), query_.categorical.end());
    for (const std::string* name : {&query_.target, &query_.prediction}) {
      if (!name->empty()) named.push_back(*name);
    }
    for (const std::string& name : named) {
      TRYV(CheckPresent(reference_, query_.reference, name));
      TRYV(CheckPresent(current_, query_.current, name));
    }
    return {};
  }

  static Result<void> CheckPresent(const Frame& frame, const std::filesystem::path& path, const std::string& name) {
    if (frame.Find(name) != nullptr) return {};
    std::vector<std::string> known;
    for (const Column& column : frame.columns) known.push_back(column.name);
    const std::string near = Nearest(name, known);
    return Fail(Code::kNotFound, fmt::format("cannot compare column '{}': '{}' has no such column", name, path.string()),
                near.empty() ? "" : fmt::format("did you mean '{}'?", near));
  }

  // Evidently 0.6, recognize_task and recognize_column_type_.
  void TakeTargetAndPrediction() {
    std::string task = query_.task;
    if (!query_.target.empty()) {
      const Column& target = *reference_.Find(query_.target);
      if (task.empty()) {
        const bool number = IsNumber(PandasKind(target)) && CountDistinct({&target}, 5) >= 5;
        task = number ? "regression" : "classification";
      }
      plan_.Add(query_.target, task == "regression" ? ColumnType::kNumeric : ColumnType::kCategorical);
    }
    if (query_.prediction.empty()) return;
    const Column* before = reference_.Find(query_.prediction);
    const Column* after = current_.Find(query_.prediction);
    const bool number = IsNumber(PandasKind(*before)) && IsNumber(PandasKind(*after));
    const bool whole = PandasKind(*before) == Kind::kInt && PandasKind(*after) == Kind::kInt;
    const bool many = number && task != "classification" && CountDistinct({before, after}, 6) > 5;
    const bool probability = number && !whole && WithinZeroAndOne({before, after});
    const bool numeric = task == "regression" || many || probability;
    plan_.Add(query_.prediction, numeric ? ColumnType::kNumeric : ColumnType::kCategorical);
  }

  // Features by the kind they have in the reference: numeric ones by name, then categorical ones by name; named categorical
  // ones in the order given.
  void TakeByKind() {
    std::set<std::string> numeric(query_.numerical.begin(), query_.numerical.end());
    std::set<std::string> categorical;
    for (const Column& column : reference_.columns) {
      const Kind kind = PandasKind(column);
      if (kind == Kind::kTime) continue;
      // Without a value in the reference the current data say what the column is.
      const Column* after = current_.Find(column.name);
      const bool number = IsNumber(kind) && !(CountPresent(column) == 0 && after != nullptr && PandasKind(*after) == Kind::kText);
      if (number && query_.numerical.empty() && !Contains(query_.categorical, column.name)) numeric.insert(column.name);
      if (!number && query_.categorical.empty() && !Contains(query_.numerical, column.name)) categorical.insert(column.name);
    }
    for (const std::string& name : numeric) plan_.Add(name, ColumnType::kNumeric);
    for (const std::string& name : query_.categorical) plan_.Add(name, ColumnType::kCategorical);
    for (const std::string& name : categorical) plan_.Add(name, ColumnType::kCategorical);
  }

  // Evidently 0.7, infer_column_type over the current data; order of the columns.
  void TakeAsEvidently() {
    constexpr std::size_t kFewWholeNumbers = 10;
    std::vector<std::string> numeric = query_.numerical;
    std::vector<std::string> categorical = query_.categorical;
    for (const Column& column : current_.columns) {
      const Kind kind = PandasKind(column);
      if (kind == Kind::kTime || Contains(query_.numerical, column.name) || Contains(query_.categorical, column.name)) continue;
      const std::size_t half = CountPresent(column) / 2;
      const bool few = kind == Kind::kInt && CountDistinct({&column}, kFewWholeNumbers) <= kFewWholeNumbers;
      if (kind == Kind::kText && CountDistinct({&column}, half) > half) {
        plan_.left_out.push_back(column.name);
      } else if (IsNumber(kind) && !few) {
        if (query_.numerical.empty()) numeric.push_back(column.name);
      } else if (query_.categorical.empty()) {
        categorical.push_back(column.name);
      }
    }
    for (const std::string& name : numeric) plan_.Add(name, ColumnType::kNumeric);
    for (const std::string& name : categorical) plan_.Add(name, ColumnType::kCategorical);
  }

  // `columns` in their order; one that the rules leave out (free text, a list that replaces) is taken by its kind.
  void KeepNamed() {
    Plan kept;
    for (const std::string& name : query_.columns) {
      const auto found = plan_.types.find(name);
      const bool number = IsNumber(PandasKind(*reference_.Find(name)));
      kept.Add(name, found != plan_.types.end() ? found->second : number ? ColumnType::kNumeric : ColumnType::kCategorical);
    }
    plan_ = std::move(kept);
  }

  Result<void> CheckTypes() const {
    for (const auto& [name, type] : plan_.types) {
      for (const Frame* frame : {&reference_, &current_}) {
        const Column* column = frame->Find(name);
        if (column == nullptr) continue;
        const bool reference = frame == &reference_;
        if (column->kind == Kind::kTime) {
          return Fail(Code::kInvalid, fmt::format("cannot compare column '{}': times only grow, so they always drift", name));
        }
        if (type == ColumnType::kNumeric && PandasKind(*column) == Kind::kText) {
          return Fail(Code::kInvalid,
                      fmt::format("cannot compare column '{}' as numbers: it has text in the {} data", name,
                                  reference ? "reference" : "current"),
                      fmt::format("--categorical '{}'", name));
        }
      }
    }
    return {};
  }

  const Frame& reference_;
  const Frame& current_;
  const DriftQuery& query_;
  Plan plan_;
};

Error NoColumn(const std::string& name, const std::filesystem::path& path) {
  return Fail(Code::kNotFound, fmt::format("cannot compare column '{}': '{}' has no such column", name, path.string()),
              "name the columns to compare with --columns");
}

// Evidently refuses what it cannot judge; a report that leaves it out would look like a pass.
Result<void> RefuseGaps(const DataDrift& result) {
  if (!result.drift.missing.empty()) {
    return NoColumn(result.drift.missing.front(), result.query.current);
  }
  for (const drift::ColumnDrift& column : result.drift.columns) {
    if (column.verdict != drift::Verdict::kNotEnoughData) continue;
    const std::string side = (column.reference_rows == 0 ? result.query.reference : result.query.current).string();
    return Fail(Code::kInvalid, fmt::format("cannot compare column '{}': it has no value in '{}'", column.name, side),
                "name the columns to compare with --columns");
  }
  return {};
}

Result<void> CheckTask(const DriftQuery& query) {
  if (query.task.empty() || query.task == "regression" || query.task == "classification") return {};
  return Fail(Code::kUsage, fmt::format("cannot use task '{}': expected regression or classification", query.task));
}

// No rows would be no drift.
Result<void> CheckRows(const Frame& frame, const std::filesystem::path& path) {
  if (frame.rows() > 0) return {};
  return Fail(Code::kInvalid, fmt::format("cannot compare '{}': it has no rows", path.string()));
}

Result<Frame> ReadSide(tables::Engine& engine, const std::filesystem::path& path, const DriftQuery& query) {
  std::vector<std::string> wanted = query.columns;
  for (const std::string* name : {&query.target, &query.prediction}) {
    if (!wanted.empty() && !name->empty() && !Contains(wanted, *name)) wanted.push_back(*name);
  }
  for (const auto* names : {&query.numerical, &query.categorical}) {
    for (const std::string& name : *names) {
      if (!wanted.empty() && !Contains(wanted, name)) wanted.push_back(name);
    }
  }
  return ReadAsPandas(engine, path, wanted);
}

}  // namespace

Result<DataDrift> CompareTables(const Frame& reference, const Frame& current, const DriftQuery& query) {
  TRYV(CheckTask(query));
  TRYV(CheckRows(reference, query.reference));
  TRYV(CheckRows(current, query.current));
  TRY(Plan plan, Planner(reference, current, query).Make());
  DataDrift result{.query = query, .left_out = std::move(plan.left_out)};
  const bool own = query.convention == DriftConvention::kOwn;
  drift::DatasetOptions options = query.settings;
  const drift::DatasetOptions base = own ? drift::RobustOptions() : drift::EvidentlyOptions();
  options.min_rows = base.min_rows;
  options.false_discovery = base.false_discovery;
  std::vector<std::string> missing;
  for (const std::string& name : plan.columns) {
    const Column* before = reference.Find(name);
    const Column* after = current.Find(name);
    if (before != nullptr) result.reference_kinds[name] = PandasKind(*before);
    if (after != nullptr) result.current_kinds[name] = PandasKind(*after);
    if (before == nullptr) return NoColumn(name, query.reference);  // only Evidently 0.7's rules start from the current data
    if (after == nullptr) {
      missing.push_back(name);
      plan.types.erase(name);
    } else {
      options.columns.push_back(name);
    }
  }
  if (options.columns.empty()) {
    return Fail(Code::kInvalid, fmt::format("cannot compare '{}' with '{}': they have no column to compare",
                                            query.current.string(), query.reference.string()));
  }
  options.first = options.columns;
  options.types = std::move(plan.types);
  TRY(result.drift, drift::CompareFrames(reference, current, options));
  result.drift.missing = std::move(missing);
  if (!own) TRYV(RefuseGaps(result));
  return result;
}

Result<DataDrift> CompareData(const DriftQuery& query) {
  TRYV(CheckTask(query));
  TRY(const auto engine, tables::Engine::Open());
  TRY(const Frame reference, ReadSide(*engine, query.reference, query));
  TRY(const Frame current, ReadSide(*engine, query.current, query));
  return CompareTables(reference, current, query);
}

}  // namespace mlean::flows
