// The pieces of a text: comments, directives, anchors, tags and scalars.
#include <fmt/core.h>

#include <algorithm>

#include "codec/yaml_scan.hpp"

namespace mlean::codec::yaml {
namespace {

bool IsEnd(char32_t c) { return c == 0 || Scanner::IsBreak(c); }
bool IsEndOrBlank(char32_t c) { return IsEnd(c) || c == ' ' || c == '\t'; }
bool IsEndOrSpace(char32_t c) { return IsEnd(c) || c == ' '; }
bool IsHex(char32_t c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsAlnum(char32_t c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsIn(char32_t c, std::u32string_view set) { return set.find(c) != set.npos; }

// A character of an anchor's name.
bool IsAnchorChar(char32_t c) {
  if (IsIn(c, U",[]{}")) return false;
  return (c >= 0x21 && c <= 0x7E) || (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD && c != 0xFEFF) || c >= 0x10000;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += part;
  return out;
}

}  // namespace

void Scanner::AddComment(std::string value, const Mark& start) {
  while (value.ends_with(' ')) value.pop_back();
  Token token;
  token.kind = TokenKind::kComment;
  token.text = std::move(value);
  token.start = start;
  token.end = Here();
  tokens_.push_back(std::move(token));
}

std::string Scanner::LineBreak(bool empty_line) {
  const char32_t c = At();
  if (c == '\n' || c == '\r' || c == 0x85) {
    Forward(c == '\r' && At(1) == '\n' ? 2 : 1);
    return "\n";
  }
  if (c == 0x2028 || c == 0x2029 || (empty_line && (c == ' ' || c == '\t'))) {
    Forward();
    std::string out;
    AppendPoint(out, c);
    return out;
  }
  return {};
}

// Skips blanks and line ends. A comment, or a run of empty lines, becomes a token of its own.
bool Scanner::ToNextToken(bool& comment) {
  comment = false;
  if (pos_ == 0 && At() == 0xFEFF) Forward();
  for (;;) {
    while (At() == ' ' || (!flow_.empty() && At() == '\t')) Forward();
    if (!comments_) {
      if (At() == '#') {
        while (!IsEnd(At())) Forward();
      }
      if (LineBreak().empty()) return true;
      if (flow_.empty()) allow_key_ = true;
      continue;
    }
    if (At() == '#') {
      const Mark start = Here();
      std::string value;
      while (!IsEnd(At())) {
        AppendPoint(value, At());
        Forward();
      }
      if (At() == 0) {
        value += '\n';
      } else {
        AppendPoint(value, At());
        Forward();
      }
      for (std::string more = LineBreak(); !more.empty(); more = LineBreak()) value += more;
      if (flow_.empty()) allow_key_ = true;
      AddComment(std::move(value), start);
      comment = true;
      return true;
    }
    if (LineBreak().empty()) return true;
    if (flow_.empty()) allow_key_ = true;
    if (At() != '\n') continue;
    const Mark start = Here();
    std::string value;
    for (std::string more = LineBreak(true); !more.empty(); more = LineBreak(true)) value += more;
    if (At() == '#') value = value.substr(0, value.rfind('\n')) + "\n";
    AddComment(std::move(value), start);
    comment = true;
    return true;
  }
}

bool Scanner::ScanDirective() {
  const Mark start = Here();
  constexpr const char* kWhile = "while scanning a directive";
  Forward();
  std::size_t length = 0;
  while (IsAlnum(At(length)) || IsIn(At(length), U"-_:.")) ++length;
  const auto bad_name = [&](char32_t c) {
    return Fail(kWhile, &start, fmt::format("expected alphabetic or numeric character, but found {}", CharRepr(c)), Here());
  };
  if (length == 0) return bad_name(At());
  Token token;
  token.kind = TokenKind::kDirective;
  token.start = start;
  token.text = Slice(length);
  Forward(length);
  if (!IsEndOrSpace(At())) return bad_name(At());
  // Versions and tag handles change nothing of what is read here.
  while (!IsEnd(At())) Forward();
  token.end = Here();
  LineBreak();
  tokens_.push_back(std::move(token));
  return true;
}

bool Scanner::ScanAnchor(TokenKind kind) {
  const Mark start = Here();
  const std::string context = kind == TokenKind::kAlias ? "while scanning an alias" : "while scanning an anchor";
  Forward();
  std::size_t length = 0;
  while (IsAnchorChar(At(length))) ++length;
  if (length == 0) {
    return Fail(context, &start, fmt::format("expected alphabetic or numeric character, but found {}", CharRepr(At())), Here());
  }
  Token token;
  token.kind = kind;
  token.start = start;
  token.text = Slice(length);
  Forward(length);
  if (!IsEndOrBlank(At()) && !IsIn(At(), U"?:,[]{}%@`")) {
    return Fail(context, &start, fmt::format("expected alphabetic or numeric character, but found {}", CharRepr(At())), Here());
  }
  token.end = Here();
  tokens_.push_back(std::move(token));
  return true;
}

bool Scanner::TagHandle(const char* name, const Mark& start, std::string& handle) {
  const std::string context = fmt::format("while scanning an {}", name);
  std::size_t length = 1;
  if (At(length) != ' ') {
    while (IsAlnum(At(length)) || IsIn(At(length), U"-_")) ++length;
    if (At(length) != '!') {
      const char32_t c = At(length);
      Forward(length);
      return Fail(context, &start, fmt::format("expected '!' but found {}", CharRepr(c)), Here());
    }
    ++length;
  }
  handle = Slice(length);
  Forward(length);
  return true;
}

bool Scanner::TagUri(const char* name, const Mark& start, std::string& uri) {
  std::size_t length = 0;
  while (IsAlnum(At(length)) || IsIn(At(length), U"-;/?:@&=+$,_.!~*'()[]%#")) ++length;
  if (length == 0)
    return Fail(fmt::format("while parsing an {}", name), &start, fmt::format("expected URI, but found {}", CharRepr(At())),
                Here());
  uri = Slice(length);
  Forward(length);
  return true;
}

bool Scanner::ScanTag() {
  const Mark start = Here();
  Token token;
  token.kind = TokenKind::kTag;
  token.start = start;
  std::string short_handle = "!";
  if (At(1) == '!') {
    short_handle = "!!";
    Forward();
  }
  const char32_t next = At(1);
  if (next == '<') {
    Forward(2);
    if (!TagUri("tag", start, token.text)) return false;
    if (At() != '>') return Fail("while parsing a tag", &start, fmt::format("expected '>' but found {}", CharRepr(At())), Here());
    Forward();
  } else if (IsEndOrBlank(next)) {
    token.text = short_handle;
    Forward();
  } else {
    bool use_handle = false;
    for (std::size_t ahead = 1; !IsEndOrSpace(At(ahead)); ++ahead) use_handle = use_handle || At(ahead) == '!';
    token.tag_handle = short_handle;
    if (use_handle) {
      if (!TagHandle("tag", start, token.tag_handle)) return false;
    } else {
      Forward();
    }
    if (!TagUri("tag", start, token.text)) return false;
  }
  if (!IsEndOrSpace(At()))
    return Fail("while scanning a tag", &start, fmt::format("expected ' ', but found {}", CharRepr(At())), Here());
  token.end = Here();
  tokens_.push_back(std::move(token));
  return true;
}

// ---- block scalars

bool Scanner::BlockHeader(const Mark& start, int& chomping, int& increment, std::string& comment) {
  constexpr const char* kWhile = "while scanning a block scalar";
  const auto is_digit = [this] { return At() >= '0' && At() <= '9'; };
  const auto take_digit = [&] {
    increment = static_cast<int>(At() - '0');
    if (increment == 0) return Fail(kWhile, &start, "expected indentation indicator in the range 1-9, but found 0", Here());
    Forward();
    return true;
  };
  const auto take_chomping = [&] {
    if (At() != '+' && At() != '-') return false;
    chomping = At() == '+' ? 1 : -1;
    Forward();
    return true;
  };
  if (take_chomping()) {
    if (is_digit() && !take_digit()) return false;
  } else if (is_digit()) {
    if (!take_digit()) return false;
    take_chomping();
  }
  if (!IsEndOrSpace(At()))
    return Fail(kWhile, &start, fmt::format("expected chomping or indentation indicators, but found {}", CharRepr(At())), Here());
  std::string blanks;
  while (At() == ' ') {
    blanks += ' ';
    Forward();
  }
  if (At() == '#') {
    comment = blanks;
    while (!IsEnd(At())) {
      AppendPoint(comment, At());
      Forward();
    }
  }
  if (!IsEnd(At()))
    return Fail(kWhile, &start, fmt::format("expected a comment or a line break, but found {}", CharRepr(At())), Here());
  LineBreak();
  return true;
}

std::vector<std::string> Scanner::BlockBreaks(std::int64_t indent, Mark& end) {
  std::vector<std::string> breaks;
  const auto skip = [&] {
    while (static_cast<std::int64_t>(column_) < indent && At() == ' ') Forward();
  };
  end = Here();
  skip();
  while (IsBreak(At())) {
    breaks.push_back(LineBreak());
    end = Here();
    skip();
  }
  return breaks;
}

bool Scanner::BlockIndentation(std::string& breaks, std::size_t& max_indent, Mark& end, bool& any) {
  std::int64_t first = -1;
  end = Here();
  while (At() == ' ' || IsBreak(At())) {
    if (At() != ' ') {
      if (first < 0) first = static_cast<std::int64_t>(column_);
      breaks += LineBreak();
      any = true;
      end = Here();
    } else {
      Forward();
      max_indent = std::max(max_indent, column_);
    }
  }
  if (first > 0 && static_cast<std::int64_t>(max_indent) > first) {
    const Mark here = Here();
    failed_ = true;
    problem_.context = "more indented follow up line than first in a block scalar";
    problem_.context_mark = YamlProblem::Mark{here.line, here.column};
    return false;
  }
  return true;
}

bool Scanner::ScanBlockScalar(char style) {
  Token token;
  token.kind = TokenKind::kScalar;
  token.style = style;
  token.start = Here();
  Forward();
  int chomping = 0;
  int increment = 0;
  std::string header_comment;
  if (!BlockHeader(token.start, chomping, increment, header_comment)) return false;
  std::int64_t min_indent = indent_ + 1;
  std::int64_t indent = 0;
  std::vector<std::string> breaks;
  if (increment == 0) {
    std::string joined;
    std::size_t max_indent = 0;
    bool any = false;
    if (!BlockIndentation(joined, max_indent, token.end, any)) return false;
    if (any) breaks.push_back(joined);
    indent = std::max(min_indent, static_cast<std::int64_t>(max_indent));
  } else {
    min_indent = std::max<std::int64_t>(min_indent, 1);
    indent = min_indent + increment - 1;
    breaks = BlockBreaks(indent, token.end);
  }
  std::string line_break;
  std::string& out = token.text;
  while (static_cast<std::int64_t>(column_) == indent && At() != 0) {
    out += Joined(breaks);
    const bool leading_text = At() != ' ' && At() != '\t';
    std::size_t length = 0;
    while (!IsEnd(At(length))) ++length;
    out += Slice(length);
    Forward(length);
    line_break = LineBreak();
    breaks = BlockBreaks(indent, token.end);
    if (min_indent == 0 && column_ == 0 && (StartsDocumentMark("---") || StartsDocumentMark("..."))) break;
    if (static_cast<std::int64_t>(column_) != indent || At() == 0) break;
    const bool folds = style == '>' && line_break == "\n";
    if (folds && comments_) out += '\a';  // remembers where the text was folded
    if (folds && leading_text && At() != ' ' && At() != '\t') {
      if (breaks.empty()) out += ' ';
    } else {
      out += line_break;
    }
  }
  if (chomping >= 0) out += line_break;
  std::string trailing;
  if (chomping == 1) {
    out += Joined(breaks);
  } else {
    trailing = Joined(breaks);
  }
  if (!header_comment.empty()) {
    token.comments = std::make_shared<Comments>(2);
    auto header = std::make_shared<Comment>(Comment{std::move(header_comment), token.start, false, true});
    (*token.comments)[1].lines = std::make_shared<std::vector<CommentPtr>>(1, std::move(header));
  }
  if (!trailing.empty()) {
    for (bool comment = true; comment;) {
      if (!ToNextToken(comment)) return false;
      if (!comment) break;
      trailing += std::string(tokens_.back().start.column, ' ') + tokens_.back().text;
      tokens_.pop_back();
    }
    if (token.comments == nullptr) token.comments = std::make_shared<Comments>(2);
    (*token.comments)[0].one = std::make_shared<Comment>(Comment{std::move(trailing), token.end, false});
  }
  tokens_.push_back(std::move(token));
  return true;
}

// ---- quoted scalars

bool Scanner::ScanQuoted(char style) {
  Token token;
  token.kind = TokenKind::kScalar;
  token.style = style;
  token.start = Here();
  const bool is_double = style == '"';
  Forward();
  if (!QuotedText(is_double, token.start, token.text)) return false;
  while (At() != static_cast<unsigned char>(style)) {
    if (!QuotedSpaces(is_double, token.start, token.text)) return false;
    if (!QuotedText(is_double, token.start, token.text)) return false;
  }
  Forward();
  token.end = Here();
  tokens_.push_back(std::move(token));
  return true;
}

bool Scanner::QuotedText(bool is_double, const Mark& start, std::string& out) {
  for (;;) {
    while (!IsEndOrBlank(At()) && !IsIn(At(), U"'\"\\")) {
      AppendPoint(out, At());
      Forward();
    }
    const char32_t c = At();
    if (!is_double && c == '\'' && At(1) == '\'') {
      out += '\'';
      Forward(2);
    } else if ((is_double && c == '\'') || (!is_double && (c == '"' || c == '\\'))) {
      AppendPoint(out, c);
      Forward();
    } else if (is_double && c == '\\') {
      if (!QuotedEscape(start, out)) return false;
    } else {
      return true;
    }
  }
}

bool Scanner::QuotedEscape(const Mark& start, std::string& out) {
  constexpr const char* kWhile = "while scanning a double-quoted scalar";
  constexpr std::u32string_view kFrom = U"0abt\tnvfre \"/\\N_LP";
  constexpr char32_t kTo[] = {0, 7, 8, 9, 9, 10, 11, 12, 13, 27, ' ', '"', '/', '\\', 0x85, 0xA0, 0x2028, 0x2029};
  Forward();
  const char32_t c = At();
  if (const std::size_t found = kFrom.find(c); c != 0 && found != kFrom.npos) {
    AppendPoint(out, kTo[found]);
    Forward();
    return true;
  }
  if (c == 'x' || c == 'u' || c == 'U') {
    const std::size_t length = c == 'x' ? 2 : c == 'u' ? 4 : 8;
    Forward();
    char32_t point = 0;
    for (std::size_t i = 0; i < length; ++i) {
      const char32_t digit = At(i);
      if (!IsHex(digit)) {
        return Fail(kWhile, &start,
                    fmt::format("expected escape sequence of {} hexdecimal numbers, but found {}", length, CharRepr(digit)),
                    Here());
      }
      point = point * 16 + (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
    }
    if (point > 0x10FFFF) return Fail(kWhile, &start, "found a character beyond U+10FFFF", Here());
    AppendPoint(out, point >= 0xD800 && point <= 0xDFFF ? 0xFFFD : point);
    Forward(length);
    return true;
  }
  if (IsBreak(c)) {
    LineBreak();
    return QuotedBreaks(start, out);
  }
  return Fail(kWhile, &start, fmt::format("found unknown escape character {}", CharRepr(c)), Here());
}

bool Scanner::QuotedSpaces(bool is_double, const Mark& start, std::string& out) {
  std::size_t length = 0;
  while (At(length) == ' ' || At(length) == '\t') ++length;
  const std::string blanks = Slice(length);
  Forward(length);
  if (At() == 0) return Fail("while scanning a quoted scalar", &start, "found unexpected end of stream", Here());
  static_cast<void>(is_double);
  if (!IsBreak(At())) {
    out += blanks;
    return true;
  }
  const std::string line_break = LineBreak();
  std::string breaks;
  if (!QuotedBreaks(start, breaks)) return false;
  if (line_break != "\n") {
    out += line_break;
  } else if (breaks.empty()) {
    out += ' ';
  }
  out += breaks;
  return true;
}

bool Scanner::QuotedBreaks(const Mark& start, std::string& out) {
  for (;;) {
    if (StartsDocumentMark("---") || StartsDocumentMark("..."))
      return Fail("while scanning a quoted scalar", &start, "found unexpected document separator", Here());
    while (At() == ' ' || At() == '\t') Forward();
    if (!IsBreak(At())) return true;
    out += LineBreak();
  }
}

// ---- plain scalars

bool Scanner::ScanPlain() {
  Token token;
  token.kind = TokenKind::kScalar;
  token.start = token.end = Here();
  const std::int64_t indent = indent_ + 1;
  std::vector<std::string> spaces;
  while (At() != '#') {
    std::size_t length = 0;
    for (;; ++length) {
      const char32_t c = At(length);
      if (c == ':' && !IsEndOrBlank(At(length + 1))) continue;
      if (c == '?') continue;
      if (IsEndOrBlank(c) || (flow_.empty() && c == ':') || (!flow_.empty() && IsIn(c, U",:[]{}"))) break;
    }
    if (length == 0) break;
    allow_key_ = false;
    token.text += Joined(spaces);
    token.text += Slice(length);
    Forward(length);
    token.end = Here();
    spaces.clear();
    bool document_mark = false;
    PlainSpaces(spaces, document_mark);
    if (document_mark) spaces.clear();
    if (spaces.empty() || At() == '#' || (flow_.empty() && static_cast<std::int64_t>(column_) < indent)) break;
  }
  if (!spaces.empty() && spaces[0] == "\n") {
    token.comments = std::make_shared<Comments>(2);
    (*token.comments)[0].one = std::make_shared<Comment>(Comment{Joined(spaces) + "\n", token.start, false});
  }
  tokens_.push_back(std::move(token));
  return true;
}

bool Scanner::PlainSpaces(std::vector<std::string>& spaces, bool& document_mark) {
  std::size_t length = 0;
  while (At(length) == ' ') ++length;
  Forward(length);
  if (!IsBreak(At())) {
    if (length > 0) spaces.emplace_back(length, ' ');
    return true;
  }
  const std::string line_break = LineBreak();
  allow_key_ = true;
  const auto at_mark = [&] { return document_mark = StartsDocumentMark("---") || StartsDocumentMark("..."); };
  if (at_mark()) return true;
  std::vector<std::string> breaks;
  while (At() == ' ' || IsBreak(At())) {
    if (At() == ' ') {
      Forward();
      continue;
    }
    breaks.push_back(LineBreak());
    if (at_mark()) return true;
  }
  if (line_break != "\n") {
    spaces.push_back(line_break);
  } else if (breaks.empty()) {
    spaces.emplace_back(" ");
  }
  spaces.insert(spaces.end(), breaks.begin(), breaks.end());
  return true;
}

}  // namespace mlean::codec::yaml
