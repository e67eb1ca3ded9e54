#include "quality/multiclass.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/result.hpp"
#include "quality/binary.hpp"

namespace mlean::quality {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double Ratio(double part, double whole) { return whole == 0 ? kNan : part / whole; }

std::size_t Index(std::int32_t label, std::size_t classes) {
  CHECK_BUG(label >= 0 && static_cast<std::size_t>(label) < classes);
  return static_cast<std::size_t>(label);
}

}  // namespace

std::vector<std::int32_t> ArgMax(std::span<const double> probabilities, std::size_t classes) {
  CHECK_BUG(classes > 0 && probabilities.size() % classes == 0);
  std::vector<std::int32_t> best(probabilities.size() / classes);
  for (std::size_t row = 0; row < best.size(); ++row) {
    const auto first = probabilities.begin() + static_cast<std::ptrdiff_t>(row * classes);
    best[row] = static_cast<std::int32_t>(std::max_element(first, first + static_cast<std::ptrdiff_t>(classes)) - first);
  }
  return best;
}

double MulticlassAccuracy(std::span<const std::int32_t> labels, std::span<const std::int32_t> predicted) {
  CHECK_BUG(labels.size() == predicted.size());
  std::size_t hits = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) hits += labels[i] == predicted[i] ? 1 : 0;
  return Ratio(static_cast<double>(hits), static_cast<double>(labels.size()));
}

double MulticlassLogLoss(std::span<const std::int32_t> labels, std::span<const double> probabilities, std::size_t classes) {
  CHECK_BUG(labels.size() * classes == probabilities.size());
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  double sum = 0;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    sum -= std::log(std::clamp(probabilities[row * classes + Index(labels[row], classes)], kEpsilon, 1 - kEpsilon));
  }
  return Ratio(sum, static_cast<double>(labels.size()));
}

std::vector<ClassScores> PerClass(std::span<const std::int32_t> labels, std::span<const std::int32_t> predicted,
                                  std::size_t classes) {
  CHECK_BUG(labels.size() == predicted.size());
  std::vector<ClassScores> scores(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    ++scores[Index(labels[i], classes)].support;
    ++scores[Index(predicted[i], classes)].predicted;
    if (labels[i] == predicted[i]) ++scores[Index(labels[i], classes)].hits;
  }
  for (ClassScores& score : scores) {
    const auto hits = static_cast<double>(score.hits);
    score.precision = Ratio(hits, static_cast<double>(score.predicted));
    score.recall = Ratio(hits, static_cast<double>(score.support));
    score.f1 = Ratio(2 * hits, static_cast<double>(score.support + score.predicted));
  }
  return scores;
}

double MacroF1(std::span<const ClassScores> classes) {
  double sum = 0;
  double seen = 0;
  for (const ClassScores& score : classes) {
    if (score.support + score.predicted == 0) continue;
    sum += score.f1;
    seen += 1;
  }
  return Ratio(sum, seen);
}

double WeightedF1(std::span<const ClassScores> classes) {
  double sum = 0;
  double rows = 0;
  for (const ClassScores& score : classes) {
    if (score.support == 0) continue;
    sum += score.f1 * static_cast<double>(score.support);
    rows += static_cast<double>(score.support);
  }
  return Ratio(sum, rows);
}

double MacroOvrAuc(std::span<const std::int32_t> labels, std::span<const double> probabilities, std::size_t classes) {
  CHECK_BUG(classes > 0 && labels.size() * classes == probabilities.size());
  std::vector<std::uint8_t> is_class(labels.size());
  std::vector<double> scores(labels.size());
  double sum = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    for (std::size_t row = 0; row < labels.size(); ++row) {
      is_class[row] = Index(labels[row], classes) == c ? 1 : 0;
      scores[row] = probabilities[row * classes + c];
    }
    sum += Auc(is_class, scores);
  }
  return sum / static_cast<double>(classes);
}

}  // namespace mlean::quality
