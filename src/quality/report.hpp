// Evaluate: all metrics of one model on one labelled data set, over all rows and by slice.
//
//   TRY(const MetricReport report, Evaluate({.task = Task::kClassification, .labels = y, .predictions = p, .classes = names},
//                                           {.slices = {{"carrier", frame.Find("carrier")}}}));
//   report.Find("auc");  // nullptr when the task has no such metric; NaN when it has no value here
//
// Metrics by task, in this order:
//   two classes   rows auc average_precision ks log_loss brier accuracy precision recall f1 positive_rate predicted_rate
//                 calibration.ece confusion.tp confusion.fp confusion.tn confusion.fn
//   more classes  rows accuracy log_loss macro_f1 weighted_f1 macro_auc recall.<class>…
//   regression    rows mae rmse r2 mape median_ae mean_error
// Rows whose label is NaN (not known yet) or whose prediction is NaN are left out and counted. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "quality/binary.hpp"
#include "types/frame.hpp"

namespace mlean::quality {

enum class Task : std::uint8_t { kClassification, kRegression };

struct Slice {
  std::string name;
  const types::Column* column = nullptr;  // as long as labels; borrowed for the call
};

struct EvaluateInput {
  Task task = Task::kClassification;
  std::span<const double> labels;        // index of the class, or the target value; NaN = unknown
  std::span<const double> predictions;   // row-major. Two classes: 1 column (p of classes[1]) or 2; more: one per class;
                                         // regression: 1
  std::span<const std::string> classes;  // names by index; empty for regression
};

struct EvaluateOptions {
  std::vector<Slice> slices;
  double threshold = 0.5;             // two classes: predicted positive at p >= threshold
  std::size_t min_slice_rows = 30;    // smaller slices are listed with counts and without metrics
  std::size_t max_slice_values = 50;  // per column: the values with most rows; the others are gathered as "(other)"
};

struct NamedValue {
  std::string name;
  double value = 0;
};

struct SliceRow {
  std::string column;
  std::string value;  // text; numbers with over 20 distinct values are cut at their quartiles: "[3, 7)"; "(missing)"
  std::size_t rows = 0;
  std::size_t positives = 0;        // two classes only
  bool too_small = false;           // under min_slice_rows: metrics is empty
  std::vector<NamedValue> metrics;  // the same names as of the whole
};

struct MetricReport {
  std::vector<NamedValue> metrics;
  std::vector<SliceRow> slices;                     // by column as asked, within it by falling row count (ranges: ascending)
  std::vector<CalibrationBin> calibration;          // two classes only
  std::vector<std::vector<std::size_t>> confusion;  // classification: [label][predicted]
  std::size_t rows = 0;                             // rows used
  std::size_t unlabelled = 0;                       // left out: no label
  std::size_t unpredicted = 0;                      // left out: label but no prediction

  const double* Find(std::string_view name) const;
};

// Errors (kInvalid): lengths that do not fit, a label that is no class index, under two classes, a slice of other length.
Result<MetricReport> Evaluate(const EvaluateInput& input, const EvaluateOptions& options = {});

// The class indices of a label column (missing or unknown to `classes` = NaN) or its numbers when `classes` is empty. Text is
// compared by name; bools match "true"/"false", "1"/"0"; whole numbers match their digits.
std::vector<double> EncodeLabels(const types::Column& labels, std::span<const std::string> classes);

}  // namespace mlean::quality
