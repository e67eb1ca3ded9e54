#include "quality/binary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/result.hpp"
#include "quality/ranking.hpp"

namespace mlean::quality {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double Ratio(double part, double whole) { return whole == 0 ? kNan : part / whole; }

}  // namespace

Ranking RankingMetrics(Labels labels, Scores scores) {
  const std::vector<Ranked> sorted = SortByScore(labels, scores);
  const std::size_t rows = sorted.size();
  std::size_t positives = 0;
  for (const Ranked& item : sorted) positives += item.label;
  const std::size_t negatives = rows - positives;

  // One walk from the highest score down, a group of equal scores at a time.
  std::size_t tp = 0;
  std::size_t fp = 0;
  double twice_area = 0;  // in units of one positive × one negative; exact below 2^53
  double precision_sum = 0;
  double ks = 0;
  for (std::size_t end = rows; end > 0;) {
    std::size_t begin = end;
    std::size_t group_tp = 0;
    while (begin > 0 && sorted[begin - 1].key == sorted[end - 1].key) group_tp += sorted[--begin].label;
    const std::size_t group_fp = (end - begin) - group_tp;
    twice_area += static_cast<double>(group_fp) * static_cast<double>(2 * tp + group_tp);
    tp += group_tp;
    fp += group_fp;
    if (group_tp > 0) precision_sum += static_cast<double>(group_tp) * static_cast<double>(tp) / static_cast<double>(tp + fp);
    if (positives > 0 && negatives > 0) {
      ks = std::max(ks, std::abs(static_cast<double>(tp) / static_cast<double>(positives) -
                                 static_cast<double>(fp) / static_cast<double>(negatives)));
    }
    end = begin;
  }
  const bool both = positives > 0 && negatives > 0;
  Ranking ranking;
  ranking.auc = both ? twice_area / 2 / (static_cast<double>(positives) * static_cast<double>(negatives)) : kNan;
  ranking.average_precision = positives > 0 ? precision_sum / static_cast<double>(positives) : kNan;
  ranking.ks = both ? ks : kNan;
  return ranking;
}

double Auc(Labels labels, Scores scores) { return RankingMetrics(labels, scores).auc; }
double AveragePrecision(Labels labels, Scores scores) { return RankingMetrics(labels, scores).average_precision; }
double KsStatistic(Labels labels, Scores scores) { return RankingMetrics(labels, scores).ks; }

double LogLoss(Labels labels, Scores scores) {
  CHECK_BUG(labels.size() == scores.size());
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double p = std::clamp(labels[i] != 0 ? scores[i] : 1 - scores[i], kEpsilon, 1 - kEpsilon);
    sum -= std::log(p);
  }
  return Ratio(sum, static_cast<double>(scores.size()));
}

double Brier(Labels labels, Scores scores) {
  CHECK_BUG(labels.size() == scores.size());
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double error = scores[i] - labels[i];
    sum += error * error;
  }
  return Ratio(sum, static_cast<double>(scores.size()));
}

double Confusion::Accuracy() const { return Ratio(static_cast<double>(tp + tn), static_cast<double>(rows())); }
double Confusion::Precision() const { return Ratio(static_cast<double>(tp), static_cast<double>(tp + fp)); }
double Confusion::Recall() const { return Ratio(static_cast<double>(tp), static_cast<double>(tp + fn)); }
double Confusion::FalsePositiveRate() const { return Ratio(static_cast<double>(fp), static_cast<double>(fp + tn)); }
double Confusion::F1() const { return Ratio(2.0 * static_cast<double>(tp), static_cast<double>(2 * tp + fp + fn)); }
double Confusion::SelectionRate() const { return Ratio(static_cast<double>(tp + fp), static_cast<double>(rows())); }

Confusion ConfusionAt(Labels labels, Scores scores, double threshold) {
  CHECK_BUG(labels.size() == scores.size());
  std::size_t cells[4] = {};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    ++cells[(labels[i] != 0 ? 2 : 0) + (scores[i] >= threshold ? 1 : 0)];
  }
  return {.tp = cells[3], .fp = cells[1], .tn = cells[0], .fn = cells[2]};
}

Calibration Calibrate(Labels labels, Scores scores) {
  CHECK_BUG(labels.size() == scores.size());
  constexpr auto kBins = static_cast<double>(kCalibrationBins);
  double predicted[kCalibrationBins] = {};
  std::size_t positives[kCalibrationBins] = {};
  std::size_t counts[kCalibrationBins] = {};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto bin = static_cast<std::size_t>(std::clamp(std::floor(scores[i] * kBins), 0.0, kBins - 1));
    predicted[bin] += scores[i];
    positives[bin] += labels[i];
    ++counts[bin];
  }
  Calibration calibration;
  double gap = 0;
  for (std::size_t bin = 0; bin < kCalibrationBins; ++bin) {
    const auto count = static_cast<double>(counts[bin]);
    const double mean = Ratio(predicted[bin], count);
    const double observed = Ratio(static_cast<double>(positives[bin]), count);
    calibration.bins.push_back({.lower = static_cast<double>(bin) / kBins,
                                .upper = static_cast<double>(bin + 1) / kBins,
                                .mean_predicted = mean,
                                .observed_rate = observed,
                                .count = counts[bin]});
    if (counts[bin] > 0) gap += count * std::abs(mean - observed);
  }
  calibration.ece = Ratio(gap, static_cast<double>(scores.size()));
  return calibration;
}

}  // namespace mlean::quality
