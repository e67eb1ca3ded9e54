// The tests of counts by value (hypothesis_tests.hpp).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

#include "drift/counts.hpp"
#include "drift/distributions.hpp"
#include "drift/hypothesis_tests.hpp"

namespace mlean::drift {

namespace {

// One draw of how many of `draws` items taken from `total` are among the `marked`. Inverts the distribution outward from its
// mode: about one standard deviation of steps.
double DrawHypergeometric(double total, double marked, double draws, double uniform) {
  const double low = std::max(0.0, draws + marked - total);
  const double high = std::min(draws, marked);
  const double mode = std::clamp(std::floor((draws + 1) * (marked + 1) / (total + 2)), low, high);
  double left = mode;
  double right = mode;
  const double peak = std::exp(LogChoose(marked, mode) + LogChoose(total - marked, draws - mode) - LogChoose(total, draws));
  double p_left = peak;
  double p_right = peak;
  double rest = uniform - peak;
  while (rest > 0 && (left > low || right < high)) {
    if (right < high) {
      p_right *= (marked - right) * (draws - right) / ((right + 1) * (total - marked - draws + right + 1));
      ++right;
      rest -= p_right;
      if (rest <= 0) return right;
    }
    if (left > low) {
      p_left *= left * (total - marked - draws + left) / ((marked - left + 1) * (draws - left + 1));
      --left;
      rest -= p_left;
      if (rest <= 0) return left;
    }
    if (p_left + p_right < 1e-300) break;
  }
  return mode;
}

double VariationOf(const std::vector<double>& reference, double reference_total, const std::vector<double>& current,
                   double current_total) {
  double sum = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    sum += std::abs(reference[i] / reference_total - current[i] / current_total);
  }
  return sum / 2;
}

}  // namespace

Result<double> ChiSquare(const ColumnProfile& reference, const ColumnProfile& current) {
  const Counts counts = CountValues(reference, current);
  const double scale = counts.current_total / counts.reference_total;
  double statistic = 0;
  for (std::size_t i = 0; i < counts.reference.size(); ++i) {
    const double expected = counts.reference[i] * scale;
    const double gap = counts.current[i] - expected;
    statistic += gap * gap / expected;  // a value the reference never had: infinite, so p = 0
  }
  return ChiSquareSurvival(statistic, static_cast<double>(counts.reference.size()) - 1);
}

Result<double> GTest(const ColumnProfile& reference, const ColumnProfile& current) {
  const Counts counts = CountValues(reference, current);
  const double scale = counts.current_total / counts.reference_total;
  double statistic = 0;
  for (std::size_t i = 0; i < counts.reference.size(); ++i) {
    const double observed = counts.current[i];
    if (observed > 0) statistic += 2 * observed * std::log(observed / (counts.reference[i] * scale));
  }
  return ChiSquareSurvival(statistic, static_cast<double>(counts.reference.size()) - 1);
}

Result<double> ZTest(const ColumnProfile& reference, const ColumnProfile& current) {
  const Counts counts = CountValues(reference, current);
  if (counts.reference.size() == 1) return 1.0;
  const double n1 = counts.reference_total;
  const double n2 = counts.current_total;
  const double p1 = (n1 - counts.reference[0]) / n1;
  const double p2 = (n2 - counts.current[0]) / n2;
  const double pooled = (p1 * n1 + p2 * n2) / (n1 + n2);
  const double z = (p1 - p2) / std::sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
  return 2 * NormalSurvival(std::abs(z));
}

Result<double> FisherExact(const ColumnProfile& reference, const ColumnProfile& current) {
  const Counts counts = CountValues(reference, current);
  if (counts.reference.size() > 2) return Fail(Code::kInvalid, "it has more than 2 distinct values");
  if (counts.reference.size() < 2) return 1.0;
  const double total = counts.reference_total + counts.current_total;
  const double marked = counts.reference[0] + counts.current[0];
  const double draws = counts.current_total;
  const auto log_p = [&](double hits) { return LogChoose(marked, hits) + LogChoose(total - marked, draws - hits); };
  const double log_all = LogChoose(total, draws);
  constexpr double kTie = 1e-7;  // tables as likely as ours but for rounding count too
  const double limit = log_p(counts.current[0]) + kTie;
  double p = 0;
  const double high = std::min(draws, marked);
  for (double hits = std::max(0.0, draws + marked - total); hits <= high; ++hits) {
    const double each = log_p(hits);
    if (each <= limit) p += std::exp(each - log_all);
  }
  return std::min(p, 1.0);
}

Result<double> TotalVariation(const ColumnProfile& reference, const ColumnProfile& current) {
  const Counts counts = CountValues(reference, current);
  const double observed = VariationOf(counts.reference, counts.reference_total, counts.current, counts.current_total);
  constexpr int kDraws = 1000;
  constexpr double kTie = 1e-12;
  std::mt19937_64 random(0);
  std::vector<double> drawn_reference(counts.reference.size());
  std::vector<double> drawn_current(counts.reference.size());
  int as_far = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    double left = counts.reference_total + counts.current_total;
    double wanted = counts.reference_total;
    for (std::size_t i = 0; i < counts.reference.size(); ++i) {
      const double both = counts.reference[i] + counts.current[i];
      const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
      const double taken = DrawHypergeometric(left, both, wanted, uniform);
      drawn_reference[i] = taken;
      drawn_current[i] = both - taken;
      left -= both;
      wanted -= taken;
    }
    const double distance = VariationOf(drawn_reference, counts.reference_total, drawn_current, counts.current_total);
    as_far += observed <= distance + kTie ? 1 : 0;
  }
  return static_cast<double>(as_far) / kDraws;
}

}  // namespace mlean::drift
