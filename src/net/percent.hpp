// Percent-encoding of URLs (RFC 3986) and of form-like queries. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mlean::net {

// Escapes all but A-Z a-z 0-9 - . _ ~ : right for one path segment, a query key or a query value.
std::string PercentEncode(std::string_view text);
// The same but keeps '/': right for a path of several segments.
std::string PercentEncodePath(std::string_view path);

// Appends the decoded text to `out`. False, with `out` as it was, when a '%' lacks two hex digits. `plus_is_blank` is for
// queries.
bool PercentDecode(std::string_view text, std::string& out, bool plus_is_blank = false);

// True when every '%' is followed by two hex digits.
bool IsPercentSound(std::string_view text);

// "a=1&b=x%20y&a=2" -> {{"a","1"},{"b","x y"},{"a","2"}} in order. A part without '=' has an empty value; empty parts are
// dropped; a part that cannot be decoded is kept as written. At most `max_parts` are read.
std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view query, std::size_t max_parts = 1000);

}  // namespace mlean::net
