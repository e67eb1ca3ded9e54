// Lexer: CEL text to tokens, with literals already decoded. Knows the two literals added to CEL (see program.hpp): percent, where
// the `%` needs one look at what follows, and durations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "policy/value.hpp"

namespace mlean::policy {

enum class TokenKind : std::uint8_t {
  kEnd,
  kName,     // text: the identifier, a word such as `in` and `true` too
  kEscaped,  // text: what stood between backticks, a field name
  kInt,      // magnitude, sign not applied
  kLiteral,  // value: uint, double, string, bytes or duration
  kSymbol,   // text: an operator or bracket
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::uint32_t begin = 0;  // byte offsets into the source
  std::uint32_t end = 0;
  std::string_view text;  // of the source
  std::uint64_t magnitude = 0;
  Value value;
};

// "1:4: <cause>": line and column (in characters, from 1) of a byte offset.
std::string AtPosition(std::string_view source, std::size_t offset, std::string_view cause);

// The tokens of `source`, the last one kEnd. Token texts point into `source`. Error text: "1:4: <cause>".
Result<std::vector<Token>> Tokenize(std::string_view source);

}  // namespace mlean::policy
