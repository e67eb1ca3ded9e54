// An Open Inference v2 infer request, parsed: its id, its tensors as a table or as raw rows, and which outputs it asks for.
// Shapes: one tensor `input` [rows, features], or one tensor per feature name of [rows] or [rows, 1]. Data is flat or nested.
// Datatypes are checked against the values: an integer out of its range is refused with the tensor and the index.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "infer/model.hpp"
#include "types/frame.hpp"

namespace mlean::api::oip {

struct InferRequest {
  std::string id;
  bool has_matrix = false;    // the one tensor `input`
  std::vector<float> matrix;  // row-major
  std::size_t rows = 0;
  std::size_t columns = 0;           // of the matrix
  types::Frame frame;                // one column per tensor otherwise
  std::vector<std::string> outputs;  // asked for; empty: all default ones
  std::string usual_row;             // a usual request (usual_request.hpp): its row, and neither matrix nor frame
  std::string_view text;             // of a usual request: borrowed, must live until it is encoded
};

Result<InferRequest> ParseInferRequest(std::string_view body);
// Rows for the model, row-major.
Result<void> EncodeRequest(const InferRequest& request, const infer::Model& model, std::vector<float>& rows);

}  // namespace mlean::api::oip
