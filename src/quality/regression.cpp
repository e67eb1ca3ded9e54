#include "quality/regression.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/result.hpp"

namespace mlean::quality {

namespace {

double Median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

double RSquared(double residual, double total) {
  if (total > 0) return 1 - residual / total;
  return residual == 0 ? 1 : 0;
}

}  // namespace

RegressionScores Regression(std::span<const double> targets, std::span<const double> predictions) {
  CHECK_BUG(targets.size() == predictions.size());
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  RegressionScores scores{kNan, kNan, kNan, kNan, kNan, kNan, targets.size()};
  if (targets.empty()) return scores;
  const auto n = static_cast<double>(targets.size());
  double target_sum = 0;
  double error_sum = 0;
  double square_sum = 0;
  double share_sum = 0;
  double absolute_sum = 0;
  std::vector<double> absolute(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const double error = predictions[i] - targets[i];
    absolute[i] = std::abs(error);
    target_sum += targets[i];
    error_sum += error;
    square_sum += error * error;
    absolute_sum += absolute[i];
    share_sum += absolute[i] / std::max(std::abs(targets[i]), std::numeric_limits<double>::epsilon());
  }
  const double mean = target_sum / n;
  double total = 0;
  for (const double target : targets) total += (target - mean) * (target - mean);
  scores.mae = absolute_sum / n;
  scores.rmse = std::sqrt(square_sum / n);
  scores.r2 = targets.size() < 2 ? kNan : RSquared(square_sum, total);
  scores.mape = share_sum / n;
  scores.median_ae = Median(absolute);
  scores.mean_error = error_sum / n;
  return scores;
}

}  // namespace mlean::quality
