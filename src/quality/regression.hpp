// Metrics of a regression model. Pure, thread-safe. Equal to scikit-learn's. Without rows every metric is NaN.
#pragma once

#include <cstddef>
#include <span>

namespace mlean::quality {

struct RegressionScores {
  double mae = 0;
  double rmse = 0;
  double r2 = 0;          // constant target: 1 when predicted exactly, else 0; NaN under two rows
  double mape = 0;        // mean of |error| / max(|target|, 2.2e-16): a share, not per cent
  double median_ae = 0;   // median absolute error
  double mean_error = 0;  // mean of prediction − target: positive means predicted too high
  std::size_t rows = 0;
};
RegressionScores Regression(std::span<const double> targets, std::span<const double> predictions);

}  // namespace mlean::quality
