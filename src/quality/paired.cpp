#include "quality/paired.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "base/result.hpp"
#include "quality/ranking.hpp"

namespace mlean::quality {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kNormal95 = 1.959963984540054;

// For every row: the share of the other class it beats, ties a half. The mean over positives is the AUC; so it is over negatives.
struct Placements {
  std::vector<double> value;
  double auc = 0;
};

Placements Place(Labels labels, Scores scores, double positives, double negatives) {
  const std::vector<Ranked> sorted = SortByScore(labels, scores);
  Placements placements;
  placements.value.resize(sorted.size());
  double positives_below = 0;
  double negatives_below = 0;
  double sum = 0;
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin;
    double group_positives = 0;
    while (end < sorted.size() && sorted[end].key == sorted[begin].key) group_positives += sorted[end++].label;
    const double group_negatives = static_cast<double>(end - begin) - group_positives;
    const double beaten = (negatives_below + group_negatives / 2) / negatives;
    const double lost = 1 - (positives_below + group_positives / 2) / positives;
    for (std::size_t i = begin; i < end; ++i) placements.value[sorted[i].row] = sorted[i].label != 0 ? beaten : lost;
    sum += group_positives * beaten;
    positives_below += group_positives;
    negatives_below += group_negatives;
    begin = end;
  }
  placements.auc = sum / positives;
  return placements;
}

void Finish(PairedDifference& result, double variance) {
  result.difference = result.challenger - result.champion;
  result.std_error = std::sqrt(variance);
  if (variance > 0) {
    result.z = result.difference / result.std_error;
    result.p_value = std::erfc(std::abs(result.z) / std::sqrt(2.0));
  } else {
    // No row differs, or all by the same amount: certain either way.
    result.z = result.difference == 0 ? 0 : std::copysign(std::numeric_limits<double>::infinity(), result.difference);
    result.p_value = result.difference == 0 ? 1 : 0;
  }
  result.low = result.difference - kNormal95 * result.std_error;
  result.high = result.difference + kNormal95 * result.std_error;
}

PairedDifference Undefined(std::size_t rows) { return {kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan, rows}; }

// Sample variance; under two values it is unknown.
class Variance {
 public:
  void Add(double value) {
    ++count_;
    const double delta = value - mean_;
    mean_ += delta / static_cast<double>(count_);
    squares_ += delta * (value - mean_);
  }
  double value() const { return count_ < 2 ? kNan : squares_ / static_cast<double>(count_ - 1); }
  double mean() const { return mean_; }
  double count() const { return static_cast<double>(count_); }

 private:
  std::size_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

}  // namespace

PairedDifference CompareAuc(Labels labels, Scores champion, Scores challenger) {
  CHECK_BUG(labels.size() == champion.size() && labels.size() == challenger.size());
  double positives = 0;
  for (const std::uint8_t label : labels) positives += label;
  const double negatives = static_cast<double>(labels.size()) - positives;
  if (positives < 2 || negatives < 2) return Undefined(labels.size());
  const Placements old_side = Place(labels, champion, positives, negatives);
  const Placements new_side = Place(labels, challenger, positives, negatives);
  // The variance of a difference of correlated means is the variance of the differences by row.
  Variance over_positives;
  Variance over_negatives;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    (labels[i] != 0 ? over_positives : over_negatives).Add(new_side.value[i] - old_side.value[i]);
  }
  PairedDifference result;
  result.champion = old_side.auc;
  result.challenger = new_side.auc;
  result.rows = labels.size();
  Finish(result, over_positives.value() / positives + over_negatives.value() / negatives);
  return result;
}

PairedDifference CompareLosses(std::span<const double> champion, std::span<const double> challenger) {
  CHECK_BUG(champion.size() == challenger.size());
  if (champion.size() < 2) return Undefined(champion.size());
  Variance old_side;
  Variance new_side;
  Variance difference;
  for (std::size_t i = 0; i < champion.size(); ++i) {
    old_side.Add(champion[i]);
    new_side.Add(challenger[i]);
    difference.Add(challenger[i] - champion[i]);
  }
  PairedDifference result;
  result.champion = old_side.mean();
  result.challenger = new_side.mean();
  result.rows = champion.size();
  Finish(result, difference.value() / difference.count());
  return result;
}

}  // namespace mlean::quality
