// Inside of the experiments room: the value behind the '=' of an override, in tokens. At each place the longest token wins.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mlean::experiments {

enum class TokenKind : std::uint8_t {
  kOpen,  // blanks around brackets, commas, colons and '=' belong to them
  kClose,
  kComma,
  kBracketOpen,
  kBracketClose,
  kBraceOpen,
  kBraceClose,
  kColon,
  kEqual,
  kFloat,
  kInt,
  kBool,
  kNull,
  kOther,  // one of / - \ + . $ % * @ ? |
  kId,
  kEscape,  // one or more escaped characters
  kBlank,
  kQuoted,
  kInterpolation,
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;
  std::size_t at = 0;  // byte in the value
};

// Ends with a kEnd token. kInvalid "unexpected '#' at column 3".
Result<std::vector<Token>> LexValue(std::string_view value);

}  // namespace mlean::experiments
