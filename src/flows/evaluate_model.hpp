// Evaluating a model on labelled data: metrics over all rows and by slice, calibration, fairness. What gates, reports and the
// comparison of challenger and champion are made of.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "codec/json.hpp"
#include "infer/model.hpp"
#include "repo/loop_config.hpp"
#include "types/frame.hpp"

namespace mlean::flows {

struct Evaluation {
  // {"metrics": {"auc": 0.71, …}, "slices": [{"column","value","rows","metrics"}], "calibration": [{"mean","rate","count"}],
  //  "fairness": {"origin": {"dp_ratio", …}}, "rows": n}. A metric without a value is left out, so that a gate on it denies.
  codec::Json report;
  std::vector<double> labels;       // class index or value; NaN = unknown
  std::vector<double> predictions;  // rows × outputs
  std::size_t outputs = 1;
};

// kInvalid when the frame lacks the label or a feature.
Result<Evaluation> EvaluateModel(const infer::Model& model, const types::Frame& frame, const repo::ModelConfig& config);

// The same for a model and a data file of the project.
Result<types::Frame> ReadLabelled(const std::filesystem::path& data);

// AUC of two models on the same rows: {"champion","challenger","difference","p_value","low","high"}; null when not binary.
codec::Json ComparePaired(const Evaluation& champion, const Evaluation& challenger);

}  // namespace mlean::flows
