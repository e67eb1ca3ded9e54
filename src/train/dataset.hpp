// Turns frames into what XGBoost learns from: a dense block of floats, labels and weights; and into the schema that turns
// tomorrow's rows into the same floats. Room-internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "train/train.hpp"
#include "types/frame.hpp"

namespace mlean::train {

struct FeatureSpec {
  std::string name;
  types::Kind kind = types::Kind::kReal;  // of the training frame
  std::vector<std::string> categories;    // text: the vocabulary, sorted; index = code
};

struct Plan {
  std::vector<FeatureSpec> features;
  std::vector<std::string> classes;  // by index; empty for regression
  std::vector<std::string> warnings;

  std::vector<std::string> FeatureNames() const;
  std::vector<std::string> FeatureTypes() const;  // XGBoost's: "float" "int" "i" "c"
  // The text of attribute "mlean.schema": the form of infer/model_schema.hpp.
  std::string SchemaJson(const TrainSpec& spec) const;
};

// Rows in XGBoost's form.
struct Dataset {
  std::size_t rows = 0;
  std::vector<float> values;  // row-major; NaN = missing
  std::vector<float> labels;
  std::vector<float> weights;  // empty = none
};

// Chooses features, vocabularies and classes from the training rows. Errors as of Train.
Result<Plan> MakePlan(const types::Frame& train, const TrainSpec& spec);
// `part` is "training" or "validation", for messages. Texts outside a vocabulary become missing and are counted in a warning.
Result<Dataset> Encode(const types::Frame& frame, Plan& plan, const TrainSpec& spec, std::string_view part);

}  // namespace mlean::train
