// The tests of numeric samples by their moments: Student's t and Epps-Singleton (hypothesis_tests.hpp).
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "drift/distributions.hpp"
#include "drift/hypothesis_tests.hpp"

namespace mlean::drift {

namespace {

constexpr std::size_t kDim = 4;  // cos and sin at two points of the characteristic function
using Vector4 = std::array<double, kDim>;
using Matrix4 = std::array<Vector4, kDim>;

// numpy's "linear" quantile.
double Quantile(std::span<const double> sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - static_cast<double>(low));
}

struct Moments4 {
  Vector4 mean{};
  Matrix4 covariance{};  // biased: divided by n
};

Vector4 Features(double x, double sigma) {
  constexpr double kPoints[2] = {0.4, 0.8};
  return {std::cos(kPoints[0] / sigma * x), std::cos(kPoints[1] / sigma * x), std::sin(kPoints[0] / sigma * x),
          std::sin(kPoints[1] / sigma * x)};
}

Moments4 MomentsOf(std::span<const double> values, double sigma) {
  const auto n = static_cast<double>(values.size());
  std::vector<Vector4> rows;
  rows.reserve(values.size());
  Moments4 moments;
  for (const double value : values) {
    rows.push_back(Features(value, sigma));
    for (std::size_t i = 0; i < kDim; ++i) moments.mean[i] += rows.back()[i] / n;
  }
  for (const Vector4& row : rows) {
    for (std::size_t i = 0; i < kDim; ++i) {
      for (std::size_t j = 0; j < kDim; ++j) {
        moments.covariance[i][j] += (row[i] - moments.mean[i]) * (row[j] - moments.mean[j]) / n;
      }
    }
  }
  return moments;
}

struct Eigen4 {
  Vector4 values{};
  Matrix4 vectors{};  // columns
};

// Jacobi rotations of a symmetric matrix.
Eigen4 Decompose(Matrix4 a) {
  Eigen4 eigen;
  for (std::size_t i = 0; i < kDim; ++i) eigen.vectors[i][i] = 1;
  constexpr int kSweeps = 60;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (std::size_t p = 0; p < kDim; ++p) {
      for (std::size_t q = p + 1; q < kDim; ++q) {
        if (a[p][q] == 0) continue;
        const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const double t = std::copysign(1.0, theta) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1);
        const double s = t * c;
        for (std::size_t k = 0; k < kDim; ++k) {
          const double left = a[k][p];
          const double right = a[k][q];
          a[k][p] = c * left - s * right;
          a[k][q] = s * left + c * right;
        }
        for (std::size_t k = 0; k < kDim; ++k) {
          const double top = a[p][k];
          const double bottom = a[q][k];
          a[p][k] = c * top - s * bottom;
          a[q][k] = s * top + c * bottom;
          const double left = eigen.vectors[k][p];
          const double right = eigen.vectors[k][q];
          eigen.vectors[k][p] = c * left - s * right;
          eigen.vectors[k][q] = s * left + c * right;
        }
      }
    }
  }
  for (std::size_t i = 0; i < kDim; ++i) eigen.values[i] = a[i][i];
  return eigen;
}

}  // namespace

Result<double> TTest(const ColumnProfile& reference, const ColumnProfile& current) {
  const auto n1 = static_cast<double>(reference.count());
  const auto n2 = static_cast<double>(current.count());
  const double df = n1 + n2 - 2;
  const double pooled = (n1 * reference.std * reference.std + n2 * current.std * current.std) / df;
  const double t = (reference.mean - current.mean) / std::sqrt(pooled * (1 / n1 + 1 / n2));
  return StudentTwoSided(t, df);
}

Result<double> EppsSingleton(const ColumnProfile& reference, const ColumnProfile& current) {
  const std::vector<double>& x = reference.sorted;
  const std::vector<double>& y = current.sorted;
  constexpr std::size_t kLeast = 5;
  if (x.size() < kLeast || y.size() < kLeast) return Fail(Code::kInvalid, "it needs at least 5 values on each side");
  std::vector<double> both(x.size() + y.size());
  std::merge(x.begin(), x.end(), y.begin(), y.end(), both.begin());
  const double sigma = (Quantile(both, 0.75) - Quantile(both, 0.25)) / 2;
  if (sigma == 0) return Fail(Code::kInvalid, "the middle half of its values are all equal");

  const auto nx = static_cast<double>(x.size());
  const auto ny = static_cast<double>(y.size());
  const double n = nx + ny;
  const Moments4 of_x = MomentsOf(x, sigma);
  const Moments4 of_y = MomentsOf(y, sigma);
  Matrix4 covariance{};
  for (std::size_t i = 0; i < kDim; ++i) {
    for (std::size_t j = 0; j < kDim; ++j) {
      covariance[i][j] = n / nx * of_x.covariance[i][j] + n / ny * of_y.covariance[i][j];
    }
  }
  // w = n · gap' · pseudo-inverse(covariance) · gap, in the eigenbasis; directions without variance are left out.
  const Eigen4 eigen = Decompose(covariance);
  const double largest = *std::max_element(eigen.values.begin(), eigen.values.end());
  double w = 0;
  double rank = 0;
  for (std::size_t k = 0; k < kDim; ++k) {
    if (eigen.values[k] <= largest * 1e-15) continue;
    double along = 0;
    for (std::size_t i = 0; i < kDim; ++i) along += eigen.vectors[i][k] * (of_x.mean[i] - of_y.mean[i]);
    w += n * along * along / eigen.values[k];
    ++rank;
  }
  constexpr double kSmallSample = 25;
  if (std::max(nx, ny) < kSmallSample) w /= 1 + std::pow(n, -0.45) + 10.1 * (std::pow(nx, -1.7) + std::pow(ny, -1.7));
  return ChiSquareSurvival(w, rank);
}

}  // namespace mlean::drift
