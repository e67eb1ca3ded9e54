// The type conversions of CEL: int uint double string bool bytes duration timestamp type dyn.
#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "policy/functions.hpp"
#include "policy/time_value.hpp"

namespace mlean::policy {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

Error OutOfRange(std::string_view type) { return Fail(Code::kInvalid, fmt::format("{} out of range", type)); }
Error NotA(std::string_view type, std::string_view text) {
  return Fail(Code::kInvalid, fmt::format("'{}' is not a {}", text.substr(0, 40), type));
}

template <class T>
std::optional<T> ParseWhole(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<Value> ToInt(Arguments arguments, Budget&) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kInt)) return a;
  if (a.Is(Kind::kUint)) {
    if (a.AsUint() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return OutOfRange("int");
    return Value(static_cast<std::int64_t>(a.AsUint()));
  }
  if (a.Is(Kind::kDouble)) {
    if (!(a.AsDouble() > -kTwo63 && a.AsDouble() < kTwo63)) return OutOfRange("int");
    return Value(static_cast<std::int64_t>(a.AsDouble()));
  }
  if (a.Is(Kind::kTimestamp)) return Value(a.AsTimestamp().seconds);
  if (!a.Is(Kind::kString)) return NoOverload("conversion to int", arguments);
  const std::optional<std::int64_t> value = ParseWhole<std::int64_t>(a.AsString());
  if (!value) return NotA("int", a.AsString());
  return Value(*value);
}

Result<Value> ToUint(Arguments arguments, Budget&) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kUint)) return a;
  if (a.Is(Kind::kInt)) {
    if (a.AsInt() < 0) return OutOfRange("uint");
    return Value(static_cast<std::uint64_t>(a.AsInt()));
  }
  if (a.Is(Kind::kDouble)) {
    if (!(a.AsDouble() >= 0 && a.AsDouble() < kTwo64)) return OutOfRange("uint");
    return Value(static_cast<std::uint64_t>(a.AsDouble()));
  }
  if (!a.Is(Kind::kString)) return NoOverload("conversion to uint", arguments);
  const std::optional<std::uint64_t> value = ParseWhole<std::uint64_t>(a.AsString());
  if (!value) return NotA("uint", a.AsString());
  return Value(*value);
}

Result<Value> ToDouble(Arguments arguments, Budget&) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kDouble)) return a;
  if (a.Is(Kind::kInt)) return Value(static_cast<double>(a.AsInt()));
  if (a.Is(Kind::kUint)) return Value(static_cast<double>(a.AsUint()));
  if (!a.Is(Kind::kString)) return NoOverload("conversion to double", arguments);
  const std::optional<double> value = ParseDouble(a.AsString());
  if (!value) return NotA("double", a.AsString());
  return Value(*value);
}

Result<Value> ToString(Arguments arguments, Budget& budget) {
  const Value& a = arguments[0];
  switch (a.kind()) {
    case Kind::kString: return a;
    case Kind::kBool: return Value(a.AsBool() ? "true" : "false");
    case Kind::kInt: return Value(std::to_string(a.AsInt()));
    case Kind::kUint: return Value(std::to_string(a.AsUint()));
    case Kind::kDouble: return Value(FormatDouble(a.AsDouble()));
    case Kind::kBytes:
      TRYV(budget.String(a.AsBytes().size()));
      if (!IsValidUtf8(a.AsBytes())) return Fail(Code::kInvalid, "the bytes are not UTF-8");
      return Value(a.AsBytes());
    case Kind::kDuration: return Value(DurationSeconds(a.AsDuration()));
    case Kind::kTimestamp: return Value(FormatTimestamp(a.AsTimestamp()));
    case Kind::kNull:
    case Kind::kList:
    case Kind::kMap:
    case Kind::kType: break;
  }
  return NoOverload("conversion to string", arguments);
}

Result<Value> ToBool(Arguments arguments, Budget&) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kBool)) return a;
  if (!a.Is(Kind::kString)) return NoOverload("conversion to bool", arguments);
  for (const std::string_view text : {"true", "True", "TRUE", "t", "1"}) {
    if (a.AsString() == text) return Value(true);
  }
  for (const std::string_view text : {"false", "False", "FALSE", "f", "0"}) {
    if (a.AsString() == text) return Value(false);
  }
  return NotA("bool", a.AsString());
}

Result<Value> ToBytes(Arguments arguments, Budget& budget) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kBytes)) return a;
  if (!a.Is(Kind::kString)) return NoOverload("conversion to bytes", arguments);
  TRYV(budget.String(a.AsString().size()));
  return Value::Bytes(a.AsString());
}

Result<Value> ToDuration(Arguments arguments, Budget&) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kDuration)) return a;
  if (!a.Is(Kind::kString)) return NoOverload("conversion to duration", arguments);
  TRY(const Duration duration, ParseDurationValue(a.AsString()));
  return Value(duration);
}

Result<Value> ToTimestamp(Arguments arguments, Budget&) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kTimestamp)) return a;
  if (a.Is(Kind::kInt)) {
    const Timestamp time{a.AsInt(), 0};
    if (!InRange(time)) return OutOfRange("timestamp");
    return Value(time);
  }
  if (!a.Is(Kind::kString)) return NoOverload("conversion to timestamp", arguments);
  TRY(const Timestamp time, ParseTimestamp(a.AsString()));
  return Value(time);
}

Result<Value> TypeOf(Arguments arguments, Budget&) { return Value::TypeValue(arguments[0].kind()); }

Result<Value> Dyn(Arguments arguments, Budget&) { return arguments[0]; }

template <TimeField kField>
Result<Value> Getter(Arguments arguments, Budget&) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kTimestamp) && (arguments.size() == 1 || arguments[1].Is(Kind::kString))) {
    TRY(const std::int64_t field,
        FieldOf(a.AsTimestamp(), kField, arguments.size() == 2 ? std::string_view(arguments[1].AsString()) : ""));
    return Value(field);
  }
  if (!a.Is(Kind::kDuration) || arguments.size() != 1) return NoOverload("such getter", arguments);
  TRY(const std::int64_t field, FieldOf(a.AsDuration(), kField));
  return Value(field);
}

constexpr std::array<Function, 10> kConversions = {{
    {"int", CallStyle::kGlobal, 1, 1, ToInt},
    {"uint", CallStyle::kGlobal, 1, 1, ToUint},
    {"double", CallStyle::kGlobal, 1, 1, ToDouble},
    {"string", CallStyle::kGlobal, 1, 1, ToString},
    {"bool", CallStyle::kGlobal, 1, 1, ToBool},
    {"bytes", CallStyle::kGlobal, 1, 1, ToBytes},
    {"duration", CallStyle::kGlobal, 1, 1, ToDuration},
    {"timestamp", CallStyle::kGlobal, 1, 1, ToTimestamp},
    {"type", CallStyle::kGlobal, 1, 1, TypeOf},
    {"dyn", CallStyle::kGlobal, 1, 1, Dyn},
}};

constexpr std::array<Function, 10> kGetters = {{
    {"getFullYear", CallStyle::kMember, 1, 2, Getter<TimeField::kFullYear>},
    {"getMonth", CallStyle::kMember, 1, 2, Getter<TimeField::kMonth>},
    {"getDate", CallStyle::kMember, 1, 2, Getter<TimeField::kDate>},
    {"getDayOfMonth", CallStyle::kMember, 1, 2, Getter<TimeField::kDayOfMonth>},
    {"getDayOfWeek", CallStyle::kMember, 1, 2, Getter<TimeField::kDayOfWeek>},
    {"getDayOfYear", CallStyle::kMember, 1, 2, Getter<TimeField::kDayOfYear>},
    {"getHours", CallStyle::kMember, 1, 2, Getter<TimeField::kHours>},
    {"getMinutes", CallStyle::kMember, 1, 2, Getter<TimeField::kMinutes>},
    {"getSeconds", CallStyle::kMember, 1, 2, Getter<TimeField::kSeconds>},
    {"getMilliseconds", CallStyle::kMember, 1, 2, Getter<TimeField::kMilliseconds>},
}};

}  // namespace

std::span<const Function> ConversionFunctions() { return kConversions; }
std::span<const Function> TimeFunctions() { return kGetters; }

}  // namespace mlean::policy
