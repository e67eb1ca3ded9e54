// Distributions of the Kolmogorov-Smirnov statistic.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "drift/distributions.hpp"

namespace mlean::drift {

namespace {

constexpr double kPi = 3.14159265358979323846;

// P(D+_n >= d), one-sided, exact: Birnbaum and Tingey 1951. Half of the two-sided tail when that is small.
double OneSidedSurvival(std::int64_t count, double d) {
  const auto n = static_cast<double>(count);
  const double log_n_factorial = LogGamma(n + 1);
  const auto last = static_cast<std::int64_t>(std::floor(n * (1 - d)));
  double sum = 0;
  for (std::int64_t i = 0; i <= last; ++i) {
    const auto j = static_cast<double>(i);
    const double rest = 1 - d - j / n;
    if (rest <= 0) continue;
    sum += std::exp(log_n_factorial - LogGamma(j + 1) - LogGamma(n - j + 1) + (n - j) * std::log(rest) +
                    (j - 1) * std::log(d + j / n));
  }
  return std::min(1.0, d * sum);
}

using Matrix = std::vector<double>;

Matrix Multiply(const Matrix& a, const Matrix& b, std::size_t m) {
  Matrix c(m * m, 0);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t k = 0; k < m; ++k) {
      for (std::size_t j = 0; j < m; ++j) c[i * m + j] += a[i * m + k] * b[k * m + j];
    }
  }
  return c;
}

// P(D_n < d), exact: Durbin's matrix as computed by Marsaglia, Tsang and Wang 2003. Cost O((n·d)^3 · log n).
double MatrixCdf(std::int64_t count, double d) {
  const auto n = static_cast<double>(count);
  const auto k = static_cast<std::size_t>(n * d) + 1;
  const std::size_t m = 2 * k - 1;
  const double h = static_cast<double>(k) - n * d;
  Matrix base(m * m, 0);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < std::min(m, i + 2); ++j) base[i * m + j] = 1;
  }
  for (std::size_t i = 0; i < m; ++i) {
    base[i * m] -= std::pow(h, static_cast<double>(i + 1));
    base[(m - 1) * m + i] -= std::pow(h, static_cast<double>(m - i));
  }
  if (2 * h - 1 > 0) base[(m - 1) * m] += std::pow(2 * h - 1, static_cast<double>(m));
  for (std::size_t i = 0; i < m; ++i) {
    double factorial = 1;
    for (std::size_t g = 1; i + 1 >= g; ++g) {
      factorial *= static_cast<double>(g);
      const std::size_t j = i + 1 - g;
      base[i * m + j] /= factorial;
    }
  }
  // base^n by squaring, with a decimal exponent beside it against overflow.
  Matrix power(m * m, 0);
  for (std::size_t i = 0; i < m; ++i) power[i * m + i] = 1;
  int exponent = 0;
  int base_exponent = 0;
  const std::size_t middle = (k - 1) * m + (k - 1);
  const auto rescale = [&](Matrix& matrix, int& scale) {
    if (matrix[middle] > 1e140) {
      for (double& cell : matrix) cell *= 1e-140;
      scale += 140;
    }
  };
  for (std::int64_t bits = count; bits > 0; bits >>= 1) {
    if ((bits & 1) != 0) {
      power = Multiply(power, base, m);
      exponent += base_exponent;
      rescale(power, exponent);
    }
    if (bits > 1) {
      base = Multiply(base, base, m);
      base_exponent *= 2;
      rescale(base, base_exponent);
    }
  }
  double p = power[middle];
  for (std::int64_t i = 1; i <= count; ++i) {
    p *= static_cast<double>(i) / n;
    if (p < 1e-140) {
      p *= 1e140;
      exponent -= 140;
    }
  }
  return std::clamp(p * std::pow(10.0, exponent), 0.0, 1.0);
}

// P(D_n < d) for large n: Pelz and Good 1976, error O(n^-2).
double PelzGoodCdf(double n, double d) {
  const double z = std::sqrt(n) * d;
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const double z6 = z4 * z2;
  const double pi2 = kPi * kPi;
  const double log_q = -pi2 / 8 / z2;
  if (log_q < -700) return 0;
  double k0 = 0;
  double k1 = 0;
  double k2 = 0;
  double k3 = 0;
  const int terms = static_cast<int>(std::ceil(16 * z / kPi));
  for (int i = terms; i > 0; --i) {
    const double m2 = (2.0 * i - 1) * (2.0 * i - 1);
    const double q = std::exp(log_q * m2);
    k0 += q;
    k1 += q * (-z2 + pi2 / 4 * m2);
    k2 += q * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * pi2 / 4 * m2 + pi2 * pi2 * (1 - 2 * z2) / 16 * m2 * m2);
    k3 += q * (-30 * z6 - 90 * z4 * z4 + pi2 * (135 * z4 - 96 * z6) / 4 * m2 + pi2 * pi2 * (-60 * z2 + 212 * z4) / 16 * m2 * m2 +
               pi2 * pi2 * pi2 * (5 - 30 * z2) / 64 * m2 * m2 * m2);
  }
  double k2_extra = 0;
  double k3_extra = 0;
  for (int i = terms; i > 0; --i) {
    const double square = static_cast<double>(i) * i;
    const double q = std::exp(-pi2 / 2 / z2 * square);
    k2_extra += square * q;
    k3_extra += (3 * z2 - pi2 * square) * square * q;
  }
  const double root = std::sqrt(2 * kPi);
  k0 *= root / z;
  k1 *= root / (6 * z4);
  k2 = k2 * root / (72 * z6 * z) - k2_extra * pi2 * root / (36 * z2 * z);
  k3 = k3 * root / (6480 * z6 * z4) + k3_extra * pi2 * root / (216 * z6);
  return std::clamp(k0 + k1 / std::sqrt(n) + k2 / n + k3 / std::pow(n, 1.5), 0.0, 1.0);
}

// P(D_{n,n} >= h/n) for equal sizes: 2·Σ ± C(2n, n − kh) / C(2n, n), as a product to avoid cancellation.
double EqualSizesSurvival(std::int64_t n, std::int64_t h) {
  double p = 0;
  for (std::int64_t k = n / h; k >= 0; --k) {
    double term = 1;
    for (std::int64_t j = 0; j < h; ++j) {
      term = static_cast<double>(n - k * h - j) * term / static_cast<double>(n + k * h + j + 1);
    }
    p = term * (1 - p);
  }
  return 2 * p;
}

std::int64_t FloorDiv(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// The share of lattice paths (0,0) → (m,n) that leave the band |x/m − y/n| < h/lcm: column by column, keeping for each cell the
// probability of having left it (Hodges 1957).
double UnequalSizesSurvival(std::int64_t m, std::int64_t n, std::int64_t divisor, std::int64_t h) {
  if (m < n) std::swap(m, n);
  const std::int64_t mg = m / divisor;
  const std::int64_t ng = n / divisor;
  std::int64_t low = 0;
  std::int64_t high = std::min((h + mg - 1) / mg, n + 1);
  std::int64_t length = high - low;
  std::vector<double> column(static_cast<std::size_t>(std::min(2 * high + 2, n + 1)), 1.0);
  std::fill(column.begin(), column.begin() + length, 0.0);
  for (std::int64_t i = 1; i <= m; ++i) {
    const std::int64_t last_low = low;
    const std::int64_t last_length = length;
    low = std::min(std::max<std::int64_t>(FloorDiv(ng * i - h, mg) + 1, 0), n);
    high = std::min((ng * i + h + mg - 1) / mg, n + 1);
    if (high <= low) return 1;
    double value = low == 0 ? 0 : 1;
    for (std::int64_t j = low; j < high; ++j) {
      const double above = column[static_cast<std::size_t>(j - last_low)];
      value = (above * static_cast<double>(i) + value * static_cast<double>(j)) / static_cast<double>(i + j);
      column[static_cast<std::size_t>(j - low)] = value;
    }
    length = high - low;
    for (std::int64_t j = length; j < last_length; ++j) column[static_cast<std::size_t>(j)] = 1;
  }
  return column[static_cast<std::size_t>(length - 1)];
}

}  // namespace

double KolmogorovSurvival(std::int64_t n, double d) {
  if (n <= 0 || std::isnan(d)) return std::numeric_limits<double>::quiet_NaN();
  const auto size = static_cast<double>(n);
  const double t = size * d;
  if (d >= 1) return 0;
  if (t <= 0.5) return 1;
  if (t >= size - 1) return 2 * std::pow(1 - d, size);
  const double square = t * d;
  if (square >= 370) return 0;
  if (d >= 0.5 || square > (n <= 140 ? 4.0 : 2.2)) return std::min(1.0, 2 * OneSidedSurvival(n, d));
  const bool exact = n <= 140 || (n <= 100'000 && size * std::pow(d, 1.5) <= 1.4);
  return 1 - (exact ? MatrixCdf(n, d) : PelzGoodCdf(size, d));
}

double KolmogorovTwoSample(std::int64_t n1, std::int64_t n2, double d) {
  constexpr std::int64_t kExactLimit = 10'000;
  if (std::max(n1, n2) <= kExactLimit) {
    const std::int64_t divisor = std::gcd(n1, n2);
    const auto h = static_cast<std::int64_t>(std::llround(d * static_cast<double>(n1 / divisor * n2)));
    if (h == 0) return 1;
    const double p = n1 == n2 ? EqualSizesSurvival(n1, h) : UnequalSizesSurvival(n1, n2, divisor, h);
    if (p >= 0 && p <= 1) return p;
  }
  const double a = static_cast<double>(n1);
  const double b = static_cast<double>(n2);
  const double effective = a * b / (a + b);
  return std::clamp(KolmogorovSurvival(static_cast<std::int64_t>(std::nearbyint(effective)), d), 0.0, 1.0);
}

}  // namespace mlean::drift
