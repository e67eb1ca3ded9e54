#include "drift/reference_profile.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "drift/parallel.hpp"
#include "drift/sorting.hpp"

namespace mlean::drift {

namespace {

using types::Column;
using types::Kind;

// Mean and population standard deviation in two passes; the first mean is corrected by what its rounding left over.
void Moments(ColumnProfile& profile) {
  if (profile.sorted.empty()) return;
  const auto n = static_cast<double>(profile.sorted.size());
  profile.mean = std::accumulate(profile.sorted.begin(), profile.sorted.end(), 0.0) / n;
  double left_over = 0;
  for (const double value : profile.sorted) left_over += value - profile.mean;
  profile.mean += left_over / n;
  double squares = 0;
  for (const double value : profile.sorted) squares += (value - profile.mean) * (value - profile.mean);
  profile.std = std::sqrt(squares / n);
}

// Evenly spaced ranks, the extremes included.
void KeepSample(std::vector<double>& sorted, std::size_t size) {
  if (size == 0 || sorted.size() <= size) return;
  const double step = size < 2 ? 0 : static_cast<double>(sorted.size() - 1) / static_cast<double>(size - 1);
  for (std::size_t i = 0; i < size; ++i)
    sorted[i] = sorted[static_cast<std::size_t>(std::llround(static_cast<double>(i) * step))];
  sorted.resize(size);
  sorted.shrink_to_fit();
}

void TakeNumbers(const Column& column, ColumnProfile& profile, std::size_t max_sample) {
  profile.sorted.reserve(profile.rows);
  for (std::size_t row = 0; row < profile.rows; ++row) {
    const double value = column.Number(row);
    if (std::isfinite(value)) profile.sorted.push_back(value);
  }
  profile.missing = profile.rows - profile.sorted.size();
  SortAscending(profile.sorted);
  Moments(profile);
  KeepSample(profile.sorted, max_sample);
}

std::string ValueText(const Column& column, double value) {
  if (column.kind == Kind::kBool) return value != 0 ? "true" : "false";
  return FormatDouble(value);
}

void TakeCategories(const Column& column, ColumnProfile& profile) {
  std::size_t kept = 0;
  if (column.kind == Kind::kText) {
    std::vector<std::int64_t> by_code(column.words.size(), 0);
    for (const std::int32_t code : column.codes) {
      if (code == types::kMissingCode) continue;
      ++by_code[static_cast<std::size_t>(code)];
      ++kept;
    }
    for (std::size_t i = 0; i < by_code.size(); ++i) {
      if (by_code[i] > 0) profile.categories.push_back({column.words[i], by_code[i]});
    }
  } else {
    std::unordered_map<double, std::int64_t> by_value;
    for (std::size_t row = 0; row < profile.rows; ++row) {
      const double value = column.Number(row);
      if (!std::isfinite(value)) continue;
      ++by_value[value];
      ++kept;
    }
    for (const auto& [value, count] : by_value) profile.categories.push_back({ValueText(column, value), count});
  }
  profile.missing = profile.rows - kept;
  std::sort(profile.categories.begin(), profile.categories.end(),
            [](const CategoryCount& a, const CategoryCount& b) { return a.value < b.value; });
}

struct Job {
  const Column* column = nullptr;
  ColumnType type = ColumnType::kNumeric;
};

std::vector<Job> PlanJobs(const types::Frame& frame, const ProfileOptions& options) {
  std::vector<Job> jobs;
  if (options.like != nullptr) {
    for (const ColumnProfile& column : options.like->columns) {
      if (const Column* found = frame.Find(column.name)) jobs.push_back({found, column.type});
    }
    return jobs;
  }
  const auto add = [&](const Column& column) {
    const auto type = options.types.find(column.name);
    jobs.push_back({&column, type == options.types.end() ? DefaultType(column) : type->second});
  };
  if (!options.columns.empty()) {
    for (const std::string& name : options.columns) {
      if (const Column* found = frame.Find(name)) add(*found);
    }
  } else {
    for (const Column& column : frame.columns) {
      if (column.kind != Kind::kTime) add(column);
    }
  }
  return jobs;
}

}  // namespace

const ColumnProfile* Profile::Find(std::string_view name) const {
  for (const ColumnProfile& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

ColumnType DefaultType(const Column& column) {
  return column.kind == Kind::kText || column.kind == Kind::kBool ? ColumnType::kCategorical : ColumnType::kNumeric;
}

ColumnProfile MakeColumnProfile(const Column& column, ColumnType type, std::size_t max_sample) {
  ColumnProfile profile{.name = column.name, .type = type, .rows = column.size()};
  // Text that is all missing (an empty CSV column) may stand for numbers; text with values cannot.
  if (type == ColumnType::kNumeric && column.kind == Kind::kText) {
    const bool empty = std::all_of(column.codes.begin(), column.codes.end(), [](std::int32_t code) { return code < 0; });
    if (!empty) profile.type = ColumnType::kCategorical;
  }
  switch (profile.type) {
    case ColumnType::kNumeric: TakeNumbers(column, profile, max_sample); break;
    case ColumnType::kCategorical: TakeCategories(column, profile); break;
  }
  return profile;
}

Profile MakeProfile(const types::Frame& frame, const ProfileOptions& options) {
  const std::vector<Job> jobs = PlanJobs(frame, options);
  Profile profile{.rows = frame.rows()};
  profile.columns.resize(jobs.size());
  ForEachIndex(jobs.size(), options.threads,
               [&](std::size_t i) { profile.columns[i] = MakeColumnProfile(*jobs[i].column, jobs[i].type, options.max_sample); });
  return profile;
}

}  // namespace mlean::drift
