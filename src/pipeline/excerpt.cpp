#include "pipeline/excerpt.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace mlean::pipeline {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kTab = 4;
constexpr std::string_view kGuide = "\u2502";

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r'; }
bool StartsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), StartsCharacter));
}

// The byte where character `count` of `text` starts.
std::size_t ByteOf(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (StartsCharacter(text[at]) && count-- == 0) break;
    ++at;
  }
  return at;
}

std::string_view WithoutEnd(std::string_view text) {
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// A word with the blanks around it.
std::size_t WordEnd(std::string_view text, std::size_t at) {
  while (at < text.size() && IsBlank(text[at])) ++at;
  if (at == text.size()) return text.npos;
  while (at < text.size() && !IsBlank(text[at])) ++at;
  while (at < text.size() && IsBlank(text[at])) ++at;
  return at;
}

// Bytes at which a line is broken.
std::vector<std::size_t> Breaks(std::string_view text, std::size_t width) {
  std::vector<std::size_t> breaks;
  std::size_t column = 0;
  std::size_t start = 0;
  for (std::size_t end = WordEnd(text, 0); end != text.npos; start = end, end = WordEnd(text, end)) {
    const std::string_view word = text.substr(start, end - start);
    const std::size_t length = Width(WithoutEnd(word));
    if (width >= column + length) {
      column += Width(word);
    } else if (length > width) {
      std::size_t at = start;
      while (at < end) {
        if (at > 0) breaks.push_back(at);
        const std::size_t next = std::min(end, at + ByteOf(text.substr(at, end - at), width));
        column = Width(text.substr(at, next - at));
        at = next;
      }
    } else if (column > 0 && start > 0) {
      breaks.push_back(start);
      column = Width(word);
    }
    if (end == text.size()) break;
  }
  return breaks;
}

std::vector<std::string> Wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::vector<std::size_t> breaks = Breaks(text, width);
  breaks.push_back(text.size());
  std::size_t start = 0;
  for (const std::size_t end : breaks) {
    std::string_view line = text.substr(start, end - start);
    // Blanks beyond the width go.
    while (!line.empty() && IsBlank(line.back()) && Width(line) > width) line.remove_suffix(1);
    lines.emplace_back(line);
    start = end;
  }
  return lines;
}

std::string ExpandTabs(std::string_view line) {
  std::string out;
  std::size_t column = 0;
  for (const char c : line) {
    if (c == '\t') {
      const std::size_t blanks = kTab - column % kTab;
      out.append(blanks, ' ');
      column += blanks;
      continue;
    }
    out += c;
    if (StartsCharacter(c)) ++column;
  }
  return out;
}

std::string Guides(std::size_t indent) {
  std::string out;
  for (std::size_t i = 0; i < indent / kTab; ++i) out.append(kGuide).append(kTab - 1, ' ');
  return out.append(indent % kTab, ' ');
}

// Blank lines get the guides of the line after them.
void AddGuides(std::vector<std::string>& lines) {
  std::size_t blank = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t indent = lines[i].find_first_not_of(' ');
    if (indent == std::string::npos) {
      lines[i].clear();
      ++blank;
      continue;
    }
    const std::string guides = Guides(indent);
    lines[i] = guides + lines[i].substr(indent);
    for (; blank > 0; --blank) lines[i - blank] = guides;
  }
}

}  // namespace

std::string WrapSentence(std::string_view text) {
  std::string out;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    for (const std::string& line : Wrap(text.substr(start, end - start), kWidth)) out.append(line).push_back('\n');
    start = end + 1;
  }
  return out;
}

std::string Excerpt(std::string_view text, std::size_t start, std::size_t first, std::size_t last) {
  const auto newlines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  const std::size_t digits = std::to_string(start + newlines).size();
  const std::size_t width = kWidth - digits - 3;
  const bool ends = text.ends_with('\n');
  std::vector<std::string> lines;
  std::size_t at = 0;
  for (std::size_t number = 1; number <= last; ++number) {
    // Behind the last newline is one more line, when the text ends with it.
    if (at > text.size() || (at == text.size() && !ends && number > 1)) break;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (number >= first) lines.push_back(ExpandTabs(line));
    at = end + 1;
  }
  AddGuides(lines);
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string front = fmt::format("  {:>{}} ", start + std::max<std::size_t>(first, 1) - 1 + i, digits);
    for (const std::string& line : Wrap(lines[i], width)) {
      out += front + line;
      const std::size_t used = Width(line);
      out.append(used < width ? width - used : 0, ' ');
      out += '\n';
      front.assign(digits + 3, ' ');
    }
  }
  return out;
}

}  // namespace mlean::pipeline
