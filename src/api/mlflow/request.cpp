#include "api/mlflow/request.hpp"

#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr std::string_view kSeeDocs = "See the API docs for more information about request parameters.";
constexpr std::size_t kShownValue = 1000;  // bytes of a wrong value that an error repeats
// The largest batch that may be logged has 8,000 values, a search of every experiment one for each of them.
constexpr codec::JsonParseOptions kRead{.max_values = 250'000, .allow_nan = true};

std::string_view PythonType(const Json& value) {
  if (value.IsNull()) return "NoneType";
  if (value.IsBool()) return "bool";
  if (value.IsInt()) return "int";
  if (value.IsDouble()) return "float";
  if (value.IsString()) return "str";
  return value.IsArray() ? "list" : "dict";
}

Error WrongType(std::string_view parameter, const Json& value) {
  return InvalidValue(parameter, value, fmt::format(" Hint: Value was of type '{}'.", PythonType(value)));
}

// The integer that `value` is a whole number of, when it fits.
std::optional<std::int64_t> WholeNumber(double value) {
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0) || std::floor(value) != value) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<std::int64_t> ToInt(const Json& value) {
  if (value.IsInt()) return value.AsInt();
  if (value.IsDouble()) return WholeNumber(value.AsDouble());
  if (!value.IsString()) return std::nullopt;
  if (const auto number = ParseInt(value.AsString())) return number;
  const auto number = ParseDouble(value.AsString());
  return number ? WholeNumber(*number) : std::nullopt;
}

// Clients that count in seconds send 1700000000.25 * 1000.
std::optional<std::int64_t> ToTime(const Json& value) {
  return value.IsDouble() ? WholeNumber(std::trunc(value.AsDouble())) : ToInt(value);
}

std::optional<double> ToDouble(const Json& value) {
  if (value.IsNumber()) return value.AsDouble();
  if (value.IsBool()) return value.AsBool() ? 1.0 : 0.0;
  if (!value.IsString()) return std::nullopt;
  const std::string& text = value.AsString();
  if (const auto number = ParseDouble(text)) return number;
  // What is too large for a double, and "-Infinity".
  const Result<Json> number = Json::Parse(text, {.allow_nan = true});
  return number && number->IsDouble() ? std::optional<double>(number->AsDouble()) : std::nullopt;
}

std::optional<bool> ToBool(const Json& value) {
  if (value.IsBool()) return value.AsBool();
  if (value.IsInt() && (value.AsInt() == 0 || value.AsInt() == 1)) return value.AsInt() == 1;
  if (!value.IsString()) return std::nullopt;
  const std::string text = ToLower(value.AsString());
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return std::nullopt;
}

// An integer where a text is asked, when that is allowed.
std::optional<Json> ToText(const Json& value, bool allowed) {
  return allowed && value.IsInt() ? std::optional<Json>(std::to_string(value.AsInt())) : std::nullopt;
}

// Where a member stands, for errors: "metrics[0].timestamp".
using Path = std::string;

Result<void> Coerce(Json& object, std::span<const Field> fields, const Path& path);

Result<void> CoerceList(Json& value, const Field& field, const Path& path) {
  if (!value.IsArray()) return WrongType(path, value);
  std::size_t index = 0;
  for (Json& element : value.AsArray()) {
    const Path at = fmt::format("{}[{}]", path, index++);
    if (field.type == Type::kObjects) {
      if (!element.IsObject()) return WrongType(path, value);
      TRYV(Coerce(element, field.fields, at));
      continue;
    }
    if (element.IsString()) continue;
    std::optional<Json> text = ToText(element, field.type == Type::kIds);
    if (!text) return WrongType(at, element);
    element = *std::move(text);
  }
  return {};
}

Result<void> CoerceValue(Json& value, const Field& field, const Path& path) {
  std::optional<Json> right;
  switch (field.type) {
    case Type::kString:
    case Type::kId:
    case Type::kEnum:
      if (value.IsString()) return {};
      right = ToText(value, field.type != Type::kString);
      break;
    case Type::kTime:
      if (const auto number = ToTime(value)) right = Json(*number);
      break;
    case Type::kInt:
      if (const auto number = ToInt(value)) right = Json(*number);
      break;
    case Type::kDouble:
      if (const auto number = ToDouble(value)) right = Json(*number);
      break;
    case Type::kBool:
      if (const auto yes = ToBool(value)) right = Json(*yes);
      break;
    case Type::kObject:
      if (!value.IsObject()) return WrongType(path, value);
      return Coerce(value, field.fields, path);
    case Type::kStrings:
    case Type::kIds:
    case Type::kObjects: return CoerceList(value, field, path);
  }
  if (!right) return WrongType(path, value);
  value = *std::move(right);
  return {};
}

// Brings the members of `object` to their types and drops the rest, in the order of `fields`.
Result<void> Coerce(Json& object, std::span<const Field> fields, const Path& path) {
  if (fields.empty()) return {};
  Json::Object out;
  for (const Field& field : fields) {
    const Path at = path.empty() ? std::string(field.name) : fmt::format("{}.{}", path, field.name);
    Json* value = object.Find(field.name);
    if (field.name == "run_id" && (value == nullptr || value->IsNull())) value = object.Find("run_uuid");
    if (value == nullptr || value->IsNull() || (field.required && value->IsString() && value->AsString().empty())) {
      if (field.required) {
        return Fail(Code::kInvalid, fmt::format("Missing value for required parameter '{}'. {}", at, kSeeDocs));
      }
      continue;
    }
    TRYV(CoerceValue(*value, field, at));
    out.emplace_back(field.name, std::move(*value));
  }
  object = Json(std::move(out));
  return {};
}

Json FromQuery(const net::Call& call, std::span<const Field> fields) {
  Json::Object out;
  for (const Field& field : fields) {
    const bool list = field.type == Type::kStrings || field.type == Type::kIds || field.type == Type::kObjects;
    std::vector<std::string> values = call.QueryAll(field.name);
    if (values.empty() && field.name == "run_id") values = call.QueryAll("run_uuid");
    if (values.empty()) continue;
    if (!list) {
      out.emplace_back(field.name, std::move(values.front()));
      continue;
    }
    Json::Array elements;
    for (std::string& value : values) elements.emplace_back(std::move(value));
    out.emplace_back(field.name, std::move(elements));
  }
  return out;
}

// Too many values are wrong ones to MLflow's clients, which know 413 as a body that is too long.
Result<Json> ReadJson(std::string_view text) {
  Result<Json> read = Json::Parse(text, kRead);
  if (!read && read.error().code == Code::kTooLarge) return Fail(Code::kInvalid, read.error().what);
  return read;
}

Result<Json> FromBody(const net::Call& call) {
  if (call.method == "POST") {
    const std::string_view type = call.Header("Content-Type");
    if (type.empty()) return Fail(Code::kInvalid, "Bad Request. Content-Type header is missing.");
    if (!net::EqualNoCase(Trim(type.substr(0, type.find(';'))), "application/json")) {
      return Fail(Code::kInvalid, "Bad Request. Content-Type must be one of ['application/json'].");
    }
  }
  if (Trim(call.body).empty()) return Json(Json::Object{});
  TRY(Json body, ReadJson(call.body));
  // Very old clients encode the body twice.
  if (body.IsString()) {
    const std::string inner = body.AsString();
    TRY(body, ReadJson(inner));
  }
  if (body.IsNull()) return Json(Json::Object{});
  if (!body.IsObject()) {
    return Fail(Code::kInvalid, fmt::format("cannot read request: the body must be a JSON object, not {}", body.TypeName()));
  }
  return body;
}

}  // namespace

Error InvalidValue(std::string_view parameter, const Json& value, std::string_view hint) {
  std::string shown = value.Dump(true);
  if (shown.size() > kShownValue) shown = shown.substr(0, kShownValue) + "...";
  return Fail(Code::kInvalid,
              fmt::format("Invalid value {} for parameter '{}' supplied: {} {}", shown, parameter, hint, kSeeDocs));
}

Result<Json> ReadRequest(const net::Call& call, std::span<const Field> fields) {
  Json request;
  if (call.method == "GET" && !call.query.empty()) {
    request = FromQuery(call, fields);
  } else {
    TRY(request, FromBody(call));
  }
  for (const Field& field : fields) {
    if (const std::string_view captured = call.Path(field.name); !captured.empty()) request.Set(field.name, captured);
  }
  if (fields.empty()) return Json(Json::Object{});
  TRYV(Coerce(request, fields, {}));
  return request;
}

std::string TextOf(const Json& request, std::string_view key, std::string_view otherwise) {
  const Json* value = request.Find(key);
  return value == nullptr ? std::string(otherwise) : value->AsString();
}

std::int64_t IntOf(const Json& request, std::string_view key, std::int64_t otherwise) {
  const Json* value = request.Find(key);
  return value == nullptr ? otherwise : value->AsInt();
}

bool BoolOf(const Json& request, std::string_view key, bool otherwise) {
  const Json* value = request.Find(key);
  return value == nullptr ? otherwise : value->AsBool();
}

std::span<const Json> ListOf(const Json& request, std::string_view key) {
  const Json* value = request.Find(key);
  return value == nullptr ? std::span<const Json>{} : std::span<const Json>(value->AsArray());
}

std::vector<std::string> TextsOf(const Json& request, std::string_view key) {
  std::vector<std::string> out;
  for (const Json& value : ListOf(request, key)) out.push_back(value.AsString());
  return out;
}

std::vector<track::Tag> PairsOf(const Json& request, std::string_view key) {
  std::vector<track::Tag> out;
  for (const Json& pair : ListOf(request, key)) out.push_back({TextOf(pair, "key"), TextOf(pair, "value")});
  return out;
}

track::View ViewOf(const Json& request, std::string_view key) {
  const std::string view = TextOf(request, key);
  if (view == "ALL" || view == "3") return track::View::kAll;
  return view == "DELETED_ONLY" || view == "2" ? track::View::kDeletedOnly : track::View::kActiveOnly;
}

}  // namespace mlean::api::mlflow
