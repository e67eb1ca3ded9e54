#include "drift/counts.hpp"

#include <algorithm>
#include <cmath>

namespace mlean::drift {

namespace {

constexpr std::size_t kMaxDistinctAsValues = 20;

Counts CountNumbers(std::span<const double> reference, std::span<const double> current) {
  Counts counts;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < reference.size() || j < current.size()) {
    const double value = j == current.size() || (i < reference.size() && reference[i] <= current[j]) ? reference[i] : current[j];
    const std::size_t first_i = i;
    const std::size_t first_j = j;
    while (i < reference.size() && reference[i] == value) ++i;
    while (j < current.size() && current[j] == value) ++j;
    counts.reference.push_back(static_cast<double>(i - first_i));
    counts.current.push_back(static_cast<double>(j - first_j));
  }
  return counts;
}

Counts CountCategories(std::span<const CategoryCount> reference, std::span<const CategoryCount> current) {
  Counts counts;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < reference.size() || j < current.size()) {
    const int order = i == reference.size() ? 1 : j == current.size() ? -1 : reference[i].value.compare(current[j].value);
    counts.reference.push_back(order <= 0 ? static_cast<double>(reference[i].count) : 0);
    counts.current.push_back(order >= 0 ? static_cast<double>(current[j].count) : 0);
    i += order <= 0 ? 1 : 0;
    j += order >= 0 ? 1 : 0;
  }
  return counts;
}

// A sample stands for all rows of its column.
void ScaleUp(std::vector<double>& counts, const ColumnProfile& profile) {
  if (!profile.sampled()) return;
  const double factor = static_cast<double>(profile.count()) / static_cast<double>(profile.sorted.size());
  for (double& count : counts) count *= factor;
}

void Finish(Counts& counts, const ColumnProfile& reference, const ColumnProfile& current) {
  ScaleUp(counts.reference, reference);
  ScaleUp(counts.current, current);
  counts.reference_total = static_cast<double>(reference.count());
  counts.current_total = static_cast<double>(current.count());
}

}  // namespace

Counts CountValues(const ColumnProfile& reference, const ColumnProfile& current) {
  Counts counts = reference.type == ColumnType::kNumeric ? CountNumbers(reference.sorted, current.sorted)
                                                         : CountCategories(reference.categories, current.categories);
  Finish(counts, reference, current);
  return counts;
}

std::vector<double> CountBins(std::span<const double> sorted, std::span<const double> edges) {
  std::vector<double> counts;
  auto from = std::lower_bound(sorted.begin(), sorted.end(), edges.front());
  for (std::size_t bin = 1; bin < edges.size(); ++bin) {
    const bool last = bin + 1 == edges.size();
    const auto to = last ? std::upper_bound(from, sorted.end(), edges[bin]) : std::lower_bound(from, sorted.end(), edges[bin]);
    counts.push_back(static_cast<double>(to - from));
    from = to;
  }
  return counts;
}

Counts CountShared(const ColumnProfile& reference, const ColumnProfile& current) {
  if (reference.type != ColumnType::kNumeric || Distinct(reference.sorted) <= kMaxDistinctAsValues) {
    return CountValues(reference, current);
  }
  const std::vector<double> edges = SturgesEdges(std::min(reference.sorted.front(), current.sorted.front()),
                                                 std::max(reference.sorted.back(), current.sorted.back()),
                                                 static_cast<double>(reference.count() + current.count()));
  Counts counts{.reference = CountBins(reference.sorted, edges), .current = CountBins(current.sorted, edges)};
  Finish(counts, reference, current);
  return counts;
}

std::vector<double> SturgesEdges(double low, double high, double count) {
  const double steps = std::log2(count) + 1;
  const double width = (high - low) / steps;
  // The division is numpy's: it may round up to one bin more than ⌈steps⌉. A range that overflows has no width to divide by.
  const double bins = width > 0 && std::isfinite(width) ? std::ceil((high - low) / width) : width > 0 ? std::ceil(steps) : 1;
  return EqualEdges(low, high, static_cast<std::size_t>(bins));
}

std::vector<double> EqualEdges(double low, double high, std::size_t bins) {
  if (low == high) {
    low -= 0.5;
    high += 0.5;
  }
  const auto parts = static_cast<double>(bins);
  const bool overflows = !std::isfinite(high - low);
  const double step = (high - low) / parts;
  std::vector<double> edges(bins + 1);
  for (std::size_t i = 0; i < bins; ++i) {
    const auto at = static_cast<double>(i);
    edges[i] = overflows ? low * (1 - at / parts) + high * (at / parts) : at * step + low;
  }
  edges[bins] = high;
  return edges;
}

std::size_t Distinct(std::span<const double> sorted) {
  std::size_t distinct = sorted.empty() ? 0 : 1;
  for (std::size_t i = 1; i < sorted.size(); ++i) distinct += sorted[i] != sorted[i - 1] ? 1 : 0;
  return distinct;
}

std::size_t DistinctTogether(const ColumnProfile& reference, const ColumnProfile& current, std::size_t limit) {
  if (reference.type == ColumnType::kCategorical) {
    return std::min(limit, CountCategories(reference.categories, current.categories).reference.size());
  }
  const std::vector<double>& a = reference.sorted;
  const std::vector<double>& b = current.sorted;
  std::size_t distinct = 0;
  auto i = a.begin();
  auto j = b.begin();
  while (distinct < limit && (i != a.end() || j != b.end())) {
    const double value = j == b.end() || (i != a.end() && *i <= *j) ? *i : *j;
    ++distinct;
    i = std::upper_bound(i, a.end(), value);
    j = std::upper_bound(j, b.end(), value);
  }
  return distinct;
}

}  // namespace mlean::drift
