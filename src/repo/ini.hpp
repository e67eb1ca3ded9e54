// The INI dialect of DVC's config files: ConfigObj 5 (sections nested by [[ ]], quoting, triple quotes, comma lists, %(name)s
// interpolation), read and written as DVC does.
//
// A file is a Json object: a value is a string or a list of strings, a section is an object; scalars of a section come before its
// sub-sections, each in the order of the file. Comments are not kept: DVC writes its files from the values alone.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::repo {

constexpr std::size_t kMaxIniBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxIniDepth = 100;
constexpr std::size_t kMaxIniKeys = 20'000;  // with sections

// Errors are ConfigObj's own texts, without a prefix: kInvalid "Duplicate section name at line 3.", "Parsing failed with several
// errors.\nFirst error at line 2.", "Invalid line ('x') (matched as neither section nor keyword) at line 1."; kCorrupt for what
// DVC does not expect: 'missing option "x" in interpolation.', 'interpolation loop detected in value "x".'; kTooLarge.
Result<codec::Json> ParseIni(std::string_view text);

// The text for `tree`: values unquoted where that is safe, indented by four blanks a level, one '\n' after each line. Booleans
// and numbers are written as Python's str() does. kInvalid: 'Value "…" cannot be safely quoted.'
Result<std::string> WriteIni(const codec::Json& tree);

}  // namespace mlean::repo
