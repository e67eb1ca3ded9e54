#include "quality/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "quality/grouping.hpp"
#include "quality/multiclass.hpp"
#include "quality/regression.hpp"

namespace mlean::quality {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Metrics = std::vector<NamedValue>;

// The rows of one report or slice, gathered into dense arrays of the shape its metrics want.
struct Rows {
  std::vector<double> targets;         // regression
  std::vector<std::uint8_t> positive;  // two classes
  std::vector<std::int32_t> labels;    // more classes
  std::vector<double> predictions;     // one a row, or `classes` a row
};

enum class Shape : std::uint8_t { kBinary, kMulticlass, kRegression };

class Evaluator {
 public:
  Evaluator(const EvaluateInput& input, double threshold)
      : input_(input),
        threshold_(threshold),
        shape_(input.task == Task::kRegression ? Shape::kRegression
               : input.classes.size() == 2     ? Shape::kBinary
                                               : Shape::kMulticlass),
        width_(input.labels.empty() ? 1 : input.predictions.size() / input.labels.size()) {}

  bool HasPrediction(std::size_t row) const {
    for (std::size_t i = 0; i < width_; ++i) {
      if (std::isnan(input_.predictions[row * width_ + i])) return false;
    }
    return true;
  }

  Rows Gather(std::span<const std::size_t> rows) const {
    Rows gathered;
    gathered.predictions.reserve(rows.size() * (shape_ == Shape::kMulticlass ? width_ : 1));
    for (const std::size_t row : rows) {
      const double* prediction = &input_.predictions[row * width_];
      switch (shape_) {
        case Shape::kBinary:
          gathered.positive.push_back(input_.labels[row] != 0 ? 1 : 0);
          gathered.predictions.push_back(prediction[width_ - 1]);
          break;
        case Shape::kMulticlass:
          gathered.labels.push_back(static_cast<std::int32_t>(input_.labels[row]));
          gathered.predictions.insert(gathered.predictions.end(), prediction, prediction + width_);
          break;
        case Shape::kRegression:
          gathered.targets.push_back(input_.labels[row]);
          gathered.predictions.push_back(prediction[0]);
          break;
      }
    }
    return gathered;
  }

  Metrics Measure(const Rows& rows, MetricReport* whole) const {
    switch (shape_) {
      case Shape::kBinary: return Binary(rows, whole);
      case Shape::kMulticlass: return Multiclass(rows, whole);
      case Shape::kRegression: return RegressionMetrics(rows);
    }
    return {};
  }

 private:
  Metrics Binary(const Rows& rows, MetricReport* whole) const {
    const Ranking ranking = RankingMetrics(rows.positive, rows.predictions);
    const Confusion at = ConfusionAt(rows.positive, rows.predictions, threshold_);
    Calibration calibration = Calibrate(rows.positive, rows.predictions);
    const auto count = [](std::size_t n) { return static_cast<double>(n); };
    const double n = count(at.rows());
    Metrics metrics{
        {"rows", n},
        {"auc", ranking.auc},
        {"average_precision", ranking.average_precision},
        {"ks", ranking.ks},
        {"log_loss", LogLoss(rows.positive, rows.predictions)},
        {"brier", Brier(rows.positive, rows.predictions)},
        {"accuracy", at.Accuracy()},
        {"precision", at.Precision()},
        {"recall", at.Recall()},
        {"f1", at.F1()},
        {"positive_rate", n == 0 ? kNan : count(at.tp + at.fn) / n},
        {"predicted_rate", at.SelectionRate()},
        {"calibration.ece", calibration.ece},
        {"confusion.tp", count(at.tp)},
        {"confusion.fp", count(at.fp)},
        {"confusion.tn", count(at.tn)},
        {"confusion.fn", count(at.fn)},
    };
    if (whole != nullptr) {
      whole->confusion = {{at.tn, at.fp}, {at.fn, at.tp}};
      whole->calibration = std::move(calibration.bins);
    }
    return metrics;
  }

  Metrics Multiclass(const Rows& rows, MetricReport* whole) const {
    const std::size_t classes = input_.classes.size();
    const std::vector<std::int32_t> predicted = ArgMax(rows.predictions, classes);
    const std::vector<ClassScores> by_class = PerClass(rows.labels, predicted, classes);
    Metrics metrics{
        {"rows", static_cast<double>(rows.labels.size())},
        {"accuracy", MulticlassAccuracy(rows.labels, predicted)},
        {"log_loss", MulticlassLogLoss(rows.labels, rows.predictions, classes)},
        {"macro_f1", MacroF1(by_class)},
        {"weighted_f1", WeightedF1(by_class)},
        {"macro_auc", MacroOvrAuc(rows.labels, rows.predictions, classes)},
    };
    for (std::size_t c = 0; c < classes; ++c) metrics.push_back({"recall." + input_.classes[c], by_class[c].recall});
    if (whole != nullptr) {
      whole->confusion.assign(classes, std::vector<std::size_t>(classes, 0));
      for (std::size_t i = 0; i < predicted.size(); ++i) {
        ++whole->confusion[static_cast<std::size_t>(rows.labels[i])][static_cast<std::size_t>(predicted[i])];
      }
    }
    return metrics;
  }

  static Metrics RegressionMetrics(const Rows& rows) {
    const RegressionScores scores = Regression(rows.targets, rows.predictions);
    return {{"rows", static_cast<double>(scores.rows)},
            {"mae", scores.mae},
            {"rmse", scores.rmse},
            {"r2", scores.r2},
            {"mape", scores.mape},
            {"median_ae", scores.median_ae},
            {"mean_error", scores.mean_error}};
  }

  const EvaluateInput& input_;
  double threshold_;
  Shape shape_;
  std::size_t width_;
};

Error Bad(std::string cause) { return Fail(Code::kInvalid, "cannot evaluate predictions: " + std::move(cause)); }

Result<void> CheckShape(const EvaluateInput& input, const EvaluateOptions& options) {
  const std::size_t rows = input.labels.size();
  const std::size_t classes = input.classes.size();
  const std::size_t values = input.predictions.size();
  if (input.task == Task::kRegression) {
    if (values != rows) return Bad(fmt::format("{} predictions for {} labels", values, rows));
  } else {
    if (classes < 2) return Bad(fmt::format("a classifier needs at least 2 classes, not {}", classes));
    const bool fits = values == rows * classes || (classes == 2 && values == rows);
    if (!fits) return Bad(fmt::format("{} probabilities for {} labels of {} classes", values, rows, classes));
    for (std::size_t row = 0; row < rows; ++row) {
      const double label = input.labels[row];
      if (std::isnan(label)) continue;
      if (!(label >= 0 && label < static_cast<double>(classes)) || label != std::floor(label)) {
        return Bad(fmt::format("label '{}' of row {} is no class index", label, row));
      }
    }
  }
  for (const Slice& slice : options.slices) {
    if (slice.column == nullptr) return Bad(fmt::format("slice column '{}' does not exist", slice.name));
    if (slice.column->size() != rows) {
      return Bad(fmt::format("slice column '{}' has {} rows for {} labels", slice.name, slice.column->size(), rows));
    }
  }
  return {};
}

std::size_t Positives(const Rows& rows) {
  return static_cast<std::size_t>(std::count(rows.positive.begin(), rows.positive.end(), 1));
}

}  // namespace

const double* MetricReport::Find(std::string_view name) const {
  for (const NamedValue& metric : metrics) {
    if (metric.name == name) return &metric.value;
  }
  return nullptr;
}

Result<MetricReport> Evaluate(const EvaluateInput& input, const EvaluateOptions& options) {
  TRYV(CheckShape(input, options));
  const Evaluator evaluator(input, options.threshold);
  MetricReport report;
  std::vector<std::size_t> used;
  std::vector<bool> is_used(input.labels.size());
  for (std::size_t row = 0; row < input.labels.size(); ++row) {
    if (std::isnan(input.labels[row])) {
      ++report.unlabelled;
    } else if (!evaluator.HasPrediction(row)) {
      ++report.unpredicted;
    } else {
      used.push_back(row);
      is_used[row] = true;
    }
  }
  report.rows = used.size();
  report.metrics = evaluator.Measure(evaluator.Gather(used), &report);

  for (const Slice& slice : options.slices) {
    for (Group& group : GroupForSlices(*slice.column, std::max<std::size_t>(options.max_slice_values, 1))) {
      std::erase_if(group.rows, [&](std::size_t row) { return !is_used[row]; });
      if (group.rows.empty()) continue;
      const Rows rows = evaluator.Gather(group.rows);
      SliceRow line{.column = slice.name, .value = group.value, .rows = group.rows.size(), .positives = Positives(rows)};
      line.too_small = line.rows < options.min_slice_rows;
      if (!line.too_small) line.metrics = evaluator.Measure(rows, nullptr);
      report.slices.push_back(std::move(line));
    }
  }
  return report;
}

std::vector<double> EncodeLabels(const types::Column& labels, std::span<const std::string> classes) {
  std::vector<double> encoded(labels.size(), kNan);
  if (classes.empty()) {
    for (std::size_t row = 0; row < encoded.size(); ++row) encoded[row] = labels.Number(row);
    return encoded;
  }
  std::unordered_map<std::string, double> index;
  for (std::size_t i = 0; i < classes.size(); ++i) index.emplace(classes[i], static_cast<double>(i));
  const auto code_of = [&](const std::string& name) {
    const auto found = index.find(name);
    return found == index.end() ? kNan : found->second;
  };
  if (labels.kind == types::Kind::kText) {
    std::vector<double> by_word;
    for (const std::string& word : labels.words) by_word.push_back(code_of(word));
    for (std::size_t row = 0; row < encoded.size(); ++row) {
      if (!labels.Missing(row)) encoded[row] = by_word[static_cast<std::size_t>(labels.codes[row])];
    }
    return encoded;
  }
  const bool truth_names = index.contains("true") || index.contains("false");
  std::unordered_map<double, double> by_number;
  for (std::size_t row = 0; row < encoded.size(); ++row) {
    if (labels.Missing(row)) continue;
    const double value = labels.Number(row);
    const auto [found, added] = by_number.try_emplace(value, kNan);
    if (added) {
      const bool as_truth = truth_names && (value == 0 || value == 1);
      found->second = code_of(as_truth ? (value != 0 ? "true" : "false") : FormatDouble(value));
    }
    encoded[row] = found->second;
  }
  return encoded;
}

}  // namespace mlean::quality
