#include "infer/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/digest.hpp"
#include "os/files.hpp"

namespace mlean::infer {

Model::Model(Forest forest, ModelSchema schema, RowEncoder encoder, std::string digest)
    : forest_(std::move(forest)), schema_(std::move(schema)), encoder_(std::move(encoder)), digest_(std::move(digest)) {
  if (schema_.task != Task::kClassification) return;
  sigmoid_ = forest_.groups() == 1 && forest_.info().link == Link::kIdentity;
  if (forest_.groups() == 1 && schema_.classes.size() == 2) positive_ = schema_.positive == schema_.classes[0] ? 0 : 1;
}

Result<std::shared_ptr<const Model>> Model::Load(const std::string& path, const ModelOptions& options) {
  Result<std::string> bytes = os::ReadFile(path, options.forest.max_bytes);
  if (!bytes) return std::move(bytes).error().With("cannot load model");
  return Parse(*bytes, path, options);
}

Result<std::shared_ptr<const Model>> Model::Parse(std::string_view bytes, std::string_view name, const ModelOptions& options) {
  TRY(Forest forest, Forest::Parse(bytes, name, options.forest));
  Result<ModelSchema> schema = SchemaOf(forest.info());
  if (!schema) return std::move(schema).error().With(fmt::format("cannot load model '{}'", name));
  RowEncoder encoder(*schema, options.encoder);
  const std::shared_ptr<const Model> model(
      new Model(std::move(forest), *std::move(schema), std::move(encoder), Sha256Hex(bytes)));
  const std::vector<float> nothing(model->features(), std::numeric_limits<float>::quiet_NaN());
  const Prediction warm_up = model->PredictRow(nothing);
  (void)warm_up;
  return model;
}

void Model::PredictRows(std::span<const float> rows, std::size_t count, std::span<float> out) const {
  forest_.PredictMargins(rows, count, out);
  forest_.ApplyLink(out);
  if (sigmoid_) {
    for (float& value : out) value = Sigmoid(value);
  }
  if (positive_ == 0) {
    for (float& value : out) value = 1.0F - value;
  }
}

std::int32_t Model::LabelOf(std::span<const float> outputs) const {
  if (schema_.task != Task::kClassification) return -1;
  if (positive_ >= 0) return static_cast<double>(outputs[0]) >= schema_.threshold ? positive_ : 1 - positive_;
  return static_cast<std::int32_t>(std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
}

Prediction Model::PredictRow(std::span<const float> row) const {
  Prediction prediction;
  if (outputs() == 1) {
    PredictRows(row, 1, {&prediction.value, 1});
    prediction.label = LabelOf({&prediction.value, 1});
    return prediction;
  }
  prediction.outputs.resize(outputs());
  PredictRows(row, 1, prediction.outputs);
  prediction.label = LabelOf(prediction.outputs);
  prediction.value = prediction.outputs[prediction.label < 0 ? 0 : static_cast<std::size_t>(prediction.label)];
  return prediction;
}

}  // namespace mlean::infer
