#include "flows/train_model.hpp"

#include <fmt/core.h>

#include <numeric>
#include <random>
#include <set>

#include "flows/evaluate_model.hpp"
#include "os/files.hpp"
#include "repo/params.hpp"
#include "tables/reader.hpp"
#include "train/split.hpp"

namespace mlean::flows {
namespace {

constexpr std::size_t kMostClassesGuessed = 20;

bool LooksLikeClasses(const types::Column& label) {
  if (label.kind == types::Kind::kText || label.kind == types::Kind::kBool) return true;
  if (label.kind != types::Kind::kInt) return false;
  std::set<std::int64_t> values(label.ints.begin(), label.ints.end());
  values.erase(types::kMissingInt);
  return values.size() <= kMostClassesGuessed;
}

// Told here, where row numbers are still those of the file.
Result<void> CheckLabels(const types::Column& label) {
  std::size_t missing = 0;
  std::size_t first = 0;
  for (std::size_t row = label.size(); row-- > 0;) {
    if (!label.Missing(row)) continue;
    ++missing;
    first = row;
  }
  if (missing == 0) return {};
  return Fail(Code::kInvalid,
              fmt::format("cannot train on column '{}': {} of {} labels are missing, first at row {}", label.name, missing,
                          label.size(), first),
              "filter them in the feature query");
}

Result<train::Task> TaskOf(const TrainRequest& request, const types::Column& label) {
  if (request.task == "regression") return train::Task::kRegression;
  if (request.task == "classification") return train::Task::kClassification;
  if (!request.task.empty()) {
    return Fail(Code::kUsage, fmt::format("cannot train: task '{}' is neither classification nor regression", request.task));
  }
  return LooksLikeClasses(label) ? train::Task::kClassification : train::Task::kRegression;
}

// Fills what the params section says; what is no own setting goes to XGBoost, which knows its names.
Result<double> ReadParams(const repo::Params& params, const std::string& section, train::TrainSpec& spec) {
  const codec::Json* values = params.Find(section);
  double valid_fraction = 0.15;
  spec.rounds = 200;
  spec.early_stopping_rounds = 20;
  if (values == nullptr) return valid_fraction;
  if (!values->IsObject()) return Fail(Code::kInvalid, fmt::format("cannot read params: '{}' must be a mapping", section));
  const std::string prefix = section + ".";
  TRY(const std::int64_t rounds, params.Int(prefix + "rounds", 200));
  TRY(const std::int64_t patience, params.Int(prefix + "early_stopping_rounds", 20));
  TRY(valid_fraction, params.Double(prefix + "valid_fraction", 0.15));
  TRY(const std::string unknown, params.String(prefix + "unknown_category", "missing"));
  TRY(spec.min_category_count, params.Int(prefix + "min_category_count", 1));
  TRY(spec.threshold, params.Double(prefix + "threshold", 0.5));
  spec.rounds = static_cast<int>(rounds);
  spec.early_stopping_rounds = static_cast<int>(patience);
  if (unknown != "missing" && unknown != "error") {
    return Fail(Code::kInvalid,
                fmt::format("cannot read params: {}unknown_category must be missing or error, not '{}'", prefix, unknown));
  }
  spec.unknown_category = unknown == "error" ? train::UnknownCategory::kError : train::UnknownCategory::kMissing;
  const std::set<std::string> own = {"rounds",           "early_stopping_rounds", "valid_fraction",
                                     "unknown_category", "min_category_count",    "threshold"};
  for (const auto& [key, value] : values->AsObject()) {
    if (!own.contains(key)) spec.params[key] = value.IsString() ? value.AsString() : value.Dump();
  }
  return valid_fraction;
}

struct Parts {
  types::Frame train;
  types::Frame valid;
};

// A rare class that only the held-back rows have could not be scored there: these rows are learnt from instead.
void KeepClassesInTrain(const types::Column& label, std::vector<std::size_t>& train_rows, std::vector<std::size_t>& valid_rows) {
  const auto value = [&](std::size_t row) {
    return label.kind == types::Kind::kText ? static_cast<double>(label.codes[row]) : label.Number(row);
  };
  std::set<double> seen;
  for (const std::size_t row : train_rows) {
    if (!label.Missing(row)) seen.insert(value(row));
  }
  std::erase_if(valid_rows, [&](std::size_t row) {
    const bool moves = !label.Missing(row) && !seen.contains(value(row));
    if (moves) train_rows.push_back(row);
    return moves;
  });
}

// `label`: of a classification, else nullptr.
Result<Parts> Split(const types::Frame& frame, const TrainRequest& request, double valid_fraction, const types::Column* label) {
  Parts parts;
  std::vector<std::size_t> train_rows;
  std::vector<std::size_t> valid_rows;
  if (!request.time.empty()) {
    TRY(const train::TimeSplit split, train::SplitByTime(frame, request.time, valid_fraction, 0));
    train_rows = split.train;
    valid_rows = split.valid;
  } else {
    std::vector<std::size_t> order(frame.rows());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::mt19937 random(42);  // fixed: the same data gives the same model
    // std::shuffle's result is the library's choice; this one is ours.
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    const auto cut = static_cast<std::size_t>(static_cast<double>(order.size()) * (1 - valid_fraction));
    train_rows.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(cut));
    valid_rows.assign(order.begin() + static_cast<std::ptrdiff_t>(cut), order.end());
  }
  if (label != nullptr) KeepClassesInTrain(*label, train_rows, valid_rows);
  parts.train = train::TakeRows(frame, train_rows);
  parts.valid = train::TakeRows(frame, valid_rows);
  return parts;
}

Result<codec::Json> Measure(const TrainRequest& request, const train::TrainOutcome& outcome, const types::Frame& valid) {
  TRY(const auto model, infer::Model::Parse(outcome.model, request.model.string()));
  repo::ModelConfig config;
  config.label = request.label;
  config.slices = request.slices;
  types::Frame test;
  if (!request.test.empty()) {
    TRY(test, ReadLabelled(request.test));
  }
  TRY(const Evaluation evaluation, EvaluateModel(*model, request.test.empty() ? valid : test, config));
  codec::Json metrics = *evaluation.report.Find("metrics");
  codec::Json gains = codec::Json::Object{};
  for (const train::Importance& one : outcome.importance) gains.Set(one.feature, one.gain);
  codec::Json out = codec::Json::Object{};
  for (const auto& [key, value] : metrics.AsObject()) out.Set(key, value);
  out.Set("train", codec::Json::Object{{"rows", outcome.train_rows},
                                       {"valid_rows", outcome.valid_rows},
                                       {"best_round", outcome.best_round},
                                       {outcome.best_metric, outcome.best_score}});
  out.Set("importance", std::move(gains));
  if (const codec::Json* slices = evaluation.report.Find("slices"); !slices->AsArray().empty()) out.Set("slices", *slices);
  if (const codec::Json* calibration = evaluation.report.Find("calibration")) out.Set("calibration_bins", *calibration);
  return out;
}

}  // namespace

Result<TrainedModel> TrainFromFile(const TrainRequest& request) {
  TRY(const types::Frame frame, ReadLabelled(request.data));
  const types::Column* label = frame.Find(request.label);
  if (label == nullptr) {
    return Fail(Code::kNotFound,
                fmt::format("cannot train on '{}': it has no column '{}'", request.data.string(), request.label));
  }
  TRYV(CheckLabels(*label));
  train::TrainSpec spec;
  TRY(spec.task, TaskOf(request, *label));
  spec.label = request.label;
  spec.features = request.features;
  spec.exclude = request.exclude;
  if (!request.time.empty()) spec.exclude.push_back(request.time);
  spec.positive = request.positive;
  spec.on_round = request.on_round;
  TRY(const repo::Params params, repo::Params::Load(request.params));
  TRY(const double valid_fraction, ReadParams(params, request.section, spec));
  if (valid_fraction < 0 || valid_fraction >= 1)
    return Fail(Code::kInvalid, "cannot train: valid_fraction must be from 0 to under 1");
  TRY(const Parts parts, Split(frame, request, valid_fraction, spec.task == train::Task::kClassification ? label : nullptr));
  const bool holds_back = parts.valid.rows() > 0;
  if (!holds_back) spec.early_stopping_rounds = 0;
  TrainedModel trained;
  TRY(trained.outcome, train::Train(parts.train, holds_back ? &parts.valid : nullptr, spec));
  TRY(trained.metrics, Measure(request, trained.outcome, holds_back ? parts.valid : parts.train));
  if (request.model.has_parent_path()) TRYV(os::MakeDirs(request.model.parent_path()));
  TRYV(os::WriteFileAtomic(request.model, trained.outcome.model));
  if (!request.metrics.empty()) TRYV(os::WriteFileAtomic(request.metrics, trained.metrics.Pretty() + "\n"));
  return trained;
}

}  // namespace mlean::flows
