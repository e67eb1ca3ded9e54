#include "drift/dataset_drift.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "drift/parallel.hpp"

namespace mlean::drift {

namespace {

template <class Value>
std::optional<Value> Lookup(const std::map<std::string, Value>& by_column, const std::string& name,
                            const std::optional<Value>& by_type, const std::optional<Value>& general) {
  const auto found = by_column.find(name);
  if (found != by_column.end()) return found->second;
  return by_type ? by_type : general;
}

ColumnOptions OptionsFor(const ColumnProfile& column, const DatasetOptions& options) {
  const bool numeric = column.type == ColumnType::kNumeric;
  ColumnOptions chosen;
  chosen.method = Lookup(options.column_methods, column.name, numeric ? options.num_method : options.cat_method, options.method);
  // The general method goes to the columns it can be used for; the others keep their default.
  const bool general = !options.column_methods.contains(column.name) && !(numeric ? options.num_method : options.cat_method);
  if (chosen.method && general && !(numeric ? Info(*chosen.method).numeric : Info(*chosen.method).categorical)) {
    chosen.method.reset();
  }
  chosen.threshold =
      Lookup(options.column_thresholds, column.name, numeric ? options.num_threshold : options.cat_threshold, options.threshold);
  chosen.min_rows = options.min_rows;
  return chosen;
}

// Order of the report: `first`, numeric, categorical; each by name.
std::vector<const ColumnProfile*> Arrange(const Profile& reference, const DatasetOptions& options) {
  std::vector<const ColumnProfile*> columns;
  for (const ColumnProfile& column : reference.columns) columns.push_back(&column);
  const auto rank = [&](const ColumnProfile* column) {
    const auto at = std::find(options.first.begin(), options.first.end(), column->name);
    if (at != options.first.end()) return static_cast<std::ptrdiff_t>(at - options.first.begin());
    return static_cast<std::ptrdiff_t>(options.first.size()) + (column->type == ColumnType::kNumeric ? 0 : 1);
  };
  std::sort(columns.begin(), columns.end(), [&](const ColumnProfile* a, const ColumnProfile* b) {
    const std::ptrdiff_t rank_a = rank(a);
    const std::ptrdiff_t rank_b = rank(b);
    return rank_a != rank_b ? rank_a < rank_b : a->name < b->name;
  });
  return columns;
}

Error NoColumn(const std::string& name, const std::vector<std::string>& known) {
  const std::string near = Nearest(name, known);
  return Fail(Code::kNotFound, fmt::format("cannot compare column '{}': there is no such column", name),
              near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

Result<void> CheckSettings(const Profile& reference, const DatasetOptions& options) {
  std::vector<std::string> known;
  for (const ColumnProfile& column : reference.columns) known.push_back(column.name);
  std::set<std::string> named;
  for (const auto& [name, method] : options.column_methods) named.insert(name);
  for (const auto& [name, threshold] : options.column_thresholds) named.insert(name);
  for (const auto& [name, type] : options.types) named.insert(name);
  for (const std::string& name : named) {
    if (reference.Find(name) == nullptr) {
      Error error = NoColumn(name, known);
      error.code = Code::kUsage;
      return error;
    }
  }
  return {};
}

// Benjamini-Hochberg: adjusted p_(i) = min over j >= i of p_(j)·m/j.
void CorrectForManyTests(std::vector<ColumnDrift>& columns) {
  std::vector<ColumnDrift*> tested;
  for (ColumnDrift& column : columns) {
    if (column.verdict != Verdict::kNotEnoughData && Info(column.method).IsPValue() && column.score == column.score) {
      tested.push_back(&column);
    }
  }
  std::sort(tested.begin(), tested.end(), [](const ColumnDrift* a, const ColumnDrift* b) { return a->score < b->score; });
  double smallest = 1;
  for (std::size_t i = tested.size(); i-- > 0;) {
    smallest = std::min(smallest, tested[i]->score * static_cast<double>(tested.size()) / static_cast<double>(i + 1));
    tested[i]->adjusted_p = smallest;
    const bool drifted = Info(tested[i]->method).Drifted(smallest, tested[i]->threshold);
    tested[i]->verdict = drifted ? Verdict::kDrifted : Verdict::kStable;
  }
}

}  // namespace

DatasetOptions EvidentlyOptions() { return {}; }

DatasetOptions RobustOptions() {
  DatasetOptions options;
  options.min_rows = 100;
  options.false_discovery = true;
  return options;
}

Result<DatasetDrift> CompareProfiles(const Profile& reference, const Profile& current, const DatasetOptions& options) {
  TRYV(CheckSettings(reference, options));
  DatasetDrift result{.share_limit = options.share, .reference_rows = reference.rows, .current_rows = current.rows};
  std::vector<std::pair<const ColumnProfile*, const ColumnProfile*>> pairs;
  for (const ColumnProfile* column : Arrange(reference, options)) {
    const bool wanted = options.columns.empty() ||
                        std::find(options.columns.begin(), options.columns.end(), column->name) != options.columns.end();
    if (!wanted) continue;
    const ColumnProfile* other = current.Find(column->name);
    if (other != nullptr) {
      pairs.emplace_back(column, other);
    } else if (options.columns.empty()) {
      result.missing.push_back(column->name);
    } else {
      return NoColumn(column->name, {});
    }
  }
  std::vector<Result<ColumnDrift>> compared(pairs.size(), Result<ColumnDrift>(ColumnDrift{}));
  ForEachIndex(pairs.size(), options.threads, [&](std::size_t i) {
    compared[i] = CompareColumnProfiles(*pairs[i].first, *pairs[i].second, OptionsFor(*pairs[i].first, options));
  });
  for (Result<ColumnDrift>& column : compared) {
    if (!column) return std::move(column).error();
    result.columns.push_back(*std::move(column));
  }
  if (options.false_discovery) CorrectForManyTests(result.columns);
  for (const ColumnDrift& column : result.columns) {
    result.judged += column.verdict != Verdict::kNotEnoughData ? 1 : 0;
    result.drifted += column.verdict == Verdict::kDrifted ? 1 : 0;
  }
  if (!result.columns.empty()) {
    result.share = static_cast<double>(result.drifted) / static_cast<double>(result.columns.size());
    result.dataset_drift = result.share >= options.share;
  }
  return result;
}

Result<DatasetDrift> CompareFrames(const types::Frame& reference, const types::Frame& current, const DatasetOptions& options) {
  std::vector<std::string> known;
  for (const types::Column& column : reference.columns) known.push_back(column.name);
  for (const std::string& name : options.columns) {
    if (reference.Find(name) == nullptr || current.Find(name) == nullptr) return NoColumn(name, known);
  }
  ProfileOptions wanted{.columns = options.columns, .types = options.types, .threads = options.threads};
  const Profile prepared = MakeProfile(reference, wanted);
  wanted.like = &prepared;
  return CompareProfiles(prepared, MakeProfile(current, wanted), options);
}

}  // namespace mlean::drift
