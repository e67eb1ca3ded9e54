// A strict recursive parser that builds values in place. Own code rather than Boost.JSON's: duplicate keys, positions by line and
// column, Python's tokens and raw file-name bytes all need a look at every member anyway.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <unordered_set>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "codec/json_list.hpp"
#include "codec/python_text.hpp"

namespace mlean::codec {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101u;
constexpr std::uint64_t kHighs = 0x8080808080808080u;
// Up to this many members a linear search for a duplicate key is the fastest; above it a hash set keeps hostile input linear.
constexpr std::size_t kLinearMembers = 16;

std::uint64_t Load8(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
// Non-zero where a byte of `word` is a quote, a backslash or a control character (bytes above 7f may be reported falsely only
// after a true hit, which the caller's byte loop sorts out).
std::uint64_t Special(std::uint64_t word) {
  const std::uint64_t quote = word ^ (kOnes * '"');
  const std::uint64_t slash = word ^ (kOnes * '\\');
  return ((quote - kOnes) & ~quote & kHighs) | ((slash - kOnes) & ~slash & kHighs) | ((word - kOnes * 0x20) & ~word & kHighs);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void AppendUtf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 63));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += static_cast<char>(0x80 | (point >> 6 & 63));
    out += static_cast<char>(0x80 | (point & 63));
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    out += static_cast<char>(0x80 | (point >> 12 & 63));
    out += static_cast<char>(0x80 | (point >> 6 & 63));
    out += static_cast<char>(0x80 | (point & 63));
  }
}

}  // namespace

class JsonParser {
 public:
  JsonParser(std::string_view text, const JsonParseOptions& options)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), options_(options) {}

  Result<Json> Run() {
    Json value;
    if (ParseValue(value, 0)) {
      SkipBlank();
      if (at_ == end_) return value;
      Wrong("unexpected text after the value");
    }
    return Failure();
  }

  Result<void> RunList(const TakeElement& take) {
    SkipBlank();
    if (!Take('[')) return Wrong("expected a list"), Failure();
    SkipBlank();
    for (bool more = !Take(']'); more;) {
      Json element;
      values_ = 0;
      if (!ParseValue(element, 1)) return Failure();
      TRYV(take(element));
      SkipBlank();
      more = !Take(']');
      if (more && !Take(',')) return ExpectedMore(), Failure();
    }
    SkipBlank();
    if (at_ != end_) return Wrong("unexpected text after the value"), Failure();
    return {};
  }

 private:
  bool ExpectedMore() { return Wrong(at_ == end_ ? "expected ',' or ']', found the end" : "expected ',' or ']'"); }
  bool Wrong(std::string_view cause) { return WrongAt(at_, cause); }
  bool WrongAt(const char* where, std::string_view cause) {
    if (cause_.empty()) {
      where_ = where;
      cause_ = cause;
    }
    return false;
  }
  Error Failure() const {
    int line = 1;
    int column = 1;
    for (const char* p = begin_; p != where_; ++p) {
      if (*p == '\n') {
        ++line;
        column = 1;
      } else if ((static_cast<unsigned char>(*p) & 0xC0) != 0x80) {
        ++column;
      }
    }
    return Fail(code_, fmt::format("cannot parse JSON: {}:{}: {}", line, column, cause_));
  }

  void SkipBlank() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0) return false;
    at_ += word.size();
    return true;
  }

  bool ParseValue(Json& out, std::size_t depth) {
    SkipBlank();
    if (at_ == end_) return Wrong("expected a value, found the end");
    if (values_++ == options_.max_values) {
      code_ = Code::kTooLarge;
      return Wrong(fmt::format("more than {} values", options_.max_values));
    }
    switch (*at_) {
      case '{': return ParseObject(out, depth);
      case '[': return ParseArray(out, depth);
      case '"': ++at_; return ParseString(out.value_.emplace<std::string>());
      case 't': return TakeWord("true") ? (out.value_ = true, true) : Wrong("expected a value");
      case 'f': return TakeWord("false") ? (out.value_ = false, true) : Wrong("expected a value");
      case 'n': return TakeWord("null") || Wrong("expected a value");
      case 'N': return ParseToken(out, "NaN", std::numeric_limits<double>::quiet_NaN());
      case 'I': return ParseToken(out, "Infinity", std::numeric_limits<double>::infinity());
      default: return ParseNumber(out);
    }
  }

  bool ParseToken(Json& out, std::string_view word, double value) {
    if (!options_.allow_nan || !TakeWord(word)) return Wrong("expected a value");
    out.value_ = value;
    return true;
  }

  bool ParseNumber(Json& out) {
    const char* const start = at_;
    const bool negative = Take('-');
    if (negative && at_ != end_ && *at_ == 'I') return ParseToken(out, "Infinity", -std::numeric_limits<double>::infinity());
    if (at_ == end_ || !IsDigit(*at_)) return negative ? Wrong("expected a digit") : Wrong("expected a value");
    const char* const digits = at_;
    std::uint64_t magnitude = 0;
    while (at_ != end_ && IsDigit(*at_)) magnitude = magnitude * 10 + static_cast<std::uint64_t>(*at_++ - '0');
    const std::ptrdiff_t count = at_ - digits;
    if (*digits == '0' && count > 1) return WrongAt(digits, "a number must not start with a zero");
    const bool integer = at_ == end_ || (*at_ != '.' && *at_ != 'e' && *at_ != 'E');
    if (integer && count <= 18) {
      out.value_ = negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
      return true;
    }
    if (integer) {
      std::int64_t exact = 0;
      if (std::from_chars(start, at_, exact).ec == std::errc{}) {
        out.value_ = exact;
        return true;
      }
      if (options_.allow_nan) {
        const std::optional<Json> big = PythonInteger(std::string_view(digits, static_cast<std::size_t>(count)), 10, negative);
        if (big) {
          out = *big;
          return true;
        }
      }
    } else if (!SkipFraction()) {
      return false;
    }
    return ConvertDouble(out, start, negative);
  }

  bool SkipFraction() {
    if (Take('.')) {
      if (at_ == end_ || !IsDigit(*at_)) return Wrong("expected a digit");
      while (at_ != end_ && IsDigit(*at_)) ++at_;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (at_ == end_ || !IsDigit(*at_)) return Wrong("expected a digit");
      while (at_ != end_ && IsDigit(*at_)) ++at_;
    }
    return true;
  }

  bool ConvertDouble(Json& out, const char* start, bool negative) {
    double value = 0;
    if (std::from_chars(start, at_, value).ec == std::errc::result_out_of_range) {
      // from_chars does not tell overflow from underflow; the exponent's sign does, but for texts like 0.000…1e+5 or 1000…e-5,
      // where only the C library's rounding knows.
      value = std::strtod(std::string(start, at_).c_str(), nullptr);
      if (value > 1 || value < -1) {
        if (!options_.allow_nan) return WrongAt(start, "the number is too large");
        value = negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
      }
    }
    out.value_ = value;
    return true;
  }

  bool ParseArray(Json& out, std::size_t depth) {
    if (depth >= options_.max_depth) return Wrong("nested too deep");
    ++at_;
    Json::Array& array = out.value_.emplace<Json::Array>();
    SkipBlank();
    if (Take(']')) return true;
    array.reserve(4);
    for (;;) {
      if (!ParseValue(array.emplace_back(), depth + 1)) return false;
      SkipBlank();
      if (Take(']')) return true;
      if (!Take(',')) return ExpectedMore();
    }
  }

  bool ParseObject(Json& out, std::size_t depth) {
    if (depth >= options_.max_depth) return Wrong("nested too deep");
    ++at_;
    Json::Object& object = out.value_.emplace<Json::Object>();
    SkipBlank();
    if (Take('}')) return true;
    object.reserve(4);
    std::unordered_set<std::string> keys;
    for (;;) {
      SkipBlank();
      const char* const key_at = at_;
      if (!Take('"')) return Wrong(at_ == end_ ? "expected a key, found the end" : "expected a key in quotes");
      std::string key;
      if (!ParseString(key)) return false;
      if (IsDuplicate(object, keys, key)) return WrongAt(key_at, fmt::format("the key '{}' occurs twice", key));
      SkipBlank();
      if (!Take(':')) return Wrong(at_ == end_ ? "expected ':', found the end" : "expected ':'");
      if (!ParseValue(object.emplace_back(std::move(key), Json()).second, depth + 1)) return false;
      SkipBlank();
      if (Take('}')) return true;
      if (!Take(',')) return Wrong(at_ == end_ ? "expected ',' or '}', found the end" : "expected ',' or '}'");
    }
  }

  static bool IsDuplicate(const Json::Object& object, std::unordered_set<std::string>& keys, const std::string& key) {
    if (object.size() < kLinearMembers) {
      for (const Json::Member& member : object) {
        if (member.first == key) return true;
      }
      return false;
    }
    if (keys.empty()) {
      for (const Json::Member& member : object) keys.insert(member.first);
    }
    return !keys.insert(key).second;
  }

  // at_ is behind the opening quote.
  bool ParseString(std::string& out) {
    const char* segment = at_;
    std::uint64_t high = 0;  // its top bits say whether the segment has bytes above 7f
    for (;;) {
      while (end_ - at_ >= 8) {
        const std::uint64_t word = Load8(at_);
        if (Special(word) != 0) break;
        high |= word;
        at_ += 8;
      }
      while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) {
        high |= static_cast<unsigned char>(*at_++);
      }
      if (at_ == end_) return Wrong("expected the end of a string, found the end");
      if (static_cast<unsigned char>(*at_) < 0x20) return Wrong("a control character in a string must be escaped");
      const std::string_view part(segment, static_cast<std::size_t>(at_ - segment));
      if ((high & kHighs) != 0 && !IsValidUtf8(part)) return WrongAt(segment, "the string is not valid UTF-8");
      out.append(part);
      if (*at_++ == '"') return true;
      if (!ParseEscape(out)) return false;
      segment = at_;
      high = 0;
    }
  }

  bool ParseEscape(std::string& out) {
    const char* const slash = at_ - 1;
    if (at_ == end_) return Wrong("expected the end of a string, found the end");
    switch (*at_++) {
      case '"': out += '"'; return true;
      case '\\': out += '\\'; return true;
      case '/': out += '/'; return true;
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'u': break;
      default: return WrongAt(slash, "unknown escape in a string");
    }
    std::uint32_t point = 0;
    if (!ParseHex(point)) return WrongAt(slash, "expected four hex digits after '\\u'");
    if (point >= 0xD800 && point <= 0xDBFF && TakeWord("\\u")) {
      std::uint32_t low = 0;
      if (!ParseHex(low) || low < 0xDC00 || low > 0xDFFF) return WrongAt(slash, "half of a surrogate pair");
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    } else if (options_.surrogate_escape && point >= 0xDC80 && point <= 0xDCFF) {
      out += static_cast<char>(point - 0xDC00);
      return true;
    } else if (point >= 0xD800 && point <= 0xDFFF) {
      return WrongAt(slash, "half of a surrogate pair");
    }
    AppendUtf8(out, point);
    return true;
  }

  bool ParseHex(std::uint32_t& value) {
    if (end_ - at_ < 4) return false;
    const auto [stop, error] = std::from_chars(at_, at_ + 4, value, 16);
    if (error != std::errc{} || stop != at_ + 4) return false;
    at_ = stop;
    return true;
  }

  const char* const begin_;
  const char* at_;
  const char* const end_;
  const JsonParseOptions options_;
  std::size_t values_ = 0;
  const char* where_ = nullptr;
  std::string cause_;
  Code code_ = Code::kInvalid;
};

Result<Json> Json::Parse(std::string_view text, const JsonParseOptions& options) { return JsonParser(text, options).Run(); }

Result<void> ParseList(std::string_view text, const JsonParseOptions& options, const TakeElement& take) {
  return JsonParser(text, options).RunList(take);
}

}  // namespace mlean::codec
