// RowEncoder: named values of a request or a table into the floats of a model, by its ModelSchema.
//
// Immutable and thread-safe. Encoding a flat JSON object costs about a pass over its bytes: no DOM, no allocation.
// Errors are kInvalid and name the column: "cannot encode row: column 'hour' must be a number, not a string",
// "… column 'hour' is missing", "… column 'carrier' has the unknown category 'ZZ'", "… column 'x' has no value",
// "… column 'x' is out of the range of a 32-bit float: 1e+60". Frames add the row number, counted from 0.
// Null, NaN and, for columns not required, absence are missing values: NaN unless the schema refuses them.
// Numbers are read as double and rounded to float32, as Python's json and numpy do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "infer/model_schema.hpp"
#include "types/frame.hpp"

namespace mlean::infer {

struct EncoderOptions {
  bool refuse_extra_columns = false;  // else columns the model does not know are ignored and counted
};

// What was odd about a row but no error; counts add up over calls with the same report.
struct EncodeReport {
  std::uint64_t missing = 0;             // values that became NaN
  std::uint64_t unknown_categories = 0;  // of these, by UnknownCategory::kMissing
  std::uint64_t extra_columns = 0;       // columns ignored
};

class RowEncoder {
 public:
  explicit RowEncoder(const ModelSchema& schema, const EncoderOptions& options = {});
  RowEncoder(RowEncoder&&) noexcept;
  RowEncoder& operator=(RowEncoder&&) noexcept;
  ~RowEncoder();

  std::size_t features() const;

  // One row. `out` has features() floats; after an error its contents are unspecified. `report` may be null.
  // An object name -> value, or an array in the schema's order.
  Result<void> Encode(const codec::Json& row, std::span<float> out, EncodeReport* report = nullptr) const;
  // The text of one flat object, {"hour": 5, "carrier": "AA"}: the hot path. Same results and errors as Json::Parse + Encode
  // (but for repeated names of columns that are ignored anyway); text that is no JSON gives Json::Parse's error.
  Result<void> EncodeFlatJson(std::string_view body, std::span<float> out, EncodeReport* report = nullptr) const;
  // A whole table, row-major [rows][features]. Text columns: each word is looked up once.
  Result<std::vector<float>> EncodeFrame(const types::Frame& frame, EncodeReport* report = nullptr) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace mlean::infer
