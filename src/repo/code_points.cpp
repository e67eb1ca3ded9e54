#include "repo/code_points.hpp"

#include <fmt/core.h>

#include <array>
#include <cstdint>

namespace mlean::repo {
namespace {

// The length of the valid UTF-8 sequence at `at`, or minus the number of its valid leading bytes (1 to 3), or 0 for a bad first
// byte.
int SequenceAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned lead = byte(at);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  // The second byte has narrower bounds after some first bytes: no overlong forms, no surrogates, nothing above U+10FFFF.
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(at + 1) < low || byte(at + 1) > high) return -1;
  for (int i = 2; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return -i;
  }
  return length;
}

// Whether Python's repr shows the character as it is. Exact for ASCII and Latin-1, and for what is common beyond.
bool IsPrintable(char32_t c) {
  if (c < 0x7F) return c >= 0x20;
  if (c <= 0xA0 || c == 0xAD) return false;
  constexpr std::array<std::array<char32_t, 2>, 12> kHidden = {{{0x0600, 0x0605},
                                                                {0x1680, 0x1680},
                                                                {0x2000, 0x200F},
                                                                {0x2028, 0x202F},
                                                                {0x205F, 0x206F},
                                                                {0x3000, 0x3000},
                                                                {0xD800, 0xF8FF},
                                                                {0xFEFF, 0xFEFF},
                                                                {0xFFF0, 0xFFFB},
                                                                {0xFFFE, 0xFFFF},
                                                                {0xE0000, 0xE00FF},
                                                                {0xF0000, 0x10FFFF}}};
  for (const auto& range : kHidden) {
    if (c >= range[0] && c <= range[1]) return false;
  }
  return true;
}

void AppendUtf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c >= 0xDC80 && c <= 0xDCFF) {
    out += static_cast<char>(c - 0xDC00);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace

std::u32string Decode(std::string_view utf8) {
  std::u32string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    const int length = lead < 0x80 ? 1 : SequenceAt(utf8, at);
    if (length <= 0) {
      out += static_cast<char32_t>(0xDC00 + lead);
      ++at;
      continue;
    }
    char32_t c = length == 1 ? lead : lead & (0x7FU >> length);
    for (int i = 1; i < length; ++i) c = (c << 6) | (static_cast<unsigned char>(utf8[at + i]) & 0x3F);
    out += c;
    at += length;
  }
  return out;
}

std::string Encode(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) AppendUtf8(out, c);
  return out;
}

std::string Utf8Fault(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const int length = SequenceAt(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    const std::size_t end = at + (length == 0 ? 1 : -length);
    const bool cut = length < 0 && end == bytes.size();
    const char* cause = length == 0 ? "invalid start byte" : cut ? "unexpected end of data" : "invalid continuation byte";
    if (end - at == 1) {
      return fmt::format("'utf-8' codec can't decode byte {:#04x} in position {}: {}", static_cast<unsigned char>(bytes[at]), at,
                         cause);
    }
    return fmt::format("'utf-8' codec can't decode bytes in position {}-{}: {}", at, end - 1, cause);
  }
  return {};
}

bool IsPythonSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::u32string_view PythonStrip(std::u32string_view text) {
  while (!text.empty() && IsPythonSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsPythonSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view PythonStrip(std::string_view utf8) {
  const auto outer_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  const auto space = [](char c) { return IsPythonSpace(static_cast<unsigned char>(c)); };
  while (!utf8.empty() && outer_ascii(utf8.front()) && space(utf8.front())) utf8.remove_prefix(1);
  while (!utf8.empty() && outer_ascii(utf8.back()) && space(utf8.back())) utf8.remove_suffix(1);
  if (utf8.empty() || (outer_ascii(utf8.front()) && outer_ascii(utf8.back()))) return utf8;
  // Something beyond ASCII stands at an end: look at whole code points.
  const std::u32string wide = Decode(utf8);
  const std::u32string_view kept = PythonStrip(std::u32string_view(wide));
  const std::size_t skipped = Encode(std::u32string_view(wide).substr(0, kept.data() - wide.data())).size();
  return utf8.substr(skipped, Encode(kept).size());
}

std::vector<std::u32string_view> PythonLines(std::u32string_view text) {
  std::vector<std::u32string_view> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char32_t c = text[at];
    const bool ends = (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
    if (!ends) continue;
    if (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n') ++at;
    lines.push_back(text.substr(begin, at + 1 - begin));
    begin = at + 1;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

std::string PythonRepr(std::string_view utf8) {
  const bool use_double = utf8.find('\'') != utf8.npos && utf8.find('"') == utf8.npos;
  const char quote = use_double ? '"' : '\'';
  std::string out(1, quote);
  for (const char32_t c : Decode(utf8)) {
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (IsPrintable(c)) {
      AppendUtf8(out, c);
    } else {
      const auto number = static_cast<std::uint32_t>(c);
      out += c < 0x100     ? fmt::format("\\x{:02x}", number)
             : c < 0x10000 ? fmt::format("\\u{:04x}", number)
                           : fmt::format("\\U{:08x}", number);
    }
  }
  return out + quote;
}

std::string PythonRepr(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ", ";
    out += PythonRepr(item);
  }
  return out + "]";
}

}  // namespace mlean::repo
