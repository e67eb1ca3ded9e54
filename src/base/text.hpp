// Small text helpers: strict number parsing, splitting, nearest spelling, human-readable amounts. All pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlean {

std::string_view Trim(std::string_view text);
// Splits at every `separator`; "" gives one empty part, "a," gives {"a", ""}.
std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string ToLower(std::string_view text);
std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to);

// The whole text must be the number; no blanks, no trailing text. Doubles accept inf and nan.
std::optional<std::int64_t> ParseInt(std::string_view text);
std::optional<double> ParseDouble(std::string_view text);
// Shortest text that reads back as the same double; "1.0" keeps no ".0" (prints "1").
std::string FormatDouble(double value);

// The candidate with the smallest edit distance, if it is near enough to be a likely typing mistake (at most a third of the
// word, and at most 3 edits); "" otherwise. Used for "did you mean" hints.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

std::string HumanBytes(std::uint64_t bytes);  // "12.3 MB", decimal units
std::string HumanCount(std::uint64_t count);  // "336,776"

std::string Hex(const unsigned char* bytes, std::size_t size);
bool IsValidUtf8(std::string_view text);
// Escapes & < > " ' for HTML text and attributes.
std::string HtmlEscape(std::string_view text);

}  // namespace mlean
