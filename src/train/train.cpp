#include "train/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>

#include "base/text.hpp"
#include "train/dataset.hpp"
#include "train/params.hpp"
#include "train/xgboost_api.hpp"

namespace mlean::train {

namespace {

Result<void> CheckSpec(const TrainSpec& spec, const types::Frame* valid_rows) {
  if (spec.rounds < 1 || spec.rounds > kMaxRounds) {
    return Fail(Code::kInvalid, fmt::format("cannot train: rounds must be 1 to {}, not {}", kMaxRounds, spec.rounds));
  }
  if (spec.early_stopping_rounds < 0) {
    return Fail(Code::kInvalid,
                fmt::format("cannot train: early_stopping_rounds must not be negative, but is {}", spec.early_stopping_rounds));
  }
  if (valid_rows != nullptr && valid_rows->rows() == 0) {
    return Fail(Code::kInvalid, "cannot train: there are no validation rows", "set a larger validation part");
  }
  if (spec.early_stopping_rounds > 0 && valid_rows == nullptr) {
    return Fail(Code::kInvalid, "cannot train: early stopping needs validation rows",
                "set a validation part, or early_stopping_rounds to 0");
  }
  return {};
}

Result<Matrix> MakeMatrix(const XgboostApi& api, const Dataset& data, const Plan& plan, int threads) {
  TRY(Matrix matrix, Matrix::Make(api, data.values, data.rows, plan.features.size(), threads));
  TRYV(matrix.SetFloats("label", data.labels));
  if (!data.weights.empty()) TRYV(matrix.SetFloats("weight", data.weights));
  TRYV(matrix.SetTexts("feature_name", plan.FeatureNames()));
  TRYV(matrix.SetTexts("feature_type", plan.FeatureTypes()));
  return matrix;
}

Result<Matrix> LoadRows(const XgboostApi& api, const types::Frame& frame, Plan& plan, const TrainSpec& spec,
                        std::string_view part, int threads) {
  TRY(const Dataset data, Encode(frame, plan, spec, part));
  return MakeMatrix(api, data, plan, threads);
}

// "[3]\ttrain-logloss:0.61\tvalid-logloss:0.63"
RoundScore ParseScores(int round, std::string_view text) {
  RoundScore score{.round = round};
  for (const std::string& part : Split(text, '\t')) {
    const std::size_t colon = part.rfind(':');
    if (colon == std::string::npos) continue;
    const std::optional<double> value = ParseDouble(std::string_view(part).substr(colon + 1));
    if (value) score.metrics.emplace_back(part.substr(0, colon), *value);
  }
  return score;
}

// Runs the rounds; fills history, best_* and stopped_early.
Result<void> Boost(Booster& booster, const Matrix& train, const std::optional<Matrix>& valid, const TrainSpec& spec,
                   const std::string& metric, TrainOutcome& outcome) {
  const bool higher = HigherIsBetter(metric);
  for (int round = 0; round < spec.rounds; ++round) {
    if (spec.cancel != nullptr && spec.cancel->load(std::memory_order_relaxed)) {
      return Fail(Code::kCancelled, fmt::format("cannot train: interrupted after {} rounds", round));
    }
    TRYV(booster.Update(round, train));
    TRY(const std::string text, valid ? booster.Evaluate(round, {train.handle(), valid->handle()}, {"train", "valid"})
                                      : booster.Evaluate(round, {train.handle()}, {"train"}));
    const RoundScore& score = outcome.history.emplace_back(ParseScores(round, text));
    if (spec.on_round) spec.on_round(score);
    if (score.metrics.empty()) return Fail(Code::kInternal, fmt::format("cannot train: no metric in '{}'", text));
    const auto& [name, value] = score.metrics.back();
    const bool better = round == 0 || (higher ? value > outcome.best_score : value < outcome.best_score);
    if (better || spec.early_stopping_rounds == 0) {
      outcome.best_round = round;
      outcome.best_score = value;
      outcome.best_metric = name;
    } else if (round - outcome.best_round >= spec.early_stopping_rounds) {
      outcome.stopped_early = true;
      break;
    }
  }
  return {};
}

std::vector<Importance> Rank(const std::vector<double>& gain, const Plan& plan) {
  const double total = std::accumulate(gain.begin(), gain.end(), 0.0);
  std::vector<Importance> importance;
  for (std::size_t i = 0; i < gain.size(); ++i) {
    if (gain[i] > 0) importance.push_back({plan.features[i].name, gain[i] / total});
  }
  std::stable_sort(importance.begin(), importance.end(),
                   [](const Importance& a, const Importance& b) { return a.gain > b.gain; });
  return importance;
}

}  // namespace

Result<TrainOutcome> Train(const types::Frame& train_rows, const types::Frame* valid_rows, const TrainSpec& spec) {
  const auto begin = std::chrono::steady_clock::now();
  TRYV(CheckSpec(spec, valid_rows));
  TRY(Plan plan, MakePlan(train_rows, spec));
  TRY(const Params params, ResolveParams(spec, plan.classes.size()));
  TRY(const XgboostApi* api, XgboostApi::Open());
  TRYV(api->Check(api->SetGlobalConfig(R"({"verbosity": 0})"), "silence the library"));

  TRY(const Matrix train, LoadRows(*api, train_rows, plan, spec, "training", params.threads));
  std::optional<Matrix> valid;
  std::vector<XgboostApi::Handle> matrices{train.handle()};
  if (valid_rows != nullptr) {
    TRY(valid, LoadRows(*api, *valid_rows, plan, spec, "validation", params.threads));
    matrices.push_back(valid->handle());
  }
  TRY(Booster booster, Booster::Make(*api, matrices, params.values));
  TrainOutcome outcome;
  TRYV(Boost(booster, train, valid, spec, params.last_metric, outcome));

  TRY(Booster best, booster.Head(outcome.best_round + 1));
  outcome.schema = plan.SchemaJson(spec);
  outcome.features = plan.FeatureNames();
  TRYV(best.SetTexts("feature_name", outcome.features));
  TRYV(best.SetTexts("feature_type", plan.FeatureTypes()));
  TRYV(best.SetAttribute("mlean.schema", outcome.schema));
  TRYV(best.SetAttribute("best_iteration", std::to_string(outcome.best_round)));
  TRYV(best.SetAttribute("best_score", FormatDouble(outcome.best_score)));
  TRY(const std::vector<double> gain, best.TotalGain(plan.features.size()));
  outcome.importance = Rank(gain, plan);
  TRY(outcome.model, best.SaveUbj());

  outcome.classes = plan.classes;
  outcome.warnings = std::move(plan.warnings);
  outcome.train_rows = train_rows.rows();
  outcome.valid_rows = valid_rows != nullptr ? valid_rows->rows() : 0;
  outcome.wall_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
  return outcome;
}

}  // namespace mlean::train
