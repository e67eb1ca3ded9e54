#include "policy/string_literal.hpp"

#include <cstdint>

namespace mlean::policy {
namespace {

// The value of `count` digits of `base` at the front of `text`, which are dropped.
std::optional<std::uint32_t> TakeNumber(std::string_view& text, std::size_t count, std::uint32_t base) {
  if (text.size() < count) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = text[i];
    std::uint32_t digit = 99;
    if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<std::uint32_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') digit = static_cast<std::uint32_t>(c - 'A' + 10);
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  text.remove_prefix(count);
  return value;
}

std::optional<char> PlainEscape(char c) {
  switch (c) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\':
    case '?':
    case '"':
    case '\'':
    case '`': return c;
  }
  return std::nullopt;
}

// Decodes the escape after a backslash at the front of `text`; false when it is none.
bool TakeEscape(std::string_view& text, bool bytes, std::string& out) {
  if (text.empty()) return false;
  const char c = text.front();
  if (const std::optional<char> plain = PlainEscape(c)) {
    text.remove_prefix(1);
    out += *plain;
    return true;
  }
  std::optional<std::uint32_t> value;
  const bool octal = c >= '0' && c <= '3';
  if (octal) {
    value = TakeNumber(text, 3, 8);
  } else {
    text.remove_prefix(1);
    if (c == 'x' || c == 'X') value = TakeNumber(text, 2, 16);
    if (c == 'u' && !bytes) value = TakeNumber(text, 4, 16);
    if (c == 'U' && !bytes) value = TakeNumber(text, 8, 16);
  }
  if (!value) return false;
  if (bytes) {
    out += static_cast<char>(*value);
    return true;
  }
  if (*value >= 0x110000 || (*value >= 0xD800 && *value <= 0xDFFF)) return false;
  AppendUtf8(out, *value);
  return true;
}

}  // namespace

std::optional<StringPrefix> FindStringPrefix(std::string_view text) {
  StringPrefix prefix;
  for (; prefix.length < text.size(); ++prefix.length) {
    const char c = text[prefix.length];
    if (c == '"' || c == '\'') return prefix;
    if ((c == 'r' || c == 'R') && !prefix.raw) {
      prefix.raw = true;
    } else if ((c == 'b' || c == 'B') && !prefix.bytes && !prefix.raw) {
      prefix.bytes = true;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<DecodedString> DecodeString(std::string_view text, const StringPrefix& prefix, std::string& cause) {
  std::string_view rest = text.substr(prefix.length);
  const char quote = rest.front();
  const std::string triple(3, quote);
  const bool is_triple = rest.starts_with(triple);
  const std::string_view close = is_triple ? std::string_view(triple) : rest.substr(0, 1);
  rest.remove_prefix(close.size());
  DecodedString out;
  while (!rest.starts_with(close)) {
    if (rest.empty() || (!is_triple && (rest.front() == '\n' || rest.front() == '\r'))) {
      cause = "a string is not closed";
      return std::nullopt;
    }
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '\\' || prefix.raw) {
      out.text += c;
    } else if (!TakeEscape(rest, prefix.bytes, out.text)) {
      cause = "a string has a malformed escape";
      return std::nullopt;
    }
  }
  rest.remove_prefix(close.size());
  out.length = text.size() - rest.size();
  return out;
}

void AppendUtf8(std::string& out, std::uint32_t code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | (code_point >> 6));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | (code_point >> 12));
    out += static_cast<char>(0x80 | ((code_point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code_point >> 18));
    out += static_cast<char>(0x80 | ((code_point >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code_point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

}  // namespace mlean::policy
