// Metrics of a two-class model over spans of equal length. Pure functions, no allocation beyond one sort buffer; thread-safe.
//
// `scores[i]` is the predicted probability (or any score) of the positive class, `labels[i]` is 1 for positive and 0 for
// negative. A metric that has no value (no rows, one class only, 0/0) is NaN. Results equal scikit-learn's with
// zero_division=nan, except that metrics scikit-learn refuses (AUC of one class) are NaN. Scores must not be NaN: the caller
// drops such rows (quality/report.hpp does).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mlean::quality {

using Labels = std::span<const std::uint8_t>;
using Scores = std::span<const double>;

// Area under the ROC curve = P(score of a positive > score of a negative), ties count a half (mid-ranks).
double Auc(Labels labels, Scores scores);
// Area under the precision-recall curve as a step function: Σ (R_n − R_{n−1})·P_n over distinct scores, high to low. Without
// positives it is NaN (scikit-learn gives 0 with a warning).
double AveragePrecision(Labels labels, Scores scores);
// Kolmogorov-Smirnov: the largest distance between the true and the false positive rate over all thresholds.
double KsStatistic(Labels labels, Scores scores);

// The three above from one sort.
struct Ranking {
  double auc = 0;
  double average_precision = 0;
  double ks = 0;
};
Ranking RankingMetrics(Labels labels, Scores scores);

// Mean of −ln p(label), with p clipped to [ε, 1 − ε], ε = 2.2e-16 (float64's, as scikit-learn).
double LogLoss(Labels labels, Scores scores);
// Mean of (p − label)².
double Brier(Labels labels, Scores scores);

struct Confusion {
  std::size_t tp = 0;
  std::size_t fp = 0;
  std::size_t tn = 0;
  std::size_t fn = 0;

  std::size_t rows() const { return tp + fp + tn + fn; }
  double Accuracy() const;
  double Precision() const;  // NaN when nothing is predicted positive
  double Recall() const;     // true positive rate; NaN without positives
  double FalsePositiveRate() const;
  double F1() const;             // 2tp / (2tp + fp + fn)
  double SelectionRate() const;  // share predicted positive
};
// Predicted positive means score >= threshold.
Confusion ConfusionAt(Labels labels, Scores scores, double threshold);

// One of ten equal-width bins over [0, 1]: [0, 0.1), …, [0.9, 1]. Means are NaN where count is 0.
struct CalibrationBin {
  double lower = 0;
  double upper = 0;
  double mean_predicted = 0;
  double observed_rate = 0;
  std::size_t count = 0;
};
constexpr std::size_t kCalibrationBins = 10;

struct Calibration {
  std::vector<CalibrationBin> bins;  // always kCalibrationBins, in order
  double ece = 0;  // expected calibration error: Σ count/n · |mean_predicted − observed_rate|; NaN without rows
};
// Scores outside [0, 1] are counted in the nearest bin.
Calibration Calibrate(Labels labels, Scores scores);

}  // namespace mlean::quality
