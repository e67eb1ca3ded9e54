#include "api/oip/infer_request.hpp"

#include <fmt/core.h>

#include <cmath>
#include <limits>
#include <unordered_map>

#include "api/oip/usual_request.hpp"
#include "codec/json.hpp"

namespace mlean::api::oip {
namespace {

constexpr std::size_t kMaxTensors = 20'000;
constexpr std::size_t kMaxElements = 10'000'000;
constexpr std::size_t kMaxValues = 1'000'000;  // of a request: 20,000 rows of 50 columns; each costs 40 to 170 bytes of memory
constexpr std::size_t kMaxOutputs = 64;

struct Datatype {
  std::string_view name;
  types::Kind kind;
  double low;
  double high;
};
constexpr double kFloatMax = std::numeric_limits<float>::max();
constexpr Datatype kDatatypes[] = {
    {"BOOL", types::Kind::kBool, 0, 1},
    {"UINT8", types::Kind::kInt, 0, 255},
    {"UINT16", types::Kind::kInt, 0, 65535},
    {"UINT32", types::Kind::kInt, 0, 4294967295.0},
    {"UINT64", types::Kind::kInt, 0, 9.3e18},
    {"INT8", types::Kind::kInt, -128, 127},
    {"INT16", types::Kind::kInt, -32768, 32767},
    {"INT32", types::Kind::kInt, -2147483648.0, 2147483647.0},
    {"INT64", types::Kind::kInt, -9.3e18, 9.3e18},
    {"FP16", types::Kind::kReal, -65504, 65504},
    {"FP32", types::Kind::kReal, -kFloatMax, kFloatMax},
    {"FP64", types::Kind::kReal, -std::numeric_limits<double>::max(), std::numeric_limits<double>::max()},
    {"BYTES", types::Kind::kText, 0, 0}};

struct Tensor {
  std::string name;
  const Datatype* type = nullptr;
  std::vector<std::int64_t> shape;
  std::size_t elements = 1;
};

Error Bad(const Tensor& tensor, const std::string& cause) {
  return Fail(Code::kInvalid, fmt::format("cannot read input '{}': {}", tensor.name, cause));
}

Result<Tensor> ReadHead(const codec::Json& json) {
  Tensor tensor;
  TRY(tensor.name, json.StringAt("name"));
  TRY(const std::string datatype, json.StringAt("datatype"));
  for (const Datatype& known : kDatatypes) {
    if (known.name == datatype) tensor.type = &known;
  }
  if (tensor.type == nullptr) return Bad(tensor, fmt::format("datatype '{}' is not known", datatype));
  TRY(const codec::Json* shape, json.ArrayAt("shape"));
  if (shape->AsArray().empty() || shape->AsArray().size() > 8) return Bad(tensor, "shape must have 1 to 8 dimensions");
  for (const codec::Json& dimension : shape->AsArray()) {
    if (!dimension.IsInt() || dimension.AsInt() < 0) return Bad(tensor, "shape must be a list of numbers from 0");
    tensor.shape.push_back(dimension.AsInt());
    if (dimension.AsInt() > 0 && tensor.elements > kMaxElements / static_cast<std::size_t>(dimension.AsInt())) {
      return Fail(Code::kTooLarge, fmt::format("cannot read input '{}': over {} elements", tensor.name, kMaxElements));
    }
    tensor.elements *= static_cast<std::size_t>(dimension.AsInt());
  }
  return tensor;
}

// Appends the values of `data`, flat or nested, to a column.
class ElementReader {
 public:
  ElementReader(const Tensor& tensor, types::Column& column) : tensor_(tensor), column_(column) {}

  Result<void> Read(const codec::Json& data) {
    if (data.IsArray()) {
      for (const codec::Json& element : data.AsArray()) TRYV(Read(element));
      return {};
    }
    if (count_ >= tensor_.elements) return Bad(tensor_, fmt::format("more than the {} values of its shape", tensor_.elements));
    TRYV(Add(data));
    ++count_;
    return {};
  }
  std::size_t count() const { return count_; }

 private:
  Result<void> Add(const codec::Json& value) {
    const types::Kind kind = tensor_.type->kind;
    if (value.IsNull()) {
      AddMissing(kind);
      return {};
    }
    if (kind == types::Kind::kText) return AddText(value);
    if (kind == types::Kind::kBool && value.IsBool()) {
      column_.ints.push_back(value.AsBool() ? 1 : 0);
      return {};
    }
    if (!value.IsNumber()) return Wrong(value);
    const double number = value.AsDouble();
    if (kind == types::Kind::kReal) {
      if (std::isfinite(number) && (number < tensor_.type->low || number > tensor_.type->high)) return Range(value);
      column_.reals.push_back(number);
      return {};
    }
    if (std::floor(number) != number) return Wrong(value);
    if (number < tensor_.type->low || number > tensor_.type->high) return Range(value);
    constexpr double kInt64End = 9223372036854775808.0;  // 2^63
    if (!value.IsInt() && !(number >= -kInt64End && number < kInt64End)) return Range(value);
    column_.ints.push_back(value.IsInt() ? value.AsInt() : static_cast<std::int64_t>(number));
    return {};
  }
  Result<void> AddText(const codec::Json& value) {
    if (!value.IsString()) return Wrong(value);
    const auto [at, added] = words_.emplace(value.AsString(), static_cast<std::int32_t>(column_.words.size()));
    if (added) column_.words.push_back(value.AsString());
    column_.codes.push_back(at->second);
    return {};
  }
  void AddMissing(types::Kind kind) {
    if (kind == types::Kind::kText) {
      column_.codes.push_back(types::kMissingCode);
    } else if (kind == types::Kind::kReal) {
      column_.reals.push_back(NAN);
    } else {
      column_.ints.push_back(types::kMissingInt);
    }
  }
  Error Wrong(const codec::Json& value) const {
    return Bad(tensor_, fmt::format("element {} must be {}, not {}", count_, tensor_.type->name,
                                    value.IsNumber() ? value.Dump() : std::string(value.TypeName())));
  }
  Error Range(const codec::Json& value) const {
    return Bad(tensor_, fmt::format("element {} is out of the range of {}: {}", count_, tensor_.type->name, value.Dump()));
  }

  const Tensor& tensor_;
  types::Column& column_;
  std::unordered_map<std::string, std::int32_t> words_;
  std::size_t count_ = 0;
};

Result<types::Column> ReadTensor(const codec::Json& json, Tensor& tensor) {
  TRY(tensor, ReadHead(json));
  types::Column column;
  column.name = tensor.name;
  column.kind = tensor.type->kind;
  TRY(const codec::Json* data, json.ArrayAt("data"));
  ElementReader reader(tensor, column);
  TRYV(reader.Read(*data));
  if (reader.count() != tensor.elements) {
    return Bad(tensor, fmt::format("{} values, its shape asks for {}", reader.count(), tensor.elements));
  }
  return column;
}

Result<void> ReadOutputs(const codec::Json& body, InferRequest& request) {
  const codec::Json* outputs = body.Find("outputs");
  if (outputs == nullptr || outputs->IsNull()) return {};
  if (!outputs->IsArray() || outputs->AsArray().size() > kMaxOutputs) {
    return Fail(Code::kInvalid, fmt::format("cannot read request: 'outputs' must be a list of at most {}", kMaxOutputs));
  }
  for (const codec::Json& output : outputs->AsArray()) {
    TRY(std::string name, output.StringAt("name"));
    request.outputs.push_back(std::move(name));
  }
  return {};
}

Result<InferRequest> ParseWhole(std::string_view text) {
  TRY(const codec::Json body, codec::Json::Parse(text, {.max_values = kMaxValues, .allow_nan = true}));
  if (!body.IsObject()) return Fail(Code::kInvalid, "cannot read request: it must be an object");
  InferRequest request;
  TRY(request.id, body.StringAt("id", ""));
  TRYV(ReadOutputs(body, request));
  TRY(const codec::Json* inputs, body.ArrayAt("inputs"));
  if (inputs->AsArray().empty() || inputs->AsArray().size() > kMaxTensors) {
    return Fail(Code::kInvalid, "cannot read request: 'inputs' must hold at least one tensor");
  }
  for (const codec::Json& input : inputs->AsArray()) {
    Tensor tensor;
    TRY(types::Column column, ReadTensor(input, tensor));
    const std::size_t rows = static_cast<std::size_t>(tensor.shape[0]);
    if (inputs->AsArray().size() == 1 && tensor.shape.size() == 2 && column.kind != types::Kind::kText &&
        (tensor.name == "input" || tensor.shape[1] != 1)) {
      request.has_matrix = true;
      request.rows = rows;
      request.columns = static_cast<std::size_t>(tensor.shape[1]);
      request.matrix.reserve(tensor.elements);
      for (std::size_t i = 0; i < tensor.elements; ++i) {
        const double number = column.Number(i);
        if (std::isfinite(number) && std::abs(number) > kFloatMax) {
          return Bad(tensor, fmt::format("element {} is out of the range of a 32-bit float", i));
        }
        request.matrix.push_back(static_cast<float>(number));
      }
      return request;
    }
    if (tensor.elements != rows) return Bad(tensor, "shape must be [rows] or [rows, 1]");
    if (!request.frame.columns.empty() && rows != request.rows) {
      return Bad(tensor, fmt::format("{} rows, the inputs before it have {}", rows, request.rows));
    }
    if (request.frame.Find(tensor.name) != nullptr) return Bad(tensor, "it is given twice");
    request.rows = rows;
    request.frame.columns.push_back(std::move(column));
  }
  return request;
}

}  // namespace

Result<InferRequest> ParseInferRequest(std::string_view text) {
  UsualRequest usual;
  if (!ReadUsualRequest(text, usual)) return ParseWhole(text);
  InferRequest request;
  request.id = usual.id;
  request.rows = 1;
  request.usual_row = std::move(usual.row);
  request.text = text;
  return request;
}

Result<void> EncodeRequest(const InferRequest& request, const infer::Model& model, std::vector<float>& rows) {
  if (!request.usual_row.empty()) {
    rows.resize(model.features());
    infer::EncodeReport report;
    // Among columns that the model does not know a name could be repeated: the whole parser looks.
    if (model.encoder().EncodeFlatJson(request.usual_row, rows, &report) && report.extra_columns == 0) return {};
    TRY(const InferRequest whole, ParseWhole(request.text));
    return EncodeRequest(whole, model, rows);
  }
  if (request.has_matrix) {
    if (request.columns != model.features()) {
      return Fail(Code::kInvalid, fmt::format("cannot read input 'input': {} columns, the model has {} features", request.columns,
                                              model.features()));
    }
    rows = request.matrix;
    return {};
  }
  TRY(rows, model.encoder().EncodeFrame(request.frame));
  return {};
}

}  // namespace mlean::api::oip
