#include "infer/json_reader.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <limits>

namespace mlean::infer {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

void AppendUtf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
  } else if (code < 0x10000) {
    out += {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
            static_cast<char>(0x80 | (code & 0x3f))};
  } else {
    out += {static_cast<char>(0xf0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3f)),
            static_cast<char>(0x80 | (code >> 6 & 0x3f)), static_cast<char>(0x80 | (code & 0x3f))};
  }
}

// Reads one number (or NaN, Infinity, true, false) at `begin`; the end of it, or nullptr.
const char* ReadFloat(const char* begin, const char* end, float& value) {
  if (begin == end) return nullptr;
  if ((*begin >= '0' && *begin <= '9') || *begin == '-' || *begin == 'N' || *begin == 'I') {
    const auto [after, error] = std::from_chars(begin, end, value);  // takes nan and infinity in any case
    if (error == std::errc()) return after;
    if (error != std::errc::result_out_of_range) return nullptr;
    // Too small or too large for float32: as double, rounded to 0, a subnormal or infinity.
    double wide = 0;
    const auto [wide_after, wide_error] = std::from_chars(begin, end, wide);
    value = static_cast<float>(wide);
    return wide_error == std::errc() ? wide_after : nullptr;
  }
  const std::string_view rest(begin, static_cast<std::size_t>(end - begin));
  if (rest.starts_with("true")) return value = 1, begin + 4;
  if (rest.starts_with("false")) return value = 0, begin + 5;
  return nullptr;
}

const char* ReadInt(const char* begin, const char* end, std::int64_t& value) {
  const auto [after, error] = std::from_chars(begin, end, value);
  if (error == std::errc() && (after == end || (*after != '.' && *after != 'e' && *after != 'E'))) return after;
  float real = 0;
  const char* const real_after = ReadFloat(begin, end, real);
  if (real_after == nullptr || !(real >= -16777216.0F && real <= 16777216.0F)) return nullptr;
  value = static_cast<std::int64_t>(real);
  return static_cast<float>(value) == real ? real_after : nullptr;
}

}  // namespace

void JsonReader::FailAt(std::string_view what) { Fail(fmt::format("byte {}: {}", at_, what)); }

void JsonReader::SkipBlanks() {
  while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
}

bool JsonReader::Eat(char c) {
  SkipBlanks();
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

ModelReader::Type JsonReader::Peek() {
  SkipBlanks();
  if (failed() || at_ >= text_.size()) return Type::kNothing;
  switch (text_[at_]) {
    case '{': return Type::kObject;
    case '[': return Type::kArray;
    case '"': return Type::kString;
    case 't':
    case 'f': return Type::kBool;
    case 'n': return Type::kNull;
    default: return Type::kNumber;
  }
}

void JsonReader::Begin(char open, std::string_view what) {
  if (failed()) return;
  if (!Eat(open)) return FailAt(fmt::format("expected {}", what));
  if (fresh_.size() >= kMaxDepth) return FailAt(fmt::format("nested deeper than {}", kMaxDepth));
  fresh_.push_back(true);
}

bool JsonReader::Next(char close) {
  if (failed() || fresh_.empty()) return false;
  if (Eat(close)) {
    fresh_.pop_back();
    return false;
  }
  if (!fresh_.back() && !Eat(',')) {
    FailAt(fmt::format("expected ',' or '{}'", close));
    return false;
  }
  fresh_.back() = false;
  return true;
}

bool JsonReader::NextMember(std::string_view& key) {
  if (!Next('}')) return false;
  key = String();
  if (!failed() && !Eat(':')) FailAt("expected ':'");
  return !failed();
}

std::string_view JsonReader::String() {
  if (failed()) return {};
  if (!Eat('"')) return FailAt("expected a string"), std::string_view{};
  const std::size_t start = at_;
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] == '"') return text_.substr(start, at_++ - start);
    if (text_[at_] == '\\') return Escaped(start);
  }
  return FailAt("a string has no end"), std::string_view{};
}

std::string_view JsonReader::Escaped(std::size_t start) {
  unescaped_.assign(text_.substr(start, at_ - start));
  const auto hex4 = [this](std::uint32_t& code) {
    if (text_.size() - at_ < 4) return false;
    const char* const begin = text_.data() + at_;
    const auto [after, error] = std::from_chars(begin, begin + 4, code, 16);
    at_ += 4;
    return error == std::errc() && after == begin + 4;
  };
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') return unescaped_;
    if (c != '\\') {
      unescaped_ += c;
      continue;
    }
    if (at_ >= text_.size()) break;
    const char escape = text_[at_++];
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (const std::size_t index = kNames.find(escape); index != std::string_view::npos) {
      unescaped_ += kValues[index];
      continue;
    }
    std::uint32_t code = 0;
    std::uint32_t low = 0;
    bool good = escape == 'u' && hex4(code);
    if (good && code >= 0xd800 && code < 0xe000) {
      good = code < 0xdc00 && text_.substr(at_, 2) == "\\u";
      at_ += good ? 2 : 0;
      good = good && hex4(low) && low >= 0xdc00 && low < 0xe000;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (!good) return FailAt("a bad escape in a string"), std::string_view{};
    AppendUtf8(unescaped_, code);
  }
  return FailAt("a string has no end"), std::string_view{};
}

std::int64_t JsonReader::Int() {
  if (failed()) return 0;
  SkipBlanks();
  std::int64_t value = 0;
  const char* const after = ReadInt(text_.data() + at_, text_.data() + text_.size(), value);
  if (after == nullptr) return FailAt("expected an integer"), 0;
  at_ = static_cast<std::size_t>(after - text_.data());
  return value;
}

template <class T, class ReadOne>
void JsonReader::Numbers(std::vector<T>& out, ReadOne read_one) {
  out.clear();
  BeginArray();
  while (NextItem()) {
    SkipBlanks();
    T value{};
    const char* const after = read_one(text_.data() + at_, text_.data() + text_.size(), value);
    if (after == nullptr) return FailAt("expected a number");
    out.push_back(value);
    at_ = static_cast<std::size_t>(after - text_.data());
  }
}

void JsonReader::Ints(std::vector<std::int32_t>& out) {
  Numbers(out, [](const char* begin, const char* end, std::int32_t& value) -> const char* {
    const std::string_view rest(begin, static_cast<std::size_t>(end - begin));
    if (rest.starts_with("true")) return value = 1, begin + 4;
    if (rest.starts_with("false")) return value = 0, begin + 5;
    std::int64_t wide = 0;
    const char* const after = ReadInt(begin, end, wide);
    value = static_cast<std::int32_t>(wide);
    return value == wide ? after : nullptr;
  });
}

void JsonReader::Floats(std::vector<float>& out) { Numbers(out, ReadFloat); }

void JsonReader::Skip() {
  std::size_t depth = 0;
  do {
    if (failed()) return;
    SkipBlanks();
    if (at_ >= text_.size()) return FailAt("unexpected end");
    switch (text_[at_]) {
      case '"': String(); break;
      case '{':
      case '[':
        ++at_;
        if (++depth + fresh_.size() > kMaxDepth) FailAt(fmt::format("nested deeper than {}", kMaxDepth));
        break;
      case '}':
      case ']':
        if (depth == 0) return FailAt("expected a value");
        --depth;
        ++at_;
        break;
      case ',':
      case ':':
        if (depth == 0) return FailAt("expected a value");
        ++at_;
        break;
      default: {
        const std::size_t start = at_;
        while (at_ < text_.size() && !IsBlank(text_[at_]) &&
               std::string_view(",:]}[{\"").find(text_[at_]) == std::string_view::npos)
          ++at_;
        if (at_ == start) return FailAt("expected a value");
      }
    }
  } while (depth > 0);
}

void JsonReader::Finish() {
  SkipBlanks();
  if (!failed() && at_ != text_.size()) FailAt("text after the end");
}

}  // namespace mlean::infer
