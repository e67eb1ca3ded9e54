// String and bytes literals of CEL: quotes ' " ''' """, prefixes r and b, escapes \a \b \f \n \r \t \v \\ \? \" \' \` \xHH \ooo
// \uHHHH \UHHHHHHHH. In strings an escape is a code point (surrogates are refused), in bytes \x and \ooo are octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlean::policy {

struct StringPrefix {
  bool raw = false;
  bool bytes = false;
  std::size_t length = 0;  // of the letters before the quote
};

// Whether `text` begins with a string literal: a quote, or one of r b br in any case and a quote.
std::optional<StringPrefix> FindStringPrefix(std::string_view text);

struct DecodedString {
  std::string text;
  std::size_t length = 0;  // of the literal in the source, prefix and quotes included
};
// Decodes the literal at the front of `text`; empty with `cause` set when it is malformed.
std::optional<DecodedString> DecodeString(std::string_view text, const StringPrefix& prefix, std::string& cause);

// Appends `code_point` (below 0x110000) as UTF-8.
void AppendUtf8(std::string& out, std::uint32_t code_point);

}  // namespace mlean::policy
