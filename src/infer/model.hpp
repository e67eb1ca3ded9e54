// Model: a loaded model file ready to serve: forest, schema, encoder and the file's digest. Immutable, shared by all threads that
// predict and by the table of loaded models; the last user's shared_ptr frees it, so a hot swap never waits for requests.
//
//   TRY(const std::shared_ptr<const Model> model, Model::Load("late.ubj"));
//   std::vector<float> row(model->encoder().features());
//   TRYV(model->encoder().EncodeFlatJson(body, row));
//   const Prediction prediction = model->PredictRow(row);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "infer/forest.hpp"
#include "infer/model_schema.hpp"
#include "infer/row_encoder.hpp"

namespace mlean::infer {

struct Prediction {
  float value = 0;          // regression: the value · binary: probability of the positive class · multiclass: that of `label`
  std::int32_t label = -1;  // index into schema().classes; -1 for regression
  // All outputs where the model has several (class probabilities, targets, quantiles); else empty.
  std::vector<float> outputs;
};

struct ModelOptions {
  ForestOptions forest;
  EncoderOptions encoder;
};

class Model {
 public:
  // Reads, checks and warms up (predicts a row of missing values, which touches the tables).
  static Result<std::shared_ptr<const Model>> Load(const std::string& path, const ModelOptions& options = {});
  // `name` is for error texts.
  static Result<std::shared_ptr<const Model>> Parse(std::string_view bytes, std::string_view name,
                                                    const ModelOptions& options = {});

  const Forest& forest() const { return forest_; }
  const ModelSchema& schema() const { return schema_; }
  const RowEncoder& encoder() const { return encoder_; }
  const std::string& digest() const { return digest_; }  // SHA-256 of the file, 64 hex digits
  std::size_t features() const { return forest_.features(); }
  std::size_t outputs() const { return forest_.groups(); }  // floats a row that PredictRows writes

  // `row` has features() floats.
  Prediction PredictRow(std::span<const float> row) const;
  // Outputs only, [count][outputs()]: what PredictRow calls value (one output) or outputs. No allocation.
  void PredictRows(std::span<const float> rows, std::size_t count, std::span<float> out) const;
  // Class index of one row's outputs; -1 for regression.
  std::int32_t LabelOf(std::span<const float> outputs) const;

 private:
  Model(Forest forest, ModelSchema schema, RowEncoder encoder, std::string digest);

  Forest forest_;
  ModelSchema schema_;
  RowEncoder encoder_;
  std::string digest_;
  bool sigmoid_ = false;        // binary classification by a model that answers raw margins
  std::int32_t positive_ = -1;  // binary: index of the positive class
};

}  // namespace mlean::infer
