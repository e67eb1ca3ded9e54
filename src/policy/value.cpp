#include "policy/value.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "policy/time_value.hpp"

namespace mlean::policy {
namespace {

// As the specification: an integer is compared with a double as a double, an int with a uint exactly.
double ToDouble(const Value& number) {
  if (number.Is(Kind::kInt)) return static_cast<double>(number.AsInt());
  return number.Is(Kind::kUint) ? static_cast<double>(number.AsUint()) : number.AsDouble();
}

std::partial_ordering CompareNumbers(const Value& a, const Value& b) {
  if (a.Is(Kind::kDouble) || b.Is(Kind::kDouble)) return ToDouble(a) <=> ToDouble(b);
  if (a.Is(Kind::kInt) && b.Is(Kind::kInt)) return a.AsInt() <=> b.AsInt();
  if (a.Is(Kind::kUint) && b.Is(Kind::kUint)) return a.AsUint() <=> b.AsUint();
  if (a.Is(Kind::kUint)) return 0 <=> CompareNumbers(b, a);
  if (a.AsInt() < 0) return std::partial_ordering::less;
  return static_cast<std::uint64_t>(a.AsInt()) <=> b.AsUint();
}

// The total order of map keys: bool, then numbers, then strings.
int KeyClass(const Value& key) {
  if (key.Is(Kind::kBool)) return 0;
  return key.IsNumber() ? 1 : 2;
}

bool KeyLess(const Value& a, const Value& b) {
  const int class_a = KeyClass(a);
  const int class_b = KeyClass(b);
  if (class_a != class_b) return class_a < class_b;
  if (class_a == 0) return a.AsBool() < b.AsBool();
  if (class_a == 1) return CompareNumbers(a, b) < 0;
  return a.AsString() < b.AsString();
}

bool IsKey(const Value& key) { return key.Is(Kind::kBool) || key.Is(Kind::kInt) || key.Is(Kind::kUint) || key.Is(Kind::kString); }

bool EqualLists(const Value::List& a, const Value::List& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), Equal);
}

bool EqualMaps(const Value::Map& a, const Value::Map& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const Value::Entry& x, const Value::Entry& y) {
           return Equal(x.first, y.first) && Equal(x.second, y.second);
         });
}

std::string ShowDouble(double value) {
  std::string text = FormatDouble(value);
  if (std::isfinite(value) && text.find_first_of(".eE") == std::string::npos) text += ".0";
  return text;
}

void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void Append(std::string& out, const Value& value, std::size_t max_bytes);

void AppendList(std::string& out, const Value::List& list, std::size_t max_bytes) {
  out += '[';
  bool first = true;
  for (const Value& element : list) {
    if (out.size() > max_bytes) break;
    if (!first) out += ", ";
    first = false;
    Append(out, element, max_bytes);
  }
  out += ']';
}

void AppendMap(std::string& out, const Value::Map& map, std::size_t max_bytes) {
  out += '{';
  bool first = true;
  for (const auto& [key, held] : map) {
    if (out.size() > max_bytes) break;
    if (!first) out += ", ";
    first = false;
    Append(out, key, max_bytes);
    out += ": ";
    Append(out, held, max_bytes);
  }
  out += '}';
}

void Append(std::string& out, const Value& value, std::size_t max_bytes) {
  switch (value.kind()) {
    case Kind::kNull: out += "null"; return;
    case Kind::kBool: out += value.AsBool() ? "true" : "false"; return;
    case Kind::kInt: out += std::to_string(value.AsInt()); return;
    case Kind::kUint: out += std::to_string(value.AsUint()) + "u"; return;
    case Kind::kDouble: out += ShowDouble(value.AsDouble()); return;
    case Kind::kString: AppendQuoted(out, std::string_view(value.AsString()).substr(0, max_bytes)); return;
    case Kind::kBytes:
      out += 'b';
      AppendQuoted(out, std::string_view(value.AsBytes()).substr(0, max_bytes));
      return;
    case Kind::kList: AppendList(out, value.AsList(), max_bytes); return;
    case Kind::kMap: AppendMap(out, value.AsMap(), max_bytes); return;
    case Kind::kDuration: out += FormatDurationValue(value.AsDuration()); return;
    case Kind::kTimestamp: out += FormatTimestamp(value.AsTimestamp()); return;
    case Kind::kType: out += TypeName(value.AsType()); return;
  }
}

}  // namespace

Timestamp Timestamp::FromMs(std::int64_t ms) {
  const std::int64_t seconds = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
  return {seconds, static_cast<std::int32_t>((ms - seconds * 1000) * 1'000'000)};
}

Value::Value(std::string value) : data_(Text{std::make_shared<const std::string>(std::move(value))}) {}

Value Value::Bytes(std::string value) {
  Value out;
  out.data_ = Octets{std::make_shared<const std::string>(std::move(value))};
  return out;
}

Value Value::ListOf(List elements) {
  Value out;
  out.data_ = std::make_shared<const List>(std::move(elements));
  return out;
}

Result<Value> Value::MapOf(Map entries) {
  for (const auto& [key, held] : entries) {
    if (!IsKey(key)) return Fail(Code::kInvalid, fmt::format("a map key cannot be a {}", TypeName(key.kind())));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return KeyLess(a.first, b.first); });
  const auto twice = std::adjacent_find(entries.begin(), entries.end(),
                                        [](const Entry& a, const Entry& b) { return !KeyLess(a.first, b.first); });
  if (twice != entries.end()) {
    return Fail(Code::kInvalid, fmt::format("the map key {} occurs twice", Show(twice->first, 50)));
  }
  Value out;
  out.data_ = std::make_shared<const Map>(std::move(entries));
  return out;
}

Value Value::Object(std::vector<std::pair<std::string, Value>> members) {
  std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Map entries;
  entries.reserve(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i + 1].first == members[i].first) continue;
    entries.emplace_back(Value(std::move(members[i].first)), std::move(members[i].second));
  }
  Value out;
  out.data_ = std::make_shared<const Map>(std::move(entries));
  return out;
}

Value Value::TypeValue(Kind kind) {
  Value out;
  out.data_ = kind;
  return out;
}

const Value* Value::FindKey(const Value& key) const {
  if (!Is(Kind::kMap) || !(IsKey(key) || (key.Is(Kind::kDouble) && !std::isnan(key.AsDouble())))) return nullptr;
  const Map& map = AsMap();
  const auto at = std::lower_bound(map.begin(), map.end(), key,
                                   [](const Entry& entry, const Value& wanted) { return KeyLess(entry.first, wanted); });
  return at != map.end() && !KeyLess(key, at->first) ? &at->second : nullptr;
}

const Value* Value::Find(std::string_view key) const {
  if (!Is(Kind::kMap)) return nullptr;
  const Map& map = AsMap();
  const auto at = std::lower_bound(map.begin(), map.end(), key, [](const Entry& entry, std::string_view wanted) {
    return !entry.first.Is(Kind::kString) || entry.first.AsString() < wanted;
  });
  return at != map.end() && at->first.AsString() == key ? &at->second : nullptr;
}

bool Equal(const Value& a, const Value& b) {
  if (a.IsNumber() && b.IsNumber()) return CompareNumbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kNull: return true;
    case Kind::kBool: return a.AsBool() == b.AsBool();
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble: return CompareNumbers(a, b) == 0;
    case Kind::kString: return a.AsString() == b.AsString();
    case Kind::kBytes: return a.AsBytes() == b.AsBytes();
    case Kind::kList: return EqualLists(a.AsList(), b.AsList());
    case Kind::kMap: return EqualMaps(a.AsMap(), b.AsMap());
    case Kind::kDuration: return a.AsDuration() == b.AsDuration();
    case Kind::kTimestamp: return a.AsTimestamp() == b.AsTimestamp();
    case Kind::kType: return a.AsType() == b.AsType();
  }
  return false;
}

std::optional<std::partial_ordering> Compare(const Value& a, const Value& b) {
  if (a.IsNumber() && b.IsNumber()) return CompareNumbers(a, b);
  if (a.kind() != b.kind()) return std::nullopt;
  switch (a.kind()) {
    case Kind::kBool: return a.AsBool() <=> b.AsBool();
    case Kind::kString: return a.AsString() <=> b.AsString();
    case Kind::kBytes: return a.AsBytes() <=> b.AsBytes();
    case Kind::kDuration: return a.AsDuration() <=> b.AsDuration();
    case Kind::kTimestamp: return a.AsTimestamp() <=> b.AsTimestamp();
    case Kind::kNull:
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble:
    case Kind::kList:
    case Kind::kMap:
    case Kind::kType: return std::nullopt;
  }
  return std::nullopt;
}

std::string_view TypeName(Kind kind) {
  switch (kind) {
    case Kind::kNull: return "null_type";
    case Kind::kBool: return "bool";
    case Kind::kInt: return "int";
    case Kind::kUint: return "uint";
    case Kind::kDouble: return "double";
    case Kind::kString: return "string";
    case Kind::kBytes: return "bytes";
    case Kind::kList: return "list";
    case Kind::kMap: return "map";
    case Kind::kDuration: return "google.protobuf.Duration";
    case Kind::kTimestamp: return "google.protobuf.Timestamp";
    case Kind::kType: return "type";
  }
  return "unknown";
}

std::string Show(const Value& value, std::size_t max_bytes) {
  std::string out;
  Append(out, value, max_bytes);
  if (out.size() <= max_bytes) return out;
  std::size_t cut = max_bytes;
  while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80) --cut;
  out.resize(cut);
  return out + "…";
}

}  // namespace mlean::policy
