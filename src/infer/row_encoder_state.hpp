// What a RowEncoder knows, shared by its two ways in: values (row_encoder.cpp) and text (flat_json.cpp). Internal to this room.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "infer/name_index.hpp"
#include "infer/row_encoder.hpp"

namespace mlean::infer {

struct EncodedColumn {
  FeatureKind kind = FeatureKind::kNumber;
  bool required = true;
  NameIndex categories;
};

struct RowEncoder::State {
  NameIndex names;
  std::vector<EncodedColumn> columns;
  UnknownCategory unknown_category = UnknownCategory::kMissing;
  MissingValue missing = MissingValue::kAllow;
  EncoderOptions options;

  // One value of column `index`. False and a cause ("column 'hour' must be …") when it may not stand there.
  bool FromMissing(std::size_t index, float& out, EncodeReport& report, std::string& cause) const;
  bool FromNumber(std::size_t index, double value, float& out, EncodeReport& report, std::string& cause) const;
  bool FromWord(std::size_t index, std::string_view word, float& out, EncodeReport& report, std::string& cause) const;
  bool FromBool(std::size_t index, bool value, float& out, std::string& cause) const;
  bool FromCategory(std::size_t index, std::string_view word, float& out, EncodeReport& report, std::string& cause) const;
  // After an object's members: columns that did not occur.
  bool Complete(std::span<float> out, EncodeReport& report, std::string& cause) const;
  struct RowCause {
    std::size_t row = 0;
    std::string cause;
  };
  // All rows of one column of a table into column `index` of the row-major `out`. False with the first wrong row.
  bool EncodeColumn(std::size_t index, const types::Column& column, std::span<float> out, EncodeReport& report,
                    RowCause& wrong) const;
  std::string WrongType(std::size_t index, std::string_view found) const;

  // The hot path: false when the text is unusual in any way, wrong values included; the slow path then tells what it is.
  bool EncodeUsual(std::string_view body, std::span<float> out, EncodeReport& report) const;
};

// Stands in `out` for a column that did not occur yet: a NaN that no value becomes.
constexpr std::uint32_t kAbsentBits = 0x7fe1a57e;
inline float AbsentMark() { return std::bit_cast<float>(kAbsentBits); }
inline bool IsAbsent(float value) { return std::bit_cast<std::uint32_t>(value) == kAbsentBits; }

}  // namespace mlean::infer
