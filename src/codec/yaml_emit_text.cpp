// How scalars are written: which quotes, where lines break.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "codec/yaml.hpp"
#include "codec/yaml_emit.hpp"
#include "codec/yaml_scan.hpp"

namespace mlean::codec::yaml {
namespace {

constexpr std::size_t kWidth = 80;

bool IsBreak(char32_t c) { return c == U'\n' || c == 0x85 || c == 0x2028 || c == 0x2029; }
bool IsSpaceOrBreak(char32_t c) { return c == 0 || c == U' ' || c == U'\t' || c == U'\r' || IsBreak(c); }
bool IsIn(char32_t c, std::u32string_view set) { return set.find(c) != set.npos; }
// Characters that may stand raw in plain and single-quoted text (besides breaks).
bool IsPrintable(char32_t c) {
  return (c >= 0x20 && c <= 0x7E) || c == 0x85 || (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD && c != 0xFEFF) ||
         (c >= 0x10000 && c <= 0x10FFFF);
}

// Characters that mean something to a reader: at the start, before a blank, after a blank.
void FindIndicators(const std::u32string& text, ScalarAnalysis& analysis) {
  bool block = text.starts_with(U"---") || text.starts_with(U"...");
  bool flow = block;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    const bool blank_after = i + 1 >= text.size() || IsSpaceOrBreak(text[i + 1]);
    const bool blank_before = i == 0 || IsSpaceOrBreak(text[i - 1]);
    if (i == 0) {
      if (IsIn(c, U"#,[]{}&*!|>'\"%@`") || (c == U'-' && blank_after)) block = flow = true;
      if ((c == U'?' || c == U':') && blank_after) block = true;
      if ((c == U'?' || c == U':') && text.size() == 1) flow = true;
    } else {
      if (IsIn(c, U",[]{}")) flow = true;
      if ((c == U':' && blank_after) || (c == U'#' && blank_before)) block = flow = true;
    }
  }
  analysis.block_plain = !block;
  analysis.flow_plain = !flow;
}

bool NeedsEscape(char32_t c) {
  return c == U'"' || c == U'\\' || c == 0x85 || c == 0x2028 || c == 0x2029 || c == 0xFEFF || !IsPrintable(c);
}

// How a double-quoted text breaks before one of its characters. Asked from left to right, so that each look ahead is remembered.
class LineBreaks {
 public:
  explicit LineBreaks(const std::u32string& text) : text_(text) {}

  // Whether a break before text[end] must be escaped by a backslash; without one the break itself stands for the blank there.
  bool NeedBackslash(std::size_t start, std::size_t end) {
    const std::size_t space = Next(0, end);
    if (space + 1 >= text_.size()) return true;
    const std::size_t line = Next(1, end);
    if (line < space) return line + 1 >= text_.size() || text_[line + 1] == U' ' || !BlankMayBreak(start, end, line);
    return !BlankMayBreak(start, end, space);
  }

 private:
  // The next " ", "\n", quote or apostrophe; text_.size() when there is none.
  std::size_t Next(std::size_t which, std::size_t from) {
    constexpr std::array<char32_t, 4> kWanted = {U' ', U'\n', U'"', U'\''};
    std::optional<std::size_t>& known = next_[which];
    if (!known || *known < from) known = std::min(text_.find(kWanted[which], from), text_.size());
    return *known;
  }
  bool BlankMayBreak(std::size_t start, std::size_t end, std::size_t blank) {
    return Next(2, end) > blank && Next(3, end) > blank && text_[blank + 1] != U' ' && text_[blank + 1] != U'\n' &&
           !(text_[end - 1] == U' ' && text_[end] == U' ') && start != end;
  }

  const std::u32string& text_;
  std::array<std::optional<std::size_t>, 4> next_;
};

// Reads the one scalar of a text back; empty optional: it is no scalar.
bool ReadsAs(std::string_view written, std::string_view text) {
  RawPtr root;
  YamlProblem problem;
  if (!Compose(fmt::format("k: {}\n", Trim(written)), {.comments = false}, {}, root, problem) || root == nullptr ||
      root->children.size() != 2)
    return false;
  return root->children[1]->kind == RawNode::Kind::kScalar && root->children[1]->text == text;
}

}  // namespace

ScalarAnalysis Analyze(const std::u32string& text) {
  ScalarAnalysis analysis;
  if (text.empty()) {
    analysis.flow_plain = false;
    return analysis;
  }
  FindIndicators(text, analysis);
  bool special = false;
  bool break_space = false;
  bool space_break = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    analysis.multiline = analysis.multiline || IsBreak(c);
    special = special || (c != U'\n' && !IsPrintable(c));
    if (i > 0 && c == U' ' && IsBreak(text[i - 1])) break_space = true;
    if (i > 0 && IsBreak(c) && text[i - 1] == U' ') space_break = true;
  }
  const auto is_edge = [](char32_t c) { return c == U' ' || IsBreak(c); };
  const bool edges = is_edge(text.front()) || is_edge(text.back());
  if (edges || special || break_space || space_break || analysis.multiline) analysis.block_plain = analysis.flow_plain = false;
  if (special || break_space || space_break) analysis.single_quoted = false;
  return analysis;
}

bool PlainInFlow(const ScalarAnalysis& analysis, std::string_view text, bool in_list) {
  return analysis.flow_plain && analysis.block_plain && !text.starts_with('?') && (in_list || !text.starts_with(':'));
}

// Whether a reader would make something else than a string of the plain text.
bool ReadsAsOther(std::string_view text) {
  if (text.empty() || text == "=" || text == "<<" || LooksLikeYamlDate(text) || !TypedPlainScalar(text).IsString()) return true;
  // Python's patterns take "_" for a digit even where no digit is left ("0x_"); such a text would not even load.
  if (text.find('_') == text.npos || text.front() == '_') return false;
  std::string digits(text);
  for (char& c : digits) c = c == '_' ? '0' : c;
  return !TypedPlainScalar(digits).IsString();
}

void Emitter::String(const EmitNode& node) {
  const std::u32string points = ToPoints(node.text);
  const ScalarAnalysis analysis = Analyze(points);
  const std::size_t size = out_.size();
  const std::size_t column = column_;
  const bool whitespace = whitespace_;
  const bool indention = indention_;
  const bool plain = flow_.empty() ? analysis.block_plain : PlainInFlow(analysis, node.text, flow_.back() == '[');
  if (plain && !ReadsAsOther(node.text) && !(simple_key_ && (points.empty() || analysis.multiline))) {
    Plain(points);
  } else if (!IsIn(U'\'', points) && !IsIn(U'\n', points) && analysis.single_quoted && !(simple_key_ && analysis.multiline)) {
    SingleQuoted(points);
  } else {
    DoubleQuoted(points);
  }
  if (!analysis.multiline && out_.find('\n', size) == out_.npos) return;
  // ruamel's folding loses blanks and backslashes of some texts, and takes U+0085 and U+2028 for line ends. Such a text is
  // written again on one line.
  if (ReadsAs(std::string_view(out_).substr(size), node.text)) return;
  out_.resize(size);
  column_ = column;
  whitespace_ = whitespace;
  indention_ = indention;
  const bool simple_key = std::exchange(simple_key_, true);
  DoubleQuoted(points);
  simple_key_ = simple_key;
}

std::string Emitter::QuotedLine(std::string_view text) {
  Emitter emitter;
  emitter.simple_key_ = true;
  emitter.DoubleQuoted(ToPoints(text));
  return emitter.Take();
}

void Emitter::Plain(const std::u32string& text) {
  if (root_) open_ended_ = true;
  if (text.empty()) return;
  if (!whitespace_) Raw(" ", 1);
  whitespace_ = indention_ = false;
  bool spaces = false;
  std::size_t start = 0;
  for (std::size_t end = 0; end <= text.size(); ++end) {
    const bool last = end == text.size();
    const bool space = !last && text[end] == U' ';
    if (spaces) {
      if (!space) {
        if (start + 1 == end && column_ >= kWidth && !simple_key_) {
          Indent();
          whitespace_ = indention_ = false;
        } else {
          Raw(text, start, end);
        }
        start = end;
      }
    } else if (last || space) {
      // A word that does not fit gets a line of its own; the blank before it stays where it is. (ruamel does so inside keys too,
      // which then cannot be read.)
      if (end - start + column_ > kWidth && has_indent_ && column_ > indent_ && (!simple_key_ || start == 0)) Indent();
      Raw(text, start, end);
      start = end;
    }
    spaces = space;
  }
}

void Emitter::SingleQuoted(const std::u32string& text) {
  Indicator("'", true);
  enum class In { kText, kSpaces, kBreaks } in = In::kText;
  std::size_t start = 0;
  for (std::size_t end = 0; end <= text.size(); ++end) {
    const bool last = end == text.size();
    const char32_t c = last ? 0 : text[end];
    if (in == In::kSpaces) {
      if (last || c != U' ') {
        if (start + 1 == end && column_ > kWidth && !simple_key_ && start != 0 && !last) {
          Indent();
        } else {
          Raw(text, start, end);
        }
        start = end;
      }
    } else if (in == In::kBreaks) {
      if (last || !IsBreak(c)) {
        for (std::size_t i = start; i < end; ++i) LineBreak(text[i]);
        Indent();
        start = end;
      }
    } else if (last || c == U' ' || IsBreak(c)) {
      Raw(text, start, end);
      start = end;
    }
    in = last ? In::kText : c == U' ' ? In::kSpaces : IsBreak(c) ? In::kBreaks : In::kText;
  }
  Indicator("'", false);
}

void Emitter::Escape(char32_t c) {
  constexpr std::u32string_view kFrom = U"\0\x07\x08\t\n\v\f\r\x1B\"\\\x85\xA0\u2028\u2029";
  constexpr std::string_view kTo = "0abtnvfre\"\\N_LP";
  // kFrom holds a NUL, so it must be measured by kTo.
  for (std::size_t i = 0; i < kTo.size(); ++i) {
    if (kFrom.data()[i] == c) {
      out_ += {'\\', kTo[i]};
      column_ += 2;
      return;
    }
  }
  const auto number = static_cast<std::uint32_t>(c);
  const std::string text = number <= 0xFF     ? fmt::format("\\x{:02X}", number)
                           : number <= 0xFFFF ? fmt::format("\\u{:04X}", number)
                                              : fmt::format("\\U{:08X}", number);
  Raw(text, text.size());
}

void Emitter::DoubleQuoted(const std::u32string& text) {
  Indicator("\"", true);
  LineBreaks breaks(text);
  std::size_t start = 0;
  for (std::size_t end = 0; end <= text.size(); ++end) {
    const bool last = end == text.size();
    if (last || NeedsEscape(text[end])) {
      if (start < end) Raw(text, start, end);
      start = std::max(start, end);
      if (!last) {
        Escape(text[end]);
        start = end + 1;
      }
    }
    if (0 < end && end + 1 < text.size() && (text[end] == U' ' || start >= end) && column_ + end > kWidth + start &&
        !simple_key_) {
      const bool backslash = breaks.NeedBackslash(start, end);
      if (start < end) {
        Raw(text, start, end);
        start = end;
      }
      if (backslash) Raw("\\", 1);
      Indent();
      whitespace_ = indention_ = false;
      if (text[start] == U' ') {
        if (backslash) {
          Raw("\\", 1);
        } else {
          ++start;
        }
      }
    }
  }
  Indicator("\"", false);
}

}  // namespace mlean::codec::yaml
