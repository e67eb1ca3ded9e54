#include "policy/lexer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.hpp"
#include "policy/string_literal.hpp"
#include "policy/time_value.hpp"

namespace mlean::policy {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      pos_ = SkipBlanks(pos_);
      TRY(Token token, Next());
      token.end = static_cast<std::uint32_t>(pos_);
      token.text = source_.substr(token.begin, token.end - token.begin);
      if (token.kind == TokenKind::kEscaped) token.text = token.text.substr(1, token.text.size() - 2);
      tokens.push_back(std::move(token));
      if (tokens.back().kind == TokenKind::kEnd) return tokens;
    }
  }

 private:
  char At(std::size_t pos) const { return pos < source_.size() ? source_[pos] : '\0'; }

  Error Bad(std::size_t pos, std::string_view cause) const { return Fail(Code::kInvalid, AtPosition(source_, pos, cause)); }

  // The position of the next character that is neither blank nor in a `//` comment.
  std::size_t SkipBlanks(std::size_t pos) const {
    while (pos < source_.size()) {
      if (IsBlank(source_[pos])) {
        ++pos;
      } else if (source_[pos] == '/' && At(pos + 1) == '/') {
        pos = std::min(source_.find('\n', pos), source_.size());
      } else {
        break;
      }
    }
    return pos;
  }

  Result<Token> Next() {
    Token token;
    token.begin = static_cast<std::uint32_t>(pos_);
    if (pos_ >= source_.size()) return token;
    const char c = source_[pos_];
    if (IsDigit(c) || (c == '.' && IsDigit(At(pos_ + 1)))) return Number(token);
    if (const std::optional<StringPrefix> prefix = FindStringPrefix(source_.substr(pos_))) return Text(token, *prefix);
    if (IsNameStart(c)) {
      while (IsNamePart(At(pos_))) ++pos_;
      token.kind = TokenKind::kName;
      return token;
    }
    if (c == '`') return Escaped(token);
    return Symbol(token);
  }

  Result<Token> Symbol(Token token) {
    constexpr std::string_view kTwo[] = {"==", "!=", "<=", ">=", "&&", "||"};
    constexpr std::string_view kOne = "()[]{}.,:?+-*/%!<>";
    token.kind = TokenKind::kSymbol;
    const std::string_view two = source_.substr(pos_, 2);
    if (std::find(std::begin(kTwo), std::end(kTwo), two) != std::end(kTwo)) {
      pos_ += 2;
      return token;
    }
    if (kOne.find(source_[pos_]) == std::string_view::npos) {
      const unsigned char c = static_cast<unsigned char>(source_[pos_]);
      return Bad(pos_, c > 0x20 && c < 0x7f ? fmt::format("unexpected '{}'", source_[pos_]) : "unexpected character");
    }
    ++pos_;
    return token;
  }

  Result<Token> Escaped(Token token) {
    const std::size_t close = source_.find_first_of("`\n", pos_ + 1);
    if (close == std::string_view::npos || source_[close] != '`' || close == pos_ + 1) {
      return Bad(pos_, "a name in backticks is not closed");
    }
    pos_ = close + 1;
    token.kind = TokenKind::kEscaped;
    return token;
  }

  Result<Token> Text(Token token, const StringPrefix& prefix) {
    std::string cause;
    const std::optional<DecodedString> decoded = DecodeString(source_.substr(pos_), prefix, cause);
    if (!decoded) return Bad(pos_, cause);
    pos_ += decoded->length;
    token.kind = TokenKind::kLiteral;
    token.value = prefix.bytes ? Value::Bytes(decoded->text) : Value(decoded->text);
    return token;
  }

  Result<Token> Number(Token token) {
    if (At(pos_) == '0' && At(pos_ + 1) == 'x') return HexNumber(token);
    const std::size_t begin = pos_;
    while (IsDigit(At(pos_))) ++pos_;
    bool is_double = false;
    if (At(pos_) == '.' && IsDigit(At(pos_ + 1))) {
      is_double = true;
      ++pos_;
      while (IsDigit(At(pos_))) ++pos_;
    }
    if (At(pos_) == 'e' || At(pos_) == 'E') {
      std::size_t digits = pos_ + 1;
      if (At(digits) == '+' || At(digits) == '-') ++digits;
      if (IsDigit(At(digits))) {
        is_double = true;
        pos_ = digits;
        while (IsDigit(At(pos_))) ++pos_;
      }
    }
    const std::string_view digits = source_.substr(begin, pos_ - begin);
    if (At(pos_) == '%' && !OperandFollows(pos_ + 1)) return Percent(token, digits);
    if (!is_double && (At(pos_) == 'u' || At(pos_) == 'U') && !IsNamePart(At(pos_ + 1))) return Integer(token, digits, 10, true);
    if (IsNameStart(At(pos_))) return DurationLiteral(token, begin);
    return is_double ? Decimal(token, digits) : Integer(token, digits, 10, false);
  }

  Result<Token> HexNumber(Token token) {
    const std::size_t begin = pos_ + 2;
    pos_ = begin;
    while (IsHexDigit(At(pos_))) ++pos_;
    const bool is_uint = At(pos_) == 'u' || At(pos_) == 'U';
    const std::string_view digits = source_.substr(begin, pos_ - begin);
    if (digits.empty() || IsNamePart(At(pos_ + (is_uint ? 1 : 0)))) return Bad(token.begin, "malformed hexadecimal number");
    return Integer(token, digits, 16, is_uint);
  }

  Result<Token> Integer(Token token, std::string_view digits, int base, bool is_uint) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc() || end != digits.data() + digits.size()) return Bad(token.begin, "the number is out of range");
    if (is_uint) {
      ++pos_;
      token.kind = TokenKind::kLiteral;
      token.value = Value(value);
    } else {
      token.kind = TokenKind::kInt;
      token.magnitude = value;
    }
    return token;
  }

  Result<Token> Decimal(Token token, std::string_view digits) {
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    // Too small a number reads as 0, too large a one is refused.
    if (error == std::errc::result_out_of_range && digits.find("e-") == std::string_view::npos &&
        digits.find("E-") == std::string_view::npos && digits.find_first_of("123456789") < digits.find('.')) {
      return Bad(token.begin, "the number is out of range");
    }
    token.kind = TokenKind::kLiteral;
    token.value = Value(value);
    return token;
  }

  // `5%` is read as 5e-2, so it is the double nearest to 0.05.
  Result<Token> Percent(Token token, std::string_view digits) {
    if (digits.find_first_of("eE") != std::string_view::npos) return Bad(token.begin, "a percentage cannot have an exponent");
    const std::string text = std::string(digits) + "e-2";
    ++pos_;
    return Decimal(token, text);
  }

  Result<Token> DurationLiteral(Token token, std::size_t begin) {
    while (IsNamePart(At(pos_)) || (At(pos_) == '.' && IsDigit(At(pos_ + 1)))) ++pos_;
    const std::string_view text = source_.substr(begin, pos_ - begin);
    const Result<Duration> duration = ParseDurationValue(text, true);
    if (!duration) return Bad(token.begin, fmt::format("'{}' is neither a number nor a duration", text.substr(0, 40)));
    token.kind = TokenKind::kLiteral;
    token.value = Value(*duration);
    return token;
  }

  // Whether the text after a `%` begins an operand, so that the `%` is the remainder operator.
  bool OperandFollows(std::size_t pos) const {
    pos = SkipBlanks(pos);
    const char c = At(pos);
    if (c == 'i' && At(pos + 1) == 'n' && !IsNamePart(At(pos + 2))) return false;
    if (c == '!') return At(pos + 1) != '=';
    return IsNamePart(c) || (c != '\0' && std::string_view("\"'([{.-`").find(c) != std::string_view::npos);
  }

  std::string_view source_;
  std::size_t pos_ = 0;
};

}  // namespace

std::string AtPosition(std::string_view source, std::size_t offset, std::string_view cause) {
  const std::string_view before = source.substr(0, std::min(offset, source.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::string_view in_line = before.substr(line_start);
  const auto column = 1 + std::count_if(in_line.begin(), in_line.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return fmt::format("{}:{}: {}", line, column, cause);
}

Result<std::vector<Token>> Tokenize(std::string_view source) {
  if (!IsValidUtf8(source)) return Fail(Code::kInvalid, "the text is not UTF-8");
  return Lexer(source).Run();
}

}  // namespace mlean::policy
