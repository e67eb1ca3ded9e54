#include "train/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace mlean::train {

namespace {

using types::Column;
using types::Kind;

Error CannotSplit(std::string_view column, std::string_view cause) {
  return Fail(Code::kInvalid, fmt::format("cannot split by column '{}': {}", column, cause));
}

bool IsFraction(double value) { return value >= 0 && value < 1; }

template <class Value>
std::vector<Value> Take(const std::vector<Value>& values, std::span<const std::size_t> rows) {
  std::vector<Value> taken;
  if (values.empty()) return taken;
  taken.reserve(rows.size());
  for (const std::size_t row : rows) taken.push_back(values[row]);
  return taken;
}

}  // namespace

Result<TimeSplit> SplitByTime(const types::Frame& frame, std::string_view time_column, double valid_fraction,
                              double test_fraction) {
  const Column* column = frame.Find(time_column);
  if (column == nullptr) {
    return Fail(Code::kNotFound, fmt::format("cannot split by column '{}': there is no such column", time_column));
  }
  if (column->kind != Kind::kTime && column->kind != Kind::kInt) {
    return CannotSplit(time_column, fmt::format("it is {}, not a time", types::KindName(column->kind)));
  }
  if (!IsFraction(valid_fraction) || !IsFraction(test_fraction) || valid_fraction + test_fraction >= 1) {
    return CannotSplit(time_column, fmt::format("fractions '{}' and '{}' must be at least 0 and add up to less than 1",
                                                valid_fraction, test_fraction));
  }
  const std::vector<std::int64_t>& times = column->ints;
  const auto missing = std::find(times.begin(), times.end(), types::kMissingInt);
  if (missing != times.end())
    return CannotSplit(time_column, fmt::format("the time of row {} is missing", missing - times.begin()));

  std::vector<std::size_t> order(times.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return times[a] < times[b]; });
  // The cut nearest below `fraction` of the rows from the end that falls between two instants.
  const auto cut = [&](double fraction) {
    auto at = order.size() - static_cast<std::size_t>(std::llround(fraction * static_cast<double>(order.size())));
    while (at > 0 && at < order.size() && times[order[at]] == times[order[at - 1]]) --at;
    return at;
  };
  const std::size_t test_at = test_fraction > 0 ? cut(test_fraction) : order.size();
  const std::size_t valid_at = valid_fraction > 0 ? std::min(test_at, cut(test_fraction + valid_fraction)) : test_at;
  const auto part = [&](std::size_t from, std::size_t to) {
    return std::vector<std::size_t>(order.begin() + static_cast<std::ptrdiff_t>(from),
                                    order.begin() + static_cast<std::ptrdiff_t>(to));
  };
  TimeSplit split{.train = part(0, valid_at), .valid = part(valid_at, test_at), .test = part(test_at, order.size())};
  const bool empty =
      split.train.empty() || (valid_fraction > 0 && split.valid.empty()) || (test_fraction > 0 && split.test.empty());
  if (empty) {
    return CannotSplit(time_column, fmt::format("{} rows give {} training, {} validation and {} test rows", order.size(),
                                                split.train.size(), split.valid.size(), split.test.size()));
  }
  split.valid_from = valid_at < order.size() ? times[order[valid_at]] : 0;
  split.test_from = test_at < order.size() ? times[order[test_at]] : 0;
  return split;
}

types::Frame TakeRows(const types::Frame& frame, std::span<const std::size_t> rows) {
  for (const std::size_t row : rows) CHECK_BUG(row < frame.rows());
  types::Frame taken;
  for (const Column& column : frame.columns) {
    taken.columns.push_back(
        {column.name, column.kind, Take(column.reals, rows), Take(column.ints, rows), Take(column.codes, rows), column.words});
  }
  return taken;
}

}  // namespace mlean::train
