#include "flows/evaluate_model.hpp"

#include <fmt/core.h>

#include <cmath>

#include "quality/fairness.hpp"
#include "quality/paired.hpp"
#include "quality/report.hpp"
#include "tables/reader.hpp"
#include "train/split.hpp"

namespace mlean::flows {
namespace {

codec::Json MetricsJson(const std::vector<quality::NamedValue>& metrics) {
  codec::Json out = codec::Json::Object{};
  for (const quality::NamedValue& metric : metrics) {
    if (std::isfinite(metric.value)) out.Set(metric.name, metric.value);
  }
  return out;
}

codec::Json SlicesJson(const std::vector<quality::SliceRow>& slices) {
  codec::Json out = codec::Json::Array{};
  for (const quality::SliceRow& slice : slices) {
    out.Push(codec::Json::Object{{"column", slice.column},
                                 {"value", slice.value},
                                 {"rows", slice.rows},
                                 {"positives", slice.positives},
                                 {"metrics", MetricsJson(slice.metrics)}});
  }
  return out;
}

codec::Json FairnessJson(const Evaluation& evaluation, const types::Frame& frame, const repo::ModelConfig& config,
                         double threshold) {
  codec::Json out = codec::Json::Object{};
  std::vector<std::size_t> known;
  std::vector<unsigned char> labels;
  std::vector<unsigned char> selected;
  for (std::size_t i = 0; i < evaluation.labels.size(); ++i) {
    if (std::isnan(evaluation.labels[i])) continue;
    known.push_back(i);
    labels.push_back(evaluation.labels[i] == 1 ? 1 : 0);
    selected.push_back(evaluation.predictions[i] >= threshold ? 1 : 0);
  }
  for (const std::string& name : config.sensitive) {
    const types::Column* column = frame.Find(name);
    if (column == nullptr) continue;
    const types::Frame groups = train::TakeRows({{*column}}, known);
    const quality::FairnessReport report = quality::Fairness(labels, selected, groups.columns.front());
    codec::Json one = codec::Json::Object{};
    const auto put = [&](std::string_view key, double value) {
      if (std::isfinite(value)) one.Set(key, value);
    };
    put("dp_difference", report.dp_difference);
    put("dp_ratio", report.dp_ratio);
    put("eo_difference", report.eo_difference);
    put("eo_ratio", report.eo_ratio);
    out.Set(name, std::move(one));
  }
  return out;
}

}  // namespace

Result<types::Frame> ReadLabelled(const std::filesystem::path& data) {
  TRY(const auto engine, tables::Engine::Open());
  return tables::ReadFrame(*engine, {.path = data.string()});
}

Result<Evaluation> EvaluateModel(const infer::Model& model, const types::Frame& frame, const repo::ModelConfig& config) {
  const infer::ModelSchema& schema = model.schema();
  const types::Column* label = frame.Find(config.label);
  if (label == nullptr)
    return Fail(Code::kInvalid, fmt::format("cannot evaluate: the data has no label column '{}'", config.label));
  Evaluation out;
  out.outputs = model.outputs();
  const bool classification = schema.task == infer::Task::kClassification;
  out.labels = quality::EncodeLabels(*label, schema.classes);
  TRY(const std::vector<float> rows, model.encoder().EncodeFrame(frame));
  std::vector<float> predicted(frame.rows() * out.outputs);
  model.PredictRows(rows, frame.rows(), predicted);
  out.predictions.assign(predicted.begin(), predicted.end());

  quality::EvaluateOptions options;
  options.threshold = schema.threshold;
  for (const std::string& name : config.slices) {
    if (const types::Column* column = frame.Find(name)) options.slices.push_back({name, column});
  }
  quality::EvaluateInput input;
  input.task = classification ? quality::Task::kClassification : quality::Task::kRegression;
  input.labels = out.labels;
  input.predictions = out.predictions;
  input.classes = schema.classes;
  TRY(const quality::MetricReport report, quality::Evaluate(input, options));
  out.report =
      codec::Json::Object{{"rows", report.rows}, {"metrics", MetricsJson(report.metrics)}, {"slices", SlicesJson(report.slices)}};
  if (!report.calibration.empty()) {
    codec::Json bins = codec::Json::Array{};
    for (const quality::CalibrationBin& bin : report.calibration) {
      if (bin.count == 0) continue;
      bins.Push(codec::Json::Object{{"mean", bin.mean_predicted}, {"rate", bin.observed_rate}, {"count", bin.count}});
    }
    out.report.Set("calibration", std::move(bins));
  }
  if (classification && out.outputs == 1 && !config.sensitive.empty()) {
    out.report.Set("fairness", FairnessJson(out, frame, config, schema.threshold));
  }
  return out;
}

codec::Json ComparePaired(const Evaluation& champion, const Evaluation& challenger) {
  if (champion.outputs != 1 || challenger.outputs != 1 || champion.labels.size() != challenger.labels.size()) return {};
  for (const double label : champion.labels) {
    if (!std::isnan(label) && label != 0 && label != 1) return {};
  }
  std::vector<unsigned char> labels;
  std::vector<double> a;
  std::vector<double> b;
  for (std::size_t i = 0; i < champion.labels.size(); ++i) {
    if (std::isnan(champion.labels[i])) continue;
    labels.push_back(champion.labels[i] == 1 ? 1 : 0);
    a.push_back(champion.predictions[i]);
    b.push_back(challenger.predictions[i]);
  }
  const quality::PairedDifference paired = quality::CompareAuc(labels, a, b);
  codec::Json out = codec::Json::Object{};
  for (const auto& [name, value] : {std::pair<std::string_view, double>{"champion", paired.champion},
                                    {"challenger", paired.challenger},
                                    {"difference", paired.difference},
                                    {"p_value", paired.p_value},
                                    {"low", paired.low},
                                    {"high", paired.high}}) {
    if (std::isfinite(value)) out.Set(name, value);
  }
  return out;
}

}  // namespace mlean::flows
