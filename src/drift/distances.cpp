#include "drift/distances.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "drift/counts.hpp"

namespace mlean::drift {

namespace {

std::vector<double> Shares(const std::vector<double>& counts, double total) {
  std::vector<double> shares(counts.size());
  std::transform(counts.begin(), counts.end(), shares.begin(), [total](double count) { return count / total; });
  return shares;
}

void FillZeros(std::vector<double>& shares) {
  constexpr double kFloor = 0.0001;
  double smallest = 1;
  for (const double share : shares) {
    if (share > 0) smallest = std::min(smallest, share);
  }
  const double fill = smallest <= kFloor ? smallest / 1e6 : kFloor;
  for (double& share : shares) {
    if (share == 0) share = fill;
  }
}

void Rescale(std::vector<double>& shares) {
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
}

double RelativeEntropy(double p, double q) { return p > 0 ? p * std::log(p / q) : 0; }

struct Pair {
  std::vector<double> reference;
  std::vector<double> current;
};

Pair SharedShares(const ColumnProfile& reference, const ColumnProfile& current) {
  const Counts counts = CountShared(reference, current);
  return {Shares(counts.reference, counts.reference_total), Shares(counts.current, counts.current_total)};
}

// Walks the merged order of both samples; calls step(|F − G| signed, width) for every stretch between neighbouring values.
template <class Step>
void WalkCdfs(std::span<const double> a, std::span<const double> b, Step step) {
  const double share_a = 1 / static_cast<double>(a.size());
  const double share_b = 1 / static_cast<double>(b.size());
  std::size_t i = 0;
  std::size_t j = 0;
  double last = std::min(a[0], b[0]);
  while (i < a.size() && j < b.size()) {
    const double value = std::min(a[i], b[j]);
    step(static_cast<double>(i) * share_a - static_cast<double>(j) * share_b, value - last);
    last = value;
    while (i < a.size() && a[i] == value) ++i;
    while (j < b.size() && b[j] == value) ++j;
  }
  for (; i < a.size(); ++i) {
    step(static_cast<double>(i) * share_a - 1, a[i] - last);
    last = a[i];
  }
  for (; j < b.size(); ++j) {
    step(1 - static_cast<double>(j) * share_b, b[j] - last);
    last = b[j];
  }
}

std::vector<double> DistinctValues(std::span<const double> a, std::span<const double> b) {
  std::vector<double> values(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), values.begin());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace

double Psi(const ColumnProfile& reference, const ColumnProfile& current) {
  Pair shares = SharedShares(reference, current);
  FillZeros(shares.reference);
  FillZeros(shares.current);
  double sum = 0;
  for (std::size_t i = 0; i < shares.reference.size(); ++i) {
    sum += (shares.reference[i] - shares.current[i]) * std::log(shares.reference[i] / shares.current[i]);
  }
  return sum;
}

double KullbackLeibler(const ColumnProfile& reference, const ColumnProfile& current) {
  Pair shares = SharedShares(reference, current);
  for (std::vector<double>* side : {&shares.reference, &shares.current}) {
    FillZeros(*side);
    Rescale(*side);
  }
  double sum = 0;
  for (std::size_t i = 0; i < shares.reference.size(); ++i) sum += RelativeEntropy(shares.reference[i], shares.current[i]);
  return sum;
}

double JensenShannon(const ColumnProfile& reference, const ColumnProfile& current) {
  Pair shares = SharedShares(reference, current);
  Rescale(shares.reference);
  Rescale(shares.current);
  double sum = 0;
  for (std::size_t i = 0; i < shares.reference.size(); ++i) {
    const double middle = (shares.reference[i] + shares.current[i]) / 2;
    sum += RelativeEntropy(shares.reference[i], middle) + RelativeEntropy(shares.current[i], middle);
  }
  return std::sqrt(std::max(sum, 0.0) / 2);
}

double Hellinger(const ColumnProfile& reference, const ColumnProfile& current) {
  Counts counts;
  if (reference.type == ColumnType::kCategorical) {
    counts = CountValues(reference, current);
  } else {
    const std::vector<double> values = DistinctValues(reference.sorted, current.sorted);
    const std::vector<double> edges = SturgesEdges(values.front(), values.back(), static_cast<double>(values.size()));
    counts = {CountBins(reference.sorted, edges), CountBins(current.sorted, edges), static_cast<double>(reference.sorted.size()),
              static_cast<double>(current.sorted.size())};
  }
  double overlap = 0;
  for (std::size_t i = 0; i < counts.reference.size(); ++i) {
    overlap += std::sqrt(counts.reference[i] / counts.reference_total * (counts.current[i] / counts.current_total));
  }
  return std::sqrt(1 - std::clamp(overlap, 0.0, 1.0));
}

double WassersteinNormed(const ColumnProfile& reference, const ColumnProfile& current) {
  constexpr double kStdFloor = 0.001;
  double area = 0;
  WalkCdfs(reference.sorted, current.sorted, [&](double gap, double width) { area += std::abs(gap) * width; });
  return area / std::max(reference.std, kStdFloor);
}

double EnergyDistance(const ColumnProfile& reference, const ColumnProfile& current) {
  double area = 0;
  WalkCdfs(reference.sorted, current.sorted, [&](double gap, double width) { area += gap * gap * width; });
  return std::sqrt(2 * area);
}

}  // namespace mlean::drift
