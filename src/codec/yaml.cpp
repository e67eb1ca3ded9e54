#include "codec/yaml.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "base/text.hpp"
#include "codec/python_text.hpp"

namespace mlean::codec {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// A digit of `base`, or the '_' that may stand between digits.
bool IsDigitOf(int base, char c) {
  if (c == '_') return true;
  if (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) return true;
  return c >= '0' && c < '0' + std::min(base, 10);
}
bool AllDigitsOf(int base, std::string_view text) {
  for (const char c : text) {
    if (!IsDigitOf(base, c)) return false;
  }
  return !text.empty();
}

// The number of C notation `digits` (underscores dropped); a double when there are more than Python reads.
std::optional<Json> MakeInt(std::string_view digits, int base, bool negative) {
  std::string clean;
  for (const char c : digits) {
    if (c != '_') clean += c;
  }
  if (clean.empty()) return std::nullopt;
  double wide = 0;
  std::uint64_t exact = 0;
  bool fits = true;
  for (const char c : clean) {
    const int digit = IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
    wide = wide * base + digit;
    fits = fits && exact <= (std::uint64_t{1} << 63) / static_cast<std::uint64_t>(base) - 1;
    if (fits) exact = exact * static_cast<std::uint64_t>(base) + static_cast<std::uint64_t>(digit);
  }
  if (fits) return negative ? Json(-static_cast<std::int64_t>(exact)) : Json(static_cast<std::int64_t>(exact));
  if (std::optional<Json> value = PythonInteger(clean, base, negative)) return value;
  if (base == 10) wide = std::strtod(clean.c_str(), nullptr);
  return Json(negative ? -wide : wide);
}

std::optional<Json> TryInt(std::string_view text) {
  const bool negative = text.front() == '-';
  if (text.front() == '-' || text.front() == '+') text.remove_prefix(1);
  if (text.starts_with("0b") && AllDigitsOf(2, text.substr(2))) return MakeInt(text.substr(2), 2, negative);
  if (text.starts_with("0o") && AllDigitsOf(8, text.substr(2))) return MakeInt(text.substr(2), 8, negative);
  if (text.starts_with("0x") && AllDigitsOf(16, text.substr(2))) return MakeInt(text.substr(2), 16, negative);
  if (AllDigitsOf(10, text)) return MakeInt(text, 10, negative);
  return std::nullopt;
}

// "[eE][-+]?digits" at the end; with `sign_needed` the sign must be there.
bool IsExponent(std::string_view text, bool sign_needed) {
  if (text.empty() || (text.front() != 'e' && text.front() != 'E')) return false;
  text.remove_prefix(1);
  const bool sign = !text.empty() && (text.front() == '-' || text.front() == '+');
  if (sign) text.remove_prefix(1);
  if (text.empty() || (sign_needed && !sign)) return false;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
  }
  return true;
}

bool IsFloatSyntax(std::string_view body) {
  std::size_t at = 0;
  while (at < body.size() && IsDigitOf(10, body[at])) ++at;
  const bool whole = at > 0 && IsDigit(body[0]);
  if (at > 0 && !whole) return false;
  if (at < body.size() && body[at] == '.') {
    const std::size_t fraction = ++at;
    while (at < body.size() && IsDigitOf(10, body[at])) ++at;
    if (!whole && at == fraction) return false;
    return at == body.size() || IsExponent(body.substr(at), !whole);
  }
  return whole && IsExponent(body.substr(at), false);
}

std::optional<Json> TryFloat(std::string_view text) {
  const bool negative = text.front() == '-';
  std::string_view body = text;
  if (body.front() == '-' || body.front() == '+') body.remove_prefix(1);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (body == ".inf" || body == ".Inf" || body == ".INF") return Json(negative ? -kInfinity : kInfinity);
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return Json(std::numeric_limits<double>::quiet_NaN());
  if (!IsFloatSyntax(body)) return std::nullopt;
  std::string clean;
  bool digit = false;
  for (const char c : body) {
    digit = digit || IsDigit(c);
    if (c != '_') clean += c;
  }
  if (!digit || clean.front() == 'e') return std::nullopt;
  const double value = std::strtod(clean.c_str(), nullptr);  // overflow is infinity, as in Python
  return Json(negative ? -value : value);
}

// Reads `least` to `most` digits.
bool TakeDigits(std::string_view& text, std::size_t least, std::size_t most) {
  std::size_t count = 0;
  while (count < most && count < text.size() && IsDigit(text[count])) ++count;
  text.remove_prefix(count);
  return count >= least;
}
bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}
void SkipBlanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

bool IsTimeAndZone(std::string_view text) {
  if (!TakeDigits(text, 1, 2) || !TakeChar(text, ':') || !TakeDigits(text, 2, 2) || !TakeChar(text, ':') ||
      !TakeDigits(text, 2, 2)) {
    return false;
  }
  if (TakeChar(text, '.')) TakeDigits(text, 0, text.size());
  if (text.empty()) return true;
  SkipBlanks(text);
  if (TakeChar(text, 'Z')) return text.empty();
  if (!TakeChar(text, '-') && !TakeChar(text, '+')) return false;
  if (!TakeDigits(text, 1, 2)) return false;
  return text.empty() || (TakeChar(text, ':') && TakeDigits(text, 2, 2) && text.empty());
}

}  // namespace

bool LooksLikeYamlDate(std::string_view text) {
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    std::string_view rest = text;
    if (TakeDigits(rest, 4, 4) && TakeChar(rest, '-') && TakeDigits(rest, 2, 2) && TakeChar(rest, '-') && TakeDigits(rest, 2, 2))
      return true;
  }
  if (!TakeDigits(text, 4, 4) || !TakeChar(text, '-') || !TakeDigits(text, 1, 2) || !TakeChar(text, '-') ||
      !TakeDigits(text, 1, 2)) {
    return false;
  }
  const std::size_t before = text.size();
  if (!TakeChar(text, 'T') && !TakeChar(text, 't')) SkipBlanks(text);
  return text.size() < before && IsTimeAndZone(text);
}

Json TypedPlainScalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const char first = text.front();
  if (IsDigit(first) || first == '-' || first == '+' || first == '.') {
    if (text.size() > 1 || IsDigit(first)) {
      if (first != '.') {
        if (std::optional<Json> value = TryInt(text)) return *std::move(value);
      }
      if (std::optional<Json> value = TryFloat(text)) return *std::move(value);
    }
  }
  return text;
}

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const YamlMember& member : members) {
    if (member.key.text == key) return &member.value;
  }
  return nullptr;
}

Json YamlNode::ToJson() const {
  switch (kind) {
    case YamlKind::kNull: return {};
    case YamlKind::kScalar: return style == YamlStyle::kPlain && !tagged_string ? TypedPlainScalar(text) : Json(text);
    case YamlKind::kSequence: {
      Json::Array array;
      array.reserve(items.size());
      for (const YamlNode& item : items) array.push_back(item.ToJson());
      return array;
    }
    case YamlKind::kMapping: {
      Json::Object object;
      object.reserve(members.size());
      for (const YamlMember& member : members) object.emplace_back(member.key.text, member.value.ToJson());
      return object;
    }
  }
  return {};
}

std::string_view YamlNode::TypeName() const {
  switch (kind) {
    case YamlKind::kNull: return "nothing";
    case YamlKind::kScalar: return ToJson().TypeName();
    case YamlKind::kSequence: return "a list";
    case YamlKind::kMapping: return "a mapping";
  }
  return {};
}

Error YamlDocument::At(const YamlNode& node, std::string_view cause, Code code) const {
  return Fail(code, fmt::format("{}:{}:{}: {}", file_, node.start.line, node.start.column, cause));
}

namespace {

Error WrongType(const YamlDocument& document, const YamlNode& node, std::string_view name, std::string_view wanted) {
  return document.At(node, fmt::format("'{}' must be {}, not {}", name, wanted, node.TypeName()));
}

}  // namespace

Result<std::string> YamlDocument::String(const YamlNode& node, std::string_view name) const {
  if (!node.IsScalar() || !node.ToJson().IsString()) return WrongType(*this, node, name, "a string");
  return node.text;
}
Result<double> YamlDocument::Double(const YamlNode& node, std::string_view name) const {
  const Json value = node.IsScalar() ? node.ToJson() : Json();
  if (!value.IsNumber()) return WrongType(*this, node, name, "a number");
  return value.AsDouble();
}
Result<std::int64_t> YamlDocument::Int(const YamlNode& node, std::string_view name) const {
  const Json value = node.IsScalar() ? node.ToJson() : Json();
  if (!value.IsInt()) return WrongType(*this, node, name, "an integer");
  return value.AsInt();
}
Result<bool> YamlDocument::Bool(const YamlNode& node, std::string_view name) const {
  const Json value = node.IsScalar() ? node.ToJson() : Json();
  if (!value.IsBool()) return WrongType(*this, node, name, "a bool");
  return value.AsBool();
}
Result<const YamlNode*> YamlDocument::Sequence(const YamlNode& node, std::string_view name) const {
  if (!node.IsSequence()) return WrongType(*this, node, name, "a list");
  return &node;
}
Result<const YamlNode*> YamlDocument::Mapping(const YamlNode& node, std::string_view name) const {
  if (!node.IsMapping()) return WrongType(*this, node, name, "a mapping");
  return &node;
}

Result<std::vector<std::string>> YamlDocument::Strings(const YamlNode& node, std::string_view name) const {
  std::vector<std::string> strings;
  if (!node.IsSequence()) {
    if (!node.IsScalar() || !node.ToJson().IsString()) return WrongType(*this, node, name, "a string or a list of strings");
    strings.push_back(node.text);
    return strings;
  }
  for (const YamlNode& item : node.items) {
    TRY(std::string text, String(item, name));
    strings.push_back(std::move(text));
  }
  return strings;
}

Result<void> YamlDocument::UnknownKeys(const YamlNode& mapping, const std::vector<std::string>& known) const {
  for (const YamlMember& member : mapping.members) {
    const std::string& key = member.key.text;
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string nearest = Nearest(key, known);
    return At(member.key, nearest.empty() ? fmt::format("unknown key '{}'; known are {}", key, Join(known, ", "))
                                          : fmt::format("unknown key '{}'; did you mean '{}'?", key, nearest));
  }
  return {};
}

}  // namespace mlean::codec
