#include "quality/grouping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace mlean::quality {

namespace {

using types::Column;
using types::Kind;

constexpr char kMissing[] = "(missing)";
constexpr std::size_t kMaxNumbersByValue = 20;

std::string NumberText(const Column& column, double value) {
  if (column.kind == Kind::kBool) return value != 0 ? "true" : "false";
  if (column.kind == Kind::kTime) return FormatTime(static_cast<TimeMs>(value));
  return FormatDouble(value);
}

void BySize(std::vector<Group>& groups) {
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.rows.size() != b.rows.size() ? a.rows.size() > b.rows.size() : a.value < b.value;
  });
}

std::vector<Group> GroupText(const Column& column) {
  std::vector<Group> by_code(column.words.size() + 1);
  for (std::size_t i = 0; i < column.words.size(); ++i) by_code[i].value = column.words[i];
  by_code.back().value = kMissing;
  for (std::size_t row = 0; row < column.codes.size(); ++row) {
    const std::int32_t code = column.codes[row];
    by_code[code == types::kMissingCode ? column.words.size() : static_cast<std::size_t>(code)].rows.push_back(row);
  }
  std::erase_if(by_code, [](const Group& group) { return group.rows.empty(); });
  return by_code;
}

std::vector<Group> GroupNumbers(const Column& column) {
  std::unordered_map<double, std::size_t> index;
  std::vector<Group> groups;
  Group missing{kMissing, {}};
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.Missing(row)) {
      missing.rows.push_back(row);
      continue;
    }
    const double value = column.Number(row);
    const auto [found, added] = index.try_emplace(value, groups.size());
    if (added) groups.push_back({NumberText(column, value), {}});
    groups[found->second].rows.push_back(row);
  }
  if (!missing.rows.empty()) groups.push_back(std::move(missing));
  return groups;
}

std::vector<Group> GroupByQuartile(const Column& column) {
  std::vector<double> values;
  Group missing{kMissing, {}};
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.Missing(row)) {
      missing.rows.push_back(row);
    } else {
      values.push_back(column.Number(row));
    }
  }
  std::sort(values.begin(), values.end());
  std::vector<double> edges;
  for (std::size_t quarter = 0; quarter < 4; ++quarter) edges.push_back(values[quarter * values.size() / 4]);
  edges.push_back(values.back());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());

  std::vector<Group> groups;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    groups.push_back({fmt::format("[{}, {}{}", NumberText(column, edges[i]), NumberText(column, edges[i + 1]),
                                  i + 2 == edges.size() ? ']' : ')'),
                      {}});
  }
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.Missing(row)) continue;
    const auto above = std::upper_bound(edges.begin() + 1, edges.end() - 1, column.Number(row));
    groups[static_cast<std::size_t>(above - edges.begin() - 1)].rows.push_back(row);
  }
  if (!missing.rows.empty()) groups.push_back(std::move(missing));
  return groups;
}

// Stops counting at `limit`.
bool HasMoreDistinctThan(const Column& column, std::size_t limit) {
  std::vector<double> seen;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.Missing(row)) continue;
    const double value = column.Number(row);
    if (std::find(seen.begin(), seen.end(), value) != seen.end()) continue;
    if (seen.size() == limit) return true;
    seen.push_back(value);
  }
  return false;
}

}  // namespace

std::vector<Group> GroupByValue(const Column& column) {
  std::vector<Group> groups = column.kind == Kind::kText ? GroupText(column) : GroupNumbers(column);
  BySize(groups);
  return groups;
}

std::vector<Group> GroupForSlices(const Column& column, std::size_t max_values) {
  const bool number = column.kind != Kind::kText && column.kind != Kind::kBool;
  if (number && HasMoreDistinctThan(column, std::min(max_values, kMaxNumbersByValue))) return GroupByQuartile(column);
  std::vector<Group> groups = GroupByValue(column);
  if (groups.size() <= max_values) return groups;
  Group other{"(other)", {}};
  for (std::size_t i = max_values; i < groups.size(); ++i) {
    other.rows.insert(other.rows.end(), groups[i].rows.begin(), groups[i].rows.end());
  }
  std::sort(other.rows.begin(), other.rows.end());
  groups.resize(max_values);
  groups.push_back(std::move(other));
  return groups;
}

}  // namespace mlean::quality
