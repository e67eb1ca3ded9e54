// Metrics of a model with three or more classes. Pure, thread-safe. Equal to scikit-learn's with zero_division=nan.
//
// `labels[i]` is the index of the true class, `predicted[i]` of the predicted one, `probabilities` is row-major with `classes`
// columns. Indices are in [0, classes): anything else is a bug of the caller. A metric without a value is NaN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mlean::quality {

// The most probable class of every row; the first of equals.
std::vector<std::int32_t> ArgMax(std::span<const double> probabilities, std::size_t classes);

double MulticlassAccuracy(std::span<const std::int32_t> labels, std::span<const std::int32_t> predicted);
// Mean of −ln p[label], p clipped to [ε, 1 − ε]; rows are not rescaled to sum 1.
double MulticlassLogLoss(std::span<const std::int32_t> labels, std::span<const double> probabilities, std::size_t classes);

struct ClassScores {
  std::size_t support = 0;  // rows whose label is this class
  std::size_t predicted = 0;
  std::size_t hits = 0;
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};
std::vector<ClassScores> PerClass(std::span<const std::int32_t> labels, std::span<const std::int32_t> predicted,
                                  std::size_t classes);
// Mean of F1 over the classes that occur as label or prediction.
double MacroF1(std::span<const ClassScores> classes);
// Mean of F1 weighted by support.
double WeightedF1(std::span<const ClassScores> classes);
// Mean over classes of the AUC of class against the rest; NaN when a class has no rows, or all.
double MacroOvrAuc(std::span<const std::int32_t> labels, std::span<const double> probabilities, std::size_t classes);

}  // namespace mlean::quality
