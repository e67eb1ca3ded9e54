#include "codec/python_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <vector>

namespace mlean::codec {
namespace {

// The code point at `at`, which moves past it. A byte outside valid UTF-8 gives U+DC00 + byte.
std::uint32_t NextCodePoint(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t lead = byte(at);
  if (lead < 0x80) {
    ++at;
    return lead;
  }
  const int extra = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  std::uint32_t point = extra == 3 ? lead & 0x07 : extra == 2 ? lead & 0x0F : lead & 0x1F;
  bool valid = lead >= 0xC2 && lead <= 0xF4 && at + extra < text.size();
  for (int i = 1; valid && i <= extra; ++i) {
    valid = (byte(at + i) & 0xC0) == 0x80;
    point = (point << 6) | (byte(at + i) & 0x3F);
  }
  valid = valid && (extra != 2 || (point >= 0x800 && (point < 0xD800 || point > 0xDFFF)));
  valid = valid && (extra != 3 || (point >= 0x10000 && point <= 0x10FFFF));
  if (!valid) {
    ++at;
    return 0xDC00 + lead;
  }
  at += extra + 1;
  return point;
}

void AppendUnicodeEscape(std::string& out, std::uint32_t unit) {
  constexpr char kHex[] = "0123456789abcdef";
  const char text[] = {'\\', 'u', kHex[unit >> 12 & 15], kHex[unit >> 8 & 15], kHex[unit >> 4 & 15], kHex[unit & 15]};
  out.append(text, sizeof text);
}

// str.isprintable() of one character. Exact for assigned characters; Python also hides those that Unicode has not assigned.
bool IsPrintable(std::uint32_t point) {
  struct Range {
    std::uint32_t first, last;
  };
  constexpr Range kHidden[] = {{0x0, 0x1F},        {0x7F, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},     {0x61C, 0x61C},
                               {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},     {0x1680, 0x1680},
                               {0x180E, 0x180E},   {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},   {0x3000, 0x3000},
                               {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD},
                               {0x110CD, 0x110CD}, {0x13430, 0x13438}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF},
                               {0xF0000, 0x10FFFF}};
  const auto* const range = std::upper_bound(std::begin(kHidden), std::end(kHidden), point,
                                             [](std::uint32_t p, const Range& r) { return p <= r.last; });
  return range == std::end(kHidden) || point < range->first;
}

}  // namespace

void AppendPythonFloat(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "nan";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-inf" : "inf";
    return;
  }
  // Shortest digits come from to_chars ("-d.ddde±xx"); Python lays them out without an exponent for 1e-4 <= |value| < 1e16.
  char buffer[32];
  const char* end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const char* at = buffer;
  if (*at == '-') out += *at++;
  const char* mark = end - 1;
  while (*mark != 'e') --mark;
  int exponent = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  char digits[20];
  int count = 0;
  for (; at != mark; ++at) {
    if (*at != '.') digits[count++] = *at;
  }
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (count > 1) out.append(1, '.').append(digits + 1, count - 1);
    out.append(mark, end - mark);
  } else if (exponent < 0) {
    out.append("0.").append(-exponent - 1, '0').append(digits, count);
  } else if (count <= exponent + 1) {
    out.append(digits, count).append(exponent + 1 - count, '0').append(".0");
  } else {
    out.append(digits, exponent + 1).append(1, '.').append(digits + exponent + 1, count - exponent - 1);
  }
}

std::string PythonFloat(double value) {
  std::string out;
  AppendPythonFloat(out, value);
  return out;
}

void AppendPythonJsonString(std::string& out, std::string_view text) {
  out += '"';
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    while (at < text.size() && plain(text[at])) ++at;
    out.append(text, from, at - from);
    if (at == text.size()) break;
    const std::uint32_t point = NextCodePoint(text, at);
    switch (point) {
      case '"': out += "\\\""; continue;
      case '\\': out += "\\\\"; continue;
      case '\n': out += "\\n"; continue;
      case '\r': out += "\\r"; continue;
      case '\t': out += "\\t"; continue;
      case '\b': out += "\\b"; continue;
      case '\f': out += "\\f"; continue;
      default: break;
    }
    if (point > 0xFFFF) {
      AppendUnicodeEscape(out, 0xD800 + ((point - 0x10000) >> 10));
      AppendUnicodeEscape(out, 0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      AppendUnicodeEscape(out, point);
    }
  }
  out += '"';
}

void AppendPythonRepr(std::string& out, std::string_view text) {
  const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  out += quote;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    const std::uint32_t point = NextCodePoint(text, at);
    if (point == '\\' || point == static_cast<unsigned char>(quote)) {
      out += {'\\', static_cast<char>(point)};
    } else if (point == '\n') {
      out += "\\n";
    } else if (point == '\r') {
      out += "\\r";
    } else if (point == '\t') {
      out += "\\t";
    } else if (IsPrintable(point)) {
      out.append(text.substr(from, at - from));
    } else {
      out += point < 0x100     ? fmt::format("\\x{:02x}", point)
             : point < 0x10000 ? fmt::format("\\u{:04x}", point)
                               : fmt::format("\\U{:08x}", point);
    }
  }
  out += quote;
}

std::string PythonRepr(const Json& value) {
  std::string out;
  if (value.IsString()) {
    AppendPythonRepr(out, value.AsString());
  } else if (value.IsNull()) {
    out = "None";
  } else if (value.IsBool()) {
    out = value.AsBool() ? "True" : "False";
  } else if (value.IsDouble() && value.Digits() == nullptr) {
    AppendPythonFloat(out, value.AsDouble());
  } else if (value.IsArray()) {
    out = "[";
    for (const Json& item : value.AsArray()) out += (out.size() > 1 ? ", " : "") + PythonRepr(item);
    out += "]";
  } else if (value.IsObject()) {
    out = "{";
    for (const Json::Member& member : value.AsObject())
      out += (out.size() > 1 ? ", " : "") + PythonRepr(member.first) + ": " + PythonRepr(member.second);
    out += "}";
  } else {
    out = value.Dump();
  }
  return out;
}

std::optional<Json> PythonInteger(std::string_view digits, int base, bool negative) {
  constexpr std::size_t kMost = 4300;  // Python's own limit
  if (digits.empty() || digits.size() > kMost) return std::nullopt;
  // Nine decimal digits a limb, the last first.
  constexpr std::uint64_t kLimb = 1'000'000'000;
  std::vector<std::uint32_t> limbs = {0};
  for (const char c : digits) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : 99;
    if (digit >= base) return std::nullopt;
    auto carry = static_cast<std::uint64_t>(digit);
    for (std::uint32_t& limb : limbs) {
      carry += static_cast<std::uint64_t>(limb) * static_cast<std::uint64_t>(base);
      limb = static_cast<std::uint32_t>(carry % kLimb);
      carry /= kLimb;
    }
    if (carry > 0) limbs.push_back(static_cast<std::uint32_t>(carry));
  }
  std::string text = (negative ? "-" : "") + fmt::format("{}", limbs.back());
  for (std::size_t i = limbs.size() - 1; i-- > 0;) text += fmt::format("{:09}", limbs[i]);
  std::int64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{}) return Json(value);
  return Json::BigInteger(std::move(text));
}

bool PythonSameNumber(const Json& a, const Json& b) {
  const std::string* const x = a.Digits();
  const std::string* const y = b.Digits();
  if (x != nullptr && y != nullptr) return *x == *y;
  if (x != nullptr || y != nullptr) {
    const Json& other = x != nullptr ? b : a;
    if (!other.IsDouble() || !std::isfinite(other.AsDouble()) || std::trunc(other.AsDouble()) != other.AsDouble()) return false;
    return fmt::format("{:.0f}", other.AsDouble()) == (x != nullptr ? *x : *y);
  }
  // Exact for every int64 and double: x87's long double has 64 bits of mantissa.
  const auto number = [](const Json& value) -> long double {
    if (value.IsBool()) return value.AsBool() ? 1 : 0;
    return value.IsInt() ? static_cast<long double>(value.AsInt()) : value.AsDouble();
  };
  return number(a) == number(b);
}

std::string PythonStr(const Json& value) { return value.IsString() ? value.AsString() : PythonRepr(value); }

bool PythonLess(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    const std::uint32_t x = NextCodePoint(a, i);
    const std::uint32_t y = NextCodePoint(b, j);
    if (x != y) return x < y;
  }
  return i >= a.size() && j < b.size();
}

}  // namespace mlean::codec
