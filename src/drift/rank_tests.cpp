// The tests of numeric samples by order: Kolmogorov-Smirnov, Mann-Whitney, Cramér-von Mises, Anderson-Darling
// (hypothesis_tests.hpp).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "drift/counts.hpp"
#include "drift/distributions.hpp"
#include "drift/hypothesis_tests.hpp"

namespace mlean::drift {

namespace {

double Size(const ColumnProfile& profile) { return static_cast<double>(profile.sorted.size()); }

// One group of equal values in the merged order.
struct Tie {
  double below_a = 0;  // values of a before the group
  double below_b = 0;
  double in_a = 0;
  double in_b = 0;
  double below() const { return below_a + below_b; }
  double size() const { return in_a + in_b; }
};

template <class Visit>
void WalkTies(std::span<const double> a, std::span<const double> b, Visit visit) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    const double value = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
    Tie tie{.below_a = static_cast<double>(i), .below_b = static_cast<double>(j)};
    while (i < a.size() && a[i] == value) ++i;
    while (j < b.size() && b[j] == value) ++j;
    tie.in_a = static_cast<double>(i) - tie.below_a;
    tie.in_b = static_cast<double>(j) - tie.below_b;
    visit(tie);
  }
}

// P(U >= u) for untied samples: U's generating function is the Gaussian binomial, built factor by factor.
double MannWhitneyExact(std::int64_t n1, std::int64_t n2, double u_statistic) {
  const std::int64_t small = std::min(n1, n2);
  const std::int64_t large = std::max(n1, n2);
  const auto limit = static_cast<std::size_t>(n1 * n2);
  std::vector<double> ways(limit + 1, 0);
  ways[0] = 1;
  double total = 1;
  for (std::int64_t i = 1; i <= small; ++i) {
    const auto up = static_cast<std::size_t>(large + i);
    const auto down = static_cast<std::size_t>(i);
    for (std::size_t u = limit; u >= up && u <= limit; --u) ways[u] -= ways[u - up];
    for (std::size_t u = down; u <= limit; ++u) ways[u] += ways[u - down];
    total *= static_cast<double>(large + i) / static_cast<double>(i);
  }
  // The distribution is symmetric: sum its shorter tail.
  const auto complement = static_cast<std::int64_t>(limit) - static_cast<std::int64_t>(u_statistic);
  double tail = 0;
  for (std::int64_t u = 0; u <= complement; ++u) tail += ways[static_cast<std::size_t>(u)];
  return std::clamp(tail / total, 0.0, 1.0);
}

struct Frequency {
  std::int64_t value = 0;
  double ways = 0;
};

// Sum of two tables sorted by value, `shift` added to every value.
std::vector<Frequency> AddTables(const std::vector<Frequency>& a, const std::vector<Frequency>& b, std::int64_t shift) {
  std::vector<Frequency> sum;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    const bool from_a = j == b.size() || (i < a.size() && a[i].value <= b[j].value);
    const bool from_b = i == a.size() || (j < b.size() && b[j].value <= a[i].value);
    Frequency next{(from_a ? a[i].value : b[j].value) + shift, 0};
    if (from_a) next.ways += a[i++].ways;
    if (from_b) next.ways += b[j++].ways;
    sum.push_back(next);
  }
  return sum;
}

// P(statistic >= u), exact, by the recursion over lattice paths of Xiao, Gordon and Yakovlev 2006. For sizes up to 20.
double CramerVonMisesExact(double u, std::int64_t m, std::int64_t n) {
  const std::int64_t lcm = std::lcm(m, n);
  const std::int64_t a = lcm / m;
  const std::int64_t b = lcm / n;
  const auto mn = static_cast<double>(m * n);
  const double zeta = std::floor(static_cast<double>(lcm * lcm * (m + n)) * (6 * u - mn * (4 * mn - 1)) / (6 * mn * mn));
  std::vector<std::vector<Frequency>> row(static_cast<std::size_t>(m) + 1);
  row[0] = {{0, 1}};
  for (std::int64_t i = 0; i <= n; ++i) {
    std::vector<Frequency> left;
    for (std::int64_t j = 0; j <= m; ++j) {
      const std::int64_t gap = a * j - b * i;
      left = AddTables(left, row[static_cast<std::size_t>(j)], gap * gap);
      row[static_cast<std::size_t>(j)] = left;
    }
  }
  double extreme = 0;
  double all = 0;
  for (const Frequency& entry : row[static_cast<std::size_t>(m)]) {
    all += entry.ways;
    if (static_cast<double>(entry.value) >= zeta) extreme += entry.ways;
  }
  return extreme / all;
}

// The limiting distribution function of the one-sample statistic: Csörgő and Faraway 1996, equation 1.2.
double CramerVonMisesLimitCdf(double x) {
  constexpr double kPi = 3.14159265358979323846;
  constexpr int kMaxTerms = 200;
  double sum = 0;
  for (int k = 0; k < kMaxTerms; ++k) {
    const double y = 4.0 * k + 1;
    const double q = y * y / (16 * x);
    const double weight = std::exp(LogGamma(k + 0.5) - LogGamma(k + 1.0)) / (std::pow(kPi, 1.5) * std::sqrt(x));
    const double term = weight * std::sqrt(y) * std::exp(-q) * BesselK(0.25, q);
    sum += term;
    if (std::abs(term) < 1e-7) break;
  }
  return sum;
}

// Variance of the k-sample statistic under the hypothesis, k = 2: Scholz and Stephens 1987, equation 4.
double AndersonVariance(double n1, double n2) {
  const double n = n1 + n2;
  double harmonic = 0;
  double g = 0;
  for (double i = 2; i < n; ++i) {
    harmonic += 1 / (n - i + 1);
    g += harmonic / i;
  }
  const double h = harmonic + 1;
  const double inverse = 1 / n1 + 1 / n2;
  const double a = (4 * g - 6) + (10 - 6 * g) * inverse;
  const double b = (2 * g - 4) * 4 + 16 * h + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6;
  const double c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * inverse + 4 * h;
  const double d = (2 * h + 6) * 4 - 8 * h;
  return (a * n * n * n + b * n * n + c * n + d) / ((n - 1) * (n - 2) * (n - 3));
}

}  // namespace

double KsStatistic(const ColumnProfile& reference, const ColumnProfile& current) {
  const double n1 = Size(reference);
  const double n2 = Size(current);
  double widest = 0;
  WalkTies(reference.sorted, current.sorted, [&](const Tie& tie) {
    widest = std::max(widest, std::abs((tie.below_a + tie.in_a) / n1 - (tie.below_b + tie.in_b) / n2));
  });
  return widest;
}

Result<double> KsTest(const ColumnProfile& reference, const ColumnProfile& current) {
  return KolmogorovTwoSample(static_cast<std::int64_t>(reference.sorted.size()), static_cast<std::int64_t>(current.sorted.size()),
                             KsStatistic(reference, current));
}

Result<double> MannWhitney(const ColumnProfile& reference, const ColumnProfile& current) {
  const double n1 = Size(reference);
  const double n2 = Size(current);
  const double n = n1 + n2;
  double rank_sum = 0;
  double ties = 0;
  WalkTies(reference.sorted, current.sorted, [&](const Tie& tie) {
    rank_sum += tie.in_a * (tie.below() + (tie.size() + 1) / 2);
    ties += tie.size() * tie.size() * tie.size() - tie.size();
  });
  const double u = n1 * n2 - (rank_sum - n1 * (n1 + 1) / 2);
  constexpr double kExactSize = 8;
  constexpr double kExactCells = 1e7;
  if (std::min(n1, n2) <= kExactSize && ties == 0 && n1 * n2 <= kExactCells) {
    return MannWhitneyExact(static_cast<std::int64_t>(n1), static_cast<std::int64_t>(n2), u);
  }
  const double deviation = std::sqrt(n1 * n2 / 12 * ((n + 1) - ties / (n * (n - 1))));
  return NormalSurvival((u - n1 * n2 / 2 - 0.5) / deviation);
}

Result<double> CramerVonMises(const ColumnProfile& reference, const ColumnProfile& current) {
  const double n1 = Size(reference);
  const double n2 = Size(current);
  if (n1 < 2 || n2 < 2) return Fail(Code::kInvalid, "it needs at least 2 values on each side");
  // Σ (rank in both − rank in own sample)² of each side; equal values share their middle rank in both only.
  double u_reference = 0;
  double u_current = 0;
  WalkTies(reference.sorted, current.sorted, [&](const Tie& tie) {
    const double rank = tie.below() + (tie.size() + 1) / 2;
    for (double i = 1; i <= tie.in_a; ++i) u_reference += (rank - tie.below_a - i) * (rank - tie.below_a - i);
    for (double i = 1; i <= tie.in_b; ++i) u_current += (rank - tie.below_b - i) * (rank - tie.below_b - i);
  });
  const double u = n1 * u_reference + n2 * u_current;
  constexpr double kExactSize = 20;
  if (std::max(n1, n2) <= kExactSize) {
    return CramerVonMisesExact(u, static_cast<std::int64_t>(n1), static_cast<std::int64_t>(n2));
  }
  const double k = n1 * n2;
  const double n = n1 + n2;
  const double t = u / (k * n) - (4 * k - 1) / (6 * n);
  const double expected = (1 + 1 / n) / 6;
  const double variance = (n + 1) * (4 * k * n - 3 * (n1 * n1 + n2 * n2) - 2 * k) / (45 * n * n * 4 * k);
  const double normed = 1.0 / 6 + (t - expected) / std::sqrt(45 * variance);
  if (normed < 0.003) return 1.0;
  return std::max(0.0, 1 - CramerVonMisesLimitCdf(normed));
}

Result<double> AndersonDarling(const ColumnProfile& reference, const ColumnProfile& current) {
  const double n1 = Size(reference);
  const double n2 = Size(current);
  const double n = n1 + n2;
  if (n < 4) return Fail(Code::kInvalid, "it needs at least 4 values");
  double sum_reference = 0;
  double sum_current = 0;
  std::size_t groups = 0;
  WalkTies(reference.sorted, current.sorted, [&](const Tie& tie) {
    ++groups;
    const double middle = tie.below() + tie.size() / 2;
    const double weight = tie.size() / n / (middle * (n - middle) - n * tie.size() / 4);
    const double gap_reference = n * (tie.below_a + tie.in_a / 2) - middle * n1;
    const double gap_current = n * (tie.below_b + tie.in_b / 2) - middle * n2;
    sum_reference += weight * gap_reference * gap_reference;
    sum_current += weight * gap_current * gap_current;
  });
  if (groups < 2) return Fail(Code::kInvalid, "it has one value only");
  const double statistic = (sum_reference / n1 + sum_current / n2) * (n - 1) / n;
  const double normed = (statistic - 1) / std::sqrt(AndersonVariance(n1, n2));
  // Table 2 of Scholz and Stephens for two samples: critical values 0.325 … 6.546 of levels 0.25 … 0.001; between them the
  // quadratic fit of ln(level).
  if (normed < 0.675 - 0.245 - 0.105) return 0.25;
  if (normed > 3.085 + 3.615 - 0.154) return 0.001;
  constexpr double kFit[3] = {0.01819809457411147, -1.0082265644652515, -1.077770279820484};
  return std::exp((kFit[0] * normed + kFit[1]) * normed + kFit[2]);
}

}  // namespace mlean::drift
