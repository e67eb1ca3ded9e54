#include "codec/yaml_write.hpp"

#include <fmt/core.h>

#include <cmath>
#include <utility>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml.hpp"

namespace mlean::codec {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kMaxSimpleKey = 128;  // characters; a longer key is written as "? key"

std::u32string Decode(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    char32_t point = lead < 0x80 ? lead : lead & (0x7F >> length);
    for (std::size_t i = 1; i < length && at + i < text.size(); ++i)
      point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3F);
    out += point;
    at += length;
  }
  return out;
}

void AppendPoint(std::string& out, char32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += {static_cast<char>(0xC0 | (point >> 6)), static_cast<char>(0x80 | (point & 63))};
  } else if (point < 0x10000) {
    out += {static_cast<char>(0xE0 | (point >> 12)), static_cast<char>(0x80 | (point >> 6 & 63)),
            static_cast<char>(0x80 | (point & 63))};
  } else {
    out += {static_cast<char>(0xF0 | (point >> 18)), static_cast<char>(0x80 | (point >> 12 & 63)),
            static_cast<char>(0x80 | (point >> 6 & 63)), static_cast<char>(0x80 | (point & 63))};
  }
}

bool IsBreak(char32_t c) { return c == U'\n' || c == 0x85 || c == 0x2028 || c == 0x2029; }
bool IsSpaceOrBreak(char32_t c) { return c == 0 || c == U' ' || c == U'\t' || c == U'\r' || IsBreak(c); }
bool IsIn(char32_t c, std::u32string_view set) { return set.find(c) != set.npos; }
// Characters that may stand raw in plain and single-quoted text (besides breaks).
bool IsPrintable(char32_t c) {
  return (c >= 0x20 && c <= 0x7E) || c == 0x85 || (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD && c != 0xFEFF) ||
         (c >= 0x10000 && c <= 0x10FFFF);
}

// What a text allows (after ruamel's rules for scalars).
struct Analysis {
  bool multiline = false;
  bool block_plain = true;
  bool flow_plain = true;
  bool single_quoted = true;
};

// Characters that mean something to a reader: at the start, before a blank, after a blank.
void FindIndicators(const std::u32string& text, Analysis& analysis) {
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

Analysis Analyze(const std::u32string& text) {
  Analysis analysis;
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

// Whether a reader would make something else than a string of the plain text.
bool ReadsAsOther(std::string_view text) {
  if (text.empty() || text == "=" || text == "<<" || LooksLikeYamlDate(text) || !TypedPlainScalar(text).IsString()) return true;
  // Python's patterns take "_" for a digit even where no digit is left ("0x_"); such a text would not even load.
  if (text.find('_') == text.npos || text.front() == '_') return false;
  std::string digits(text);
  for (char& c : digits) c = c == '_' ? '0' : c;
  return !TypedPlainScalar(digits).IsString();
}

std::string PlainNumber(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value < 0 ? "-.inf" : ".inf";
  return PythonFloat(value);
}

class Writer {
 public:
  void Document(const Json& value) {
    if (IsBlock(value)) {
      Collection(value, false, false);
      out_ += '\n';
    } else {
      root_scalar_ = true;
      Node(value, false, false);
      out_ += value.IsArray() || value.IsObject() || IsQuoted() ? "\n" : "\n...\n";
    }
  }
  // The value behind "key:" of a mapping at `indent`.
  void Value(const Json& value, std::size_t indent) {
    has_indent_ = true;
    indent_ = indent;
    whitespace_ = indention_ = false;
    column_ = indent + 1;
    Node(value, true, false);
    out_ += '\n';
  }
  void Flow(const Json& value) {
    if (value.IsArray()) {
      out_ += '[';
      for (std::size_t i = 0; i < value.AsArray().size(); ++i) {
        if (i > 0) out_ += ", ";
        Flow(value.AsArray()[i]);
      }
      out_ += ']';
    } else if (value.IsObject()) {
      out_ += '{';
      for (std::size_t i = 0; i < value.AsObject().size(); ++i) {
        if (i > 0) out_ += ", ";
        Flow(Json(value.AsObject()[i].first));
        out_ += ": ";
        Flow(value.AsObject()[i].second);
      }
      out_ += '}';
    } else {
      FlowScalar(value);
    }
  }
  std::string Take() { return std::move(out_); }

 private:
  struct State {
    std::size_t size;
    std::size_t column;
    bool whitespace;
    bool indention;
  };
  static bool IsBlock(const Json& value) {
    return (value.IsArray() && !value.AsArray().empty()) || (value.IsObject() && !value.AsObject().empty());
  }
  bool IsQuoted() const { return !out_.empty() && (out_.back() == '"' || out_.back() == '\''); }

  void Raw(std::string_view text, std::size_t characters) {
    out_ += text;
    column_ += characters;
  }
  void Raw(const std::u32string& text, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) AppendPoint(out_, text[i]);
    column_ += end - begin;
  }
  void LineBreak(char32_t c = U'\n') {
    AppendPoint(out_, c);
    whitespace_ = indention_ = true;
    column_ = 0;
  }
  void Indent() {
    if (!indention_ || column_ > indent_ || (column_ == indent_ && !whitespace_)) LineBreak();
    if (column_ < indent_) {
      whitespace_ = true;
      Raw(std::string(indent_ - column_, ' '), indent_ - column_);
    }
  }
  void Indicator(std::string_view text, bool needs_blank, bool keeps_indention = false) {
    if (needs_blank && !whitespace_) Raw(" ", 1);
    whitespace_ = false;
    indention_ = indention_ && keeps_indention;
    Raw(text, text.size());
  }

  void Node(const Json& value, bool in_mapping, bool in_sequence) {
    if (IsBlock(value)) {
      Collection(value, in_mapping, in_sequence);
    } else if (value.IsArray()) {
      Indicator("[]", true);
    } else if (value.IsObject()) {
      Indicator("{}", true);
    } else {
      Scalar(value, in_sequence);
    }
  }

  void Collection(const Json& value, bool in_mapping, bool) {
    const std::size_t outer = indent_;
    const bool had_indent = has_indent_;
    const bool indentless = value.IsArray() && in_mapping && !indention_;
    if (!has_indent_) {
      indent_ = 0;
    } else if (!indentless) {
      indent_ += 2;
    }
    has_indent_ = true;
    if (value.IsArray()) {
      for (const Json& item : value.AsArray()) {
        Indent();
        Indicator("-", true, true);
        Node(item, false, true);
      }
    } else {
      for (const Json::Member& member : value.AsObject()) Member(member);
    }
    indent_ = outer;
    has_indent_ = had_indent;
  }

  void Member(const Json::Member& member) {
    Indent();
    const std::u32string key = Decode(member.first);
    if (key.size() < kMaxSimpleKey && !Analyze(key).multiline) {
      simple_key_ = true;
      Scalar(Json(member.first), false);
      simple_key_ = false;
      Indicator(":", false);
    } else {
      Indicator("?", true, true);
      Scalar(Json(member.first), false);
      Indent();
      Indicator(":", true, true);
    }
    Node(member.second, true, false);
  }

  void Scalar(const Json& value, bool in_sequence) {
    const std::size_t outer = indent_;
    if (has_indent_) indent_ += 2;
    if (in_sequence) Indent();
    if (value.IsString()) {
      String(value.AsString());
    } else if (value.IsDouble()) {
      Plain(Decode(PlainNumber(value.AsDouble())));
    } else {
      Plain(Decode(value.IsNull() ? (root_scalar_ ? "null" : "") : value.Dump()));
    }
    indent_ = outer;
  }

  void String(std::string_view text) {
    const std::u32string points = Decode(text);
    const Analysis analysis = Analyze(points);
    const State before{out_.size(), column_, whitespace_, indention_};
    if (!ReadsAsOther(text) && !(simple_key_ && (points.empty() || analysis.multiline)) && analysis.block_plain) {
      Plain(points);
    } else if (!IsIn(U'\'', points) && !IsIn(U'\n', points) && analysis.single_quoted && !(simple_key_ && analysis.multiline)) {
      SingleQuoted(points);
    } else {
      DoubleQuoted(points);
    }
    if (analysis.multiline || out_.find('\n', before.size) != out_.npos) MendFolding(text, points, before);
  }

  // ruamel's folding loses blanks and backslashes of some texts, and takes U+0085 and U+2028 for line ends. Such a text is
  // written again on one line.
  void MendFolding(std::string_view text, const std::u32string& points, const State& before) {
    const std::string_view written = std::string_view(out_).substr(before.size);
    const std::string probe = "k: " + std::string(Trim(written)) + "\n";
    const Result<YamlDocument> document = YamlDocument::Parse(probe, "");
    if (document && document->root().Find("k") != nullptr && document->root().Find("k")->text == text) return;
    out_.resize(before.size);
    column_ = before.column;
    whitespace_ = before.whitespace;
    indention_ = before.indention;
    const bool simple_key = std::exchange(simple_key_, true);
    DoubleQuoted(points);
    simple_key_ = simple_key;
  }

  void FlowScalar(const Json& value) {
    if (value.IsDouble()) {
      out_ += PlainNumber(value.AsDouble());
    } else if (!value.IsString()) {
      out_ += value.Dump();
    } else if (const std::u32string points = Decode(value.AsString());
               Analyze(points).flow_plain && Analyze(points).block_plain && !ReadsAsOther(value.AsString())) {
      out_ += value.AsString();
    } else {
      simple_key_ = true;  // no line breaks by width
      whitespace_ = true;
      DoubleQuoted(points);
      simple_key_ = false;
    }
  }

  void Plain(const std::u32string& text) {
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
        // A word that does not fit gets a line of its own; the blank before it stays where it is.
        if (end - start + column_ > kWidth && has_indent_ && column_ > indent_) Indent();
        Raw(text, start, end);
        start = end;
      }
      spaces = space;
    }
  }

  void SingleQuoted(const std::u32string& text) {
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

  void Escape(char32_t c) {
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

  static bool NeedsEscape(char32_t c) {
    return c == U'"' || c == U'\\' || c == 0x85 || c == 0x2028 || c == 0x2029 || c == 0xFEFF || !IsPrintable(c);
  }

  // Whether a break before text[end] must be escaped by a backslash; without one the break itself stands for the blank there.
  static bool BreakNeedsBackslash(const std::u32string& text, std::size_t start, std::size_t end) {
    const std::size_t space = text.find(U' ', end);
    if (space == text.npos || space + 1 >= text.size()) return true;
    const std::size_t line = text.find(U'\n', end);
    if (line != text.npos && line < space)
      return line + 1 >= text.size() || text[line + 1] == U' ' || !BlankMayBreak(text, start, end, line);
    return !BlankMayBreak(text, start, end, space);
  }
  static bool BlankMayBreak(const std::u32string& text, std::size_t start, std::size_t end, std::size_t space) {
    const std::u32string_view between = std::u32string_view(text).substr(end, space - end);
    return !IsIn(U'"', between) && !IsIn(U'\'', between) && text[space + 1] != U' ' && text[space + 1] != U'\n' &&
           !(text[end - 1] == U' ' && text[end] == U' ') && start != end;
  }

  void DoubleQuoted(const std::u32string& text) {
    Indicator("\"", true);
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
        const bool backslash = BreakNeedsBackslash(text, start, end);
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

  std::string out_;
  std::size_t column_ = 0;
  std::size_t indent_ = 0;
  bool has_indent_ = false;  // false at the top, before any collection
  bool whitespace_ = true;   // the last character was a blank, or nothing was written on this line
  bool indention_ = true;    // only blanks and dashes stand on this line
  bool simple_key_ = false;
  bool root_scalar_ = false;
};

}  // namespace

std::string WriteYaml(const Json& value) {
  Writer writer;
  writer.Document(value);
  return writer.Take();
}

std::string WriteYamlValue(const Json& value, int indent) {
  Writer writer;
  writer.Value(value, static_cast<std::size_t>(std::max(indent, 0)));
  return writer.Take();
}

std::string WriteYamlFlow(const Json& value) {
  Writer writer;
  writer.Flow(value);
  return writer.Take();
}

}  // namespace mlean::codec
