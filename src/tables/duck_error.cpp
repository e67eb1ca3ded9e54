// TidyDuckError: from DuckDB's paragraphs to one line.
#include <cctype>

#include "base/text.hpp"
#include "tables/engine.hpp"

namespace mlean::tables {
namespace {

constexpr std::size_t kMaxErrorBytes = 400;

// "Binder Error: Referenced column …" -> "Referenced column …"; also several in a row.
std::string_view StripPrefix(std::string_view text) {
  constexpr std::string_view kEnd = " Error: ";
  for (;;) {
    const std::size_t at = text.find(kEnd);
    if (at == text.npos || at > 30) return text;
    for (const char c : text.substr(0, at)) {
      if (std::isalpha(static_cast<unsigned char>(c)) == 0 && c != ' ') return text;
    }
    text.remove_prefix(at + kEnd.size());
  }
}

std::string LowerFirst(std::string text) {
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

// "CSV Error on Line: 3 / Original Line: 2,y,3 / Expected Number of Columns: 2 Found: 3" -> "line 3: expected … found 3".
std::string TidyCsv(const std::vector<std::string>& lines, std::string_view number) {
  std::string cause;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::string_view line = Trim(lines[i]);
    if (line.starts_with("Original Line")) continue;
    if (line.empty() || line.starts_with("Possible") || line.starts_with("Column ")) break;
    cause = LowerFirst(std::string(line));
    break;
  }
  cause = ReplaceAll(cause, "expected Number of Columns:", "expected");
  cause = ReplaceAll(cause, " Found:", " fields, found");
  return "line " + std::string(Trim(number)) + ": " + cause;
}

}  // namespace

std::string TidyDuckError(std::string_view message) {
  const std::string_view text = StripPrefix(Trim(message));
  const std::vector<std::string> lines = Split(text, '\n');
  std::string out;
  constexpr std::string_view kCsv = "CSV Error on Line: ";
  if (text.starts_with(kCsv)) {
    out = TidyCsv(lines, std::string_view(lines[0]).substr(kCsv.size()));
  } else if (text.starts_with("Error when sniffing file")) {
    out = "rows differ in their number of fields, or a quote is left open";
  } else {
    out = LowerFirst(std::string(Trim(lines[0])));
    // What follows is a caret under the SQL or a list of advice; a second line of prose is kept.
    if (lines.size() > 1 && lines[1].starts_with("Candidate bindings")) out += " (" + LowerFirst(lines[1]) + ")";
  }
  if (!out.empty() && (out.back() == '!' || out.back() == '.')) out.pop_back();
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (out.size() > kMaxErrorBytes) {
    std::size_t end = kMaxErrorBytes;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;
    out = out.substr(0, end) + "…";
  }
  return out;
}

}  // namespace mlean::tables
