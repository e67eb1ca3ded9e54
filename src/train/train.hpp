// Train: gradient-boosted trees from a Frame, natively, through libxgboost's C API (opened on first use; no Python).
//
//   TRY(const TrainOutcome outcome, Train(frame, &valid, {.task = Task::kClassification, .label = "late",
//                                                         .params = {{"max_depth", "6"}, {"eta", "0.1"}}, .rounds = 200}));
//   write("model.ubj", outcome.model);
//
// Columns become features by kind: real, int and bool are numeric (missing stays missing), text becomes a native categorical
// (code = index in the vocabulary, which is sorted by name). Times are refused: their value only grows, so a split on them says
// nothing about tomorrow; take hour, weekday or an age instead.
// Labels: classification takes bool, whole numbers or text with two or more classes (objective binary:logistic or
// multi:softprob), regression any number (reg:squarederror unless params say otherwise).
//
// The model is XGBoost's own UBJSON with attribute "mlean.schema" (infer/model_schema.hpp): any xgboost >= 1.7 reads it.
// The same frame, spec and nthread give the same bytes. Thread-safe; one call uses `nthread` threads (default: all cores).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "types/frame.hpp"

namespace mlean::train {

enum class Task : std::uint8_t { kClassification, kRegression };
enum class UnknownCategory : std::uint8_t { kMissing, kError };

struct RoundScore {
  int round = 0;                                        // from 0
  std::vector<std::pair<std::string, double>> metrics;  // "train-logloss", "valid-logloss" … in order of XGBoost
};

struct TrainSpec {
  Task task = Task::kClassification;
  std::string label;
  std::vector<std::string> features;  // in this order; empty = every column of the frame but label, weight, times, `exclude`
  std::vector<std::string> exclude;   // keys and the like
  std::string weight;                 // column of row weights >= 0; empty = none
  std::string positive;               // two classes: name of the positive one; empty = the second by name
  double threshold = 0.5;             // written to the schema
  std::map<std::string, std::string> params;  // XGBoost's, by its names or aliases (max_depth, eta, learning_rate …)
  int rounds = 100;                           // at most kMaxRounds
  int early_stopping_rounds = 0;  // 0 = off; needs valid rows. Best round by the last metric of `eval_metric` on valid
  UnknownCategory unknown_category = UnknownCategory::kMissing;  // what serving does; written to the schema
  std::int64_t min_category_count = 1;              // rarer texts are left out of the vocabulary: they count as missing
  std::size_t max_categories = 10'000;              // of one column; more is refused
  const std::atomic<bool>* cancel = nullptr;        // looked at after every round
  std::function<void(const RoundScore&)> on_round;  // on the calling thread
};
constexpr int kMaxRounds = 100'000;

struct Importance {
  std::string feature;
  double gain = 0;  // total gain of its splits, as a share of all: adds up to 1
};

struct TrainOutcome {
  std::string model;                 // UBJSON bytes
  std::string schema;                // JSON text, also inside the model
  std::vector<std::string> classes;  // by index; empty for regression. Two classes: negative, positive
  std::vector<std::string> features;
  std::vector<RoundScore> history;  // all rounds run, those after the best one too
  int best_round = 0;               // the model holds rounds 0 .. best_round
  std::string best_metric;          // "valid-logloss"; the last metric of the last data set
  double best_score = 0;
  bool stopped_early = false;
  std::vector<Importance> importance;  // falling; only features that were used
  std::vector<std::string> warnings;   // constant features, categories of valid that train lacks …
  std::size_t train_rows = 0;
  std::size_t valid_rows = 0;
  std::int64_t wall_ms = 0;
};

// `valid_rows` may be nullptr; it must have the feature, label and weight columns.
// Errors: kNotFound a column; kInvalid no rows, labels missing ("12 of 1000 labels are missing, first at row 17"), one class
// only, an infinite value, an unknown parameter (fix: the nearest name), a parameter XGBoost refuses; kUnsupported a time among
// `features`, an objective that does not fit; kTooLarge too many categories; kCancelled; kNotFound the library.
Result<TrainOutcome> Train(const types::Frame& train_rows, const types::Frame* valid_rows, const TrainSpec& spec);

// The parameters Train passes on to XGBoost, sorted; for help and "did you mean".
const std::vector<std::string>& KnownParams();

}  // namespace mlean::train
