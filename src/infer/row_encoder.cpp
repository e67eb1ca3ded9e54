#include "infer/row_encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "infer/row_encoder_state.hpp"

namespace mlean::infer {
namespace {

using codec::Json;

constexpr double kCategoryEnd = 1 << 24;

std::string_view Wanted(const EncodedColumn& column) {
  switch (column.kind) {
    case FeatureKind::kNumber: return "a number";
    case FeatureKind::kInteger: return "an integer";
    case FeatureKind::kBoolean: return "a boolean";
    case FeatureKind::kCategory: return column.categories.size() == 0 ? "a category code" : "a category";
    case FeatureKind::kTime: return "a time";
  }
  return "a number";
}

void Add(EncodeReport* total, const EncodeReport& counts) {
  if (total == nullptr) return;
  total->missing += counts.missing;
  total->unknown_categories += counts.unknown_categories;
  total->extra_columns += counts.extra_columns;
}

Error Wrong(std::string_view cause) { return Fail(Code::kInvalid, fmt::format("cannot encode row: {}", cause)); }

}  // namespace

std::string RowEncoder::State::WrongType(std::size_t index, std::string_view found) const {
  return fmt::format("column '{}' must be {}, not {}", names[index], Wanted(columns[index]), found);
}

bool RowEncoder::State::FromMissing(std::size_t index, float& out, EncodeReport& report, std::string& cause) const {
  if (missing == MissingValue::kError) {
    cause = fmt::format("column '{}' has no value", names[index]);
    return false;
  }
  out = std::numeric_limits<float>::quiet_NaN();
  ++report.missing;
  return true;
}

bool RowEncoder::State::FromCategory(std::size_t index, std::string_view word, float& out, EncodeReport& report,
                                     std::string& cause) const {
  const std::size_t code = columns[index].categories.Find(word);
  if (code != NameIndex::kNone) {
    out = static_cast<float>(code);
    return true;
  }
  if (unknown_category == UnknownCategory::kError) {
    cause = fmt::format("column '{}' has the unknown category '{}'", names[index], word.substr(0, 100));
    return false;
  }
  if (!FromMissing(index, out, report, cause)) return false;
  ++report.unknown_categories;
  return true;
}

bool RowEncoder::State::FromNumber(std::size_t index, double value, float& out, EncodeReport& report, std::string& cause) const {
  if (std::isnan(value)) return FromMissing(index, out, report, cause);
  const EncodedColumn& column = columns[index];
  bool fits = true;
  switch (column.kind) {
    case FeatureKind::kNumber:
    case FeatureKind::kTime: break;
    case FeatureKind::kInteger: fits = std::trunc(value) == value; break;
    case FeatureKind::kBoolean: fits = value == 0 || value == 1; break;
    case FeatureKind::kCategory:
      if (column.categories.size() > 0) return FromCategory(index, FormatDouble(value), out, report, cause);
      fits = std::trunc(value) == value && value >= 0 && value < kCategoryEnd;
      break;
  }
  out = static_cast<float>(value);
  if (!fits) {
    cause = WrongType(index, FormatDouble(value));
    return false;
  }
  if (std::isinf(out))
    cause = fmt::format("column '{}' is out of the range of a 32-bit float: {}", names[index], FormatDouble(value));
  return !std::isinf(out);
}

bool RowEncoder::State::FromWord(std::size_t index, std::string_view word, float& out, EncodeReport& report,
                                 std::string& cause) const {
  const EncodedColumn& column = columns[index];
  if (column.kind == FeatureKind::kCategory && column.categories.size() > 0) return FromCategory(index, word, out, report, cause);
  if (column.kind == FeatureKind::kTime) {
    if (const Result<TimeMs> time = ParseTime(word)) return FromNumber(index, static_cast<double>(*time), out, report, cause);
    cause = fmt::format("column '{}' must be a time such as '2013-04-01T12:00:00Z', not '{}'", names[index], word.substr(0, 100));
    return false;
  }
  cause = WrongType(index, "a string");
  return false;
}

bool RowEncoder::State::FromBool(std::size_t index, bool value, float& out, std::string& cause) const {
  out = value ? 1.0F : 0.0F;
  if (columns[index].kind == FeatureKind::kBoolean) return true;
  cause = WrongType(index, "a bool");
  return false;
}

bool RowEncoder::State::Complete(std::span<float> out, EncodeReport& report, std::string& cause) const {
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!IsAbsent(out[i])) continue;
    if (columns[i].required) {
      cause = fmt::format("column '{}' is missing", names[i]);
      return false;
    }
    if (!FromMissing(i, out[i], report, cause)) return false;
  }
  return true;
}

RowEncoder::RowEncoder(const ModelSchema& schema, const EncoderOptions& options) {
  auto state = std::make_unique<State>();
  std::vector<std::string> names;
  for (const Feature& feature : schema.features) {
    names.push_back(feature.name);
    state->columns.push_back({feature.kind, feature.required, NameIndex(feature.categories)});
  }
  state->names = NameIndex(std::move(names));
  state->unknown_category = schema.unknown_category;
  state->missing = schema.missing;
  state->options = options;
  state_ = std::move(state);
}
RowEncoder::RowEncoder(RowEncoder&&) noexcept = default;
RowEncoder& RowEncoder::operator=(RowEncoder&&) noexcept = default;
RowEncoder::~RowEncoder() = default;

std::size_t RowEncoder::features() const { return state_->columns.size(); }

Result<void> RowEncoder::Encode(const Json& row, std::span<float> out, EncodeReport* report) const {
  CHECK_BUG(out.size() == features());
  const State& state = *state_;
  EncodeReport counts;
  std::string cause;
  const auto value = [&](std::size_t index, const Json& json) {
    if (json.IsNumber()) return state.FromNumber(index, json.AsDouble(), out[index], counts, cause);
    if (json.IsString()) return state.FromWord(index, json.AsString(), out[index], counts, cause);
    if (json.IsBool()) return state.FromBool(index, json.AsBool(), out[index], cause);
    if (json.IsNull()) return state.FromMissing(index, out[index], counts, cause);
    cause = state.WrongType(index, json.TypeName());
    return false;
  };
  if (row.IsArray()) {
    const Json::Array& values = row.AsArray();
    if (values.size() != out.size())
      return Wrong(fmt::format("it has {} values, the model has {} columns", values.size(), out.size()));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!value(i, values[i])) return Wrong(cause);
    }
  } else if (row.IsObject()) {
    std::fill(out.begin(), out.end(), AbsentMark());
    for (const auto& [name, json] : row.AsObject()) {
      const std::size_t index = state.names.Find(name);
      if (index == NameIndex::kNone) {
        if (state.options.refuse_extra_columns)
          return Wrong(fmt::format("the model has no column '{}'", std::string_view(name).substr(0, 100)));
        ++counts.extra_columns;
      } else if (!value(index, json)) {
        return Wrong(cause);
      }
    }
    if (!state.Complete(out, counts, cause)) return Wrong(cause);
  } else {
    return Wrong(fmt::format("it must be an object or a list, not {}", row.TypeName()));
  }
  Add(report, counts);
  return {};
}

Result<void> RowEncoder::EncodeFlatJson(std::string_view body, std::span<float> out, EncodeReport* report) const {
  CHECK_BUG(out.size() == features());
  EncodeReport counts;
  if (!state_->EncodeUsual(body, out, counts)) {
    TRY(const Json json, Json::Parse(body));
    if (!json.IsObject()) return Wrong(fmt::format("it must be an object, not {}", json.TypeName()));
    return Encode(json, out, report);
  }
  Add(report, counts);
  return {};
}

namespace {

// What became of a word, or of a number that names a category: looked up once, counted for every row that has it.
struct Mapped {
  float value = 0;
  EncodeReport counts;
  std::string cause;
  bool good = false;
  bool known = false;
};

}  // namespace

bool RowEncoder::State::EncodeColumn(std::size_t index, const types::Column& column, std::span<float> out, EncodeReport& report,
                                     RowCause& wrong) const {
  const std::size_t stride = columns.size();
  const bool text = column.kind == types::Kind::kText;
  const bool by_name = !text && columns[index].kind == FeatureKind::kCategory && columns[index].categories.size() > 0;
  std::vector<Mapped> words(text ? column.words.size() : 0);
  std::unordered_map<std::uint64_t, Mapped> numbers;
  for (std::size_t& row = wrong.row = 0; row < column.size(); ++row) {
    float& value = out[row * stride + index];
    if (column.Missing(row)) {
      if (!FromMissing(index, value, report, wrong.cause)) return false;
      continue;
    }
    const double number = column.Number(row);
    if (!text && !by_name) {
      if (!FromNumber(index, number, value, report, wrong.cause)) return false;
      continue;
    }
    const std::size_t code = text ? static_cast<std::size_t>(column.codes[row]) : 0;
    Mapped& mapped = text ? words[code] : numbers[std::bit_cast<std::uint64_t>(number)];
    if (!mapped.known) {
      mapped.known = true;
      mapped.good = text ? FromWord(index, column.words[code], mapped.value, mapped.counts, mapped.cause)
                         : FromNumber(index, number, mapped.value, mapped.counts, mapped.cause);
    }
    if (!mapped.good) {
      wrong.cause = mapped.cause;
      return false;
    }
    value = mapped.value;
    Add(&report, mapped.counts);
  }
  return true;
}

Result<std::vector<float>> RowEncoder::EncodeFrame(const types::Frame& frame, EncodeReport* report) const {
  const State& state = *state_;
  const std::size_t rows = frame.rows();
  EncodeReport counts;
  for (const types::Column& column : frame.columns) {
    if (column.size() != rows)
      return Wrong(fmt::format("column '{}' has {} values for {} rows", column.name, column.size(), rows));
    if (state.names.Find(column.name) != NameIndex::kNone) continue;
    if (state.options.refuse_extra_columns) return Wrong(fmt::format("the model has no column '{}'", column.name));
    ++counts.extra_columns;
  }
  std::vector<float> out(rows * features());
  State::RowCause wrong;
  for (std::size_t i = 0; i < features(); ++i) {
    const types::Column* const column = frame.Find(state.names[i]);
    bool good = true;
    if (column != nullptr) {
      good = state.EncodeColumn(i, *column, out, counts, wrong);
    } else if (state.columns[i].required) {
      return Wrong(fmt::format("column '{}' is missing", state.names[i]));
    } else {
      for (std::size_t& row = wrong.row = 0; row < rows; ++row) {
        good = state.FromMissing(i, out[row * features() + i], counts, wrong.cause);
        if (!good) break;
      }
    }
    if (!good) return Fail(Code::kInvalid, fmt::format("cannot encode row {}: {}", wrong.row, wrong.cause));
  }
  Add(report, counts);
  return out;
}

}  // namespace mlean::infer
