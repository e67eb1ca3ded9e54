#include "experiments/override_lexer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace mlean::experiments {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::size_t Blanks(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && IsBlank(text[end])) ++end;
  return end - at;
}

// Digits with single '_' between them, from `at`; how many bytes.
std::size_t Digits(std::string_view text, std::size_t at) {
  if (at >= text.size() || !IsDigit(text[at])) return 0;
  std::size_t end = at + 1;
  while (end < text.size()) {
    if (IsDigit(text[end])) {
      ++end;
    } else if (text[end] == '_' && end + 1 < text.size() && IsDigit(text[end + 1])) {
      end += 2;
    } else {
      break;
    }
  }
  return end - at;
}

// "0", or digits that do not begin with 0.
std::size_t Unsigned(std::string_view text, std::size_t at) {
  if (at < text.size() && text[at] == '0') return 1;
  return Digits(text, at);
}

std::size_t Sign(std::string_view text, std::size_t at) {
  return at < text.size() && (text[at] == '+' || text[at] == '-') ? 1 : 0;
}

bool HasWord(std::string_view text, std::size_t at, std::string_view word) {
  return at <= text.size() && ToLower(text.substr(at, word.size())) == word;
}

std::size_t IntLength(std::string_view text, std::size_t at) {
  const std::size_t sign = Sign(text, at);
  const std::size_t digits = Unsigned(text, at + sign);
  return digits == 0 ? 0 : sign + digits;
}

std::size_t FloatLength(std::string_view text, std::size_t at) {
  const std::size_t sign = Sign(text, at);
  std::size_t end = at + sign;
  if (HasWord(text, end, "inf") || HasWord(text, end, "nan")) return sign + 3;
  const std::size_t whole = Unsigned(text, end);
  end += whole;
  bool point = false;
  if (end < text.size() && text[end] == '.') {
    const std::size_t fraction = Digits(text, end + 1);
    if (whole > 0 || fraction > 0) {
      point = true;
      end += 1 + fraction;
    }
  }
  if (whole == 0 && !point) return 0;
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    const std::size_t exponent_sign = Sign(text, end + 1);
    const std::size_t exponent = Digits(text, end + 1 + exponent_sign);
    if (exponent > 0) return end + 1 + exponent_sign + exponent - at;
  }
  return point ? end - at : 0;
}

std::size_t IdLength(std::string_view text, std::size_t at) {
  if (!IsAlpha(text[at]) && text[at] != '_') return 0;
  std::size_t end = at + 1;
  while (end < text.size() && (IsAlpha(text[end]) || IsDigit(text[end]) || text[end] == '_' || text[end] == '-')) ++end;
  return end - at;
}

std::size_t EscapeLength(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end + 1 < text.size() && text[end] == '\\' && std::string_view("\\()[]{}:=, \t").find(text[end + 1]) != text.npos)
    end += 2;
  return end - at;
}

// A text in quotes, in which an odd number of backslashes saves the quote behind it.
std::size_t QuotedLength(std::string_view text, std::size_t at) {
  const char quote = text[at];
  if (quote != '"' && quote != '\'') return 0;
  std::size_t backslashes = 0;
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == quote && backslashes % 2 == 0) return i + 1 - at;
    backslashes = text[i] == '\\' ? backslashes + 1 : 0;
  }
  return 0;
}

std::size_t InterpolationLength(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("${")) return 0;
  const std::size_t end = text.find('}', at);
  return end == text.npos || end == at + 2 ? 0 : end + 1 - at;
}

struct Mark {
  char sign;
  TokenKind kind;
  bool blank_before;
  bool blank_behind;
};
constexpr std::array<Mark, 9> kMarks = {{{'(', TokenKind::kOpen, true, true},
                                         {',', TokenKind::kComma, true, true},
                                         {')', TokenKind::kClose, true, false},
                                         {'[', TokenKind::kBracketOpen, false, true},
                                         {']', TokenKind::kBracketClose, true, false},
                                         {'{', TokenKind::kBraceOpen, false, true},
                                         {'}', TokenKind::kBraceClose, true, false},
                                         {':', TokenKind::kColon, true, true},
                                         {'=', TokenKind::kEqual, true, true}}};

Token Longest(std::string_view text, std::size_t at) {
  Token best{TokenKind::kEnd, text.substr(at, 0), at};
  const auto offer = [&](TokenKind kind, std::size_t length) {
    if (length > best.text.size()) best = {kind, text.substr(at, length), at};
  };
  const std::size_t blanks = Blanks(text, at);
  for (const Mark& mark : kMarks) {
    const std::size_t front = mark.blank_before ? blanks : 0;
    if (at + front >= text.size() || text[at + front] != mark.sign) continue;
    offer(mark.kind, front + 1 + (mark.blank_behind ? Blanks(text, at + front + 1) : 0));
  }
  offer(TokenKind::kFloat, FloatLength(text, at));
  offer(TokenKind::kInt, IntLength(text, at));
  for (const std::string_view word : {"true", "false"}) offer(TokenKind::kBool, HasWord(text, at, word) ? word.size() : 0);
  offer(TokenKind::kNull, HasWord(text, at, "null") ? 4 : 0);
  offer(TokenKind::kOther, std::string_view("/-\\+.$%*@?|").find(text[at]) != text.npos ? 1 : 0);
  offer(TokenKind::kId, IdLength(text, at));
  offer(TokenKind::kEscape, EscapeLength(text, at));
  offer(TokenKind::kBlank, blanks);
  offer(TokenKind::kQuoted, QuotedLength(text, at));
  offer(TokenKind::kInterpolation, InterpolationLength(text, at));
  return best;
}

}  // namespace

Result<std::vector<Token>> LexValue(std::string_view value) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < value.size();) {
    const Token token = Longest(value, at);
    if (token.text.empty()) {
      std::size_t end = at + 1;
      while (end < value.size() && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) ++end;
      return Fail(Code::kInvalid, fmt::format("unexpected '{}' at column {}", value.substr(at, end - at), at + 1));
    }
    at += token.text.size();
    tokens.push_back(token);
  }
  tokens.push_back({TokenKind::kEnd, value.substr(value.size()), value.size()});
  return tokens;
}

}  // namespace mlean::experiments
