// Training from a file: what `mlean train` does. Reads a labelled table, holds back its newest part for early stopping, trains,
// writes the model file and the metrics file.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "train/train.hpp"

namespace mlean::flows {

struct TrainRequest {
  std::filesystem::path data;
  std::filesystem::path test;     // labelled rows never trained on; metrics are taken on it. Empty: on the validation part
  std::filesystem::path model;    // written
  std::filesystem::path metrics;  // written; may be empty
  std::filesystem::path params;   // params.yaml; its section `section` holds rounds, early_stopping_rounds, valid_fraction,
                                  // unknown_category, min_category_count, threshold and XGBoost's own parameters
  std::string section = "train";
  std::string task;  // classification, regression; empty: by the label (text, bool or at most 20 whole numbers: classification)
  std::string label;
  std::string time;  // column for the time-ordered split; empty: a fixed pseudo-random one
  std::vector<std::string> features;
  std::vector<std::string> exclude;
  std::string positive;
  std::vector<std::string> slices;
  std::function<void(const train::RoundScore&)> on_round;
};

struct TrainedModel {
  train::TrainOutcome outcome;
  codec::Json metrics;  // as written
};
Result<TrainedModel> TrainFromFile(const TrainRequest& request);

}  // namespace mlean::flows
