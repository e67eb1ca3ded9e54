// Block scalars: the literal and folded ones that a text had.
#include <fmt/core.h>

#include "codec/yaml_emit.hpp"
#include "codec/yaml_scan.hpp"

namespace mlean::codec::yaml {
namespace {

constexpr std::size_t kWidth = 80;

bool IsBreak(char32_t c) { return c == U'\n' || c == 0x85 || c == 0x2028 || c == 0x2029; }

}  // namespace

std::string Emitter::BlockHints(const std::u32string& text) {
  if (text.empty()) return {};
  std::string hints;
  if (text[0] == ' ' || IsBreak(text[0])) hints += '2';
  if (!IsBreak(text.back())) {
    hints += '-';
  } else if (text.size() == 1 || IsBreak(text[text.size() - 2])) {
    hints += '+';
  }
  return hints;
}

void Emitter::BlockScalar(const EmitNode& node) {
  const std::u32string text = ToPoints(node.text);
  const std::string hints = BlockHints(text);
  Indicator(std::string(1, node.style) + hints + node.header, true);
  if (hints.ends_with('+')) open_ended_ = true;
  LineBreak();
  if (node.style == '|') {
    Literal(text);
  } else {
    Folded(text);
  }
  // A comment that follows must not look like a part of the text.
  if (node.comments != nullptr && (*node.comments)[0].one != nullptr) {
    Comment& comment = *(*node.comments)[0].one;
    if (has_indent_ && indent_ > 0 && comment.start.column >= indent_) comment.start.column = indent_ - 1;
  }
}

void Emitter::Literal(const std::u32string& text) {
  bool breaks = true;
  std::size_t start = 0;
  for (std::size_t end = 0; end <= text.size(); ++end) {
    const bool last = end == text.size();
    const bool at_break = !last && IsBreak(text[end]);
    if (breaks) {
      if (!at_break) {
        for (std::size_t i = start; i < end; ++i) LineBreak(text[i]);
        if (!last) Indent();
        start = end;
      }
    } else if (last || at_break) {
      const std::size_t column = column_;
      Raw(text, start, end);
      column_ = column;
      if (last) LineBreak();
      start = end;
    }
    breaks = at_break;
  }
}

void Emitter::Folded(const std::u32string& text) {
  bool leading_space = true;
  bool spaces = false;
  bool breaks = true;
  std::size_t start = 0;
  for (std::size_t end = 0; end <= text.size(); ++end) {
    const bool last = end == text.size();
    char32_t c = last ? 0 : text[end];
    if (breaks) {
      if (last || !(IsBreak(c) || c == U'\a')) {
        if (!leading_space && !last && c != ' ' && start < text.size() && text[start] == '\n') LineBreak();
        leading_space = c == ' ';
        for (std::size_t i = start; i < end; ++i) LineBreak(text[i]);
        if (!last) Indent();
        start = end;
      }
    } else if (spaces) {
      if (c != ' ') {
        if (start + 1 == end && column_ > kWidth) {
          Indent();
        } else {
          Raw(text, start, end);
        }
        start = end;
      }
    } else if (last || c == ' ' || IsBreak(c) || c == U'\a') {
      Raw(text, start, end);
      start = end;
      if (c == U'\a') {
        // The fold stands where it stood; the blank after the mark is the line's end.
        LineBreak();
        Indent();
        end += 2;
        start = end;
        if (end >= text.size()) break;
        c = text[end];
      }
      if (last) LineBreak();
    }
    if (!last) {
      breaks = IsBreak(c);
      spaces = c == ' ';
    }
  }
}

}  // namespace mlean::codec::yaml
