#include "codec/yaml_scan.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace mlean::codec::yaml {
namespace {

constexpr std::size_t kMaxKeyLength = 1024;

bool IsEndOrBlank(char32_t c) { return c == 0 || c == ' ' || c == '\t' || Scanner::IsBreak(c); }

}  // namespace

std::string_view TokenId(TokenKind kind) {
  switch (kind) {
    case TokenKind::kStreamStart: return "<stream start>";
    case TokenKind::kStreamEnd: return "<stream end>";
    case TokenKind::kDirective: return "<directive>";
    case TokenKind::kDocumentStart: return "<document start>";
    case TokenKind::kDocumentEnd: return "<document end>";
    case TokenKind::kBlockSequenceStart: return "<block sequence start>";
    case TokenKind::kBlockMappingStart: return "<block mapping start>";
    case TokenKind::kBlockEnd: return "<block end>";
    case TokenKind::kFlowSequenceStart: return "[";
    case TokenKind::kFlowMappingStart: return "{";
    case TokenKind::kFlowSequenceEnd: return "]";
    case TokenKind::kFlowMappingEnd: return "}";
    case TokenKind::kKey: return "?";
    case TokenKind::kValue: return ":";
    case TokenKind::kBlockEntry: return "-";
    case TokenKind::kFlowEntry: return ",";
    case TokenKind::kAlias: return "<alias>";
    case TokenKind::kAnchor: return "<anchor>";
    case TokenKind::kTag: return "<tag>";
    case TokenKind::kScalar: return "<scalar>";
    case TokenKind::kComment: return "<comment>";
  }
  return {};
}

std::string CharRepr(char32_t c) {
  const auto number = static_cast<std::uint32_t>(c);
  if (c == '\'') return "\"'\"";
  if (c == '\\') return "'\\\\'";
  if (c == '\n') return "'\\n'";
  if (c == '\r') return "'\\r'";
  if (c == '\t') return "'\\t'";
  if (c < 0x20 || (c >= 0x7F && c < 0xA1) || c == 0xAD) return fmt::format("'\\x{:02x}'", number);
  if (c == 0x2028 || c == 0x2029 || c == 0xFEFF) return fmt::format("'\\u{:04x}'", number);
  std::string text = "'";
  AppendPoint(text, c);
  return text + "'";
}

std::u32string ToPoints(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) {
      out += lead;
      ++at;
      continue;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    char32_t point = lead & (0x7F >> length);
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

Scanner::Scanner(std::string_view text, bool text_file, bool comments) : text_(ToPoints(text)), comments_(comments) {
  if (text_file && text_.find(U'\r') != text_.npos) {
    std::size_t out = 0;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '\r' && i + 1 < text_.size() && text_[i + 1] == '\n') continue;
      text_[out++] = text_[i] == '\r' ? U'\n' : text_[i];
    }
    text_.resize(out);
  }
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const char32_t c = text_[i];
    const bool good = c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7E) || c == 0x85 ||
                      (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
    if (good) continue;
    failed_ = true;
    problem_.problem =
        fmt::format("unacceptable character #x{:04x}: special characters are not allowed", static_cast<unsigned>(c));
    break;
  }
  Push(TokenKind::kStreamStart, Here(), Here());
}

void Scanner::Forward(std::size_t count) {
  for (; count > 0 && pos_ < text_.size(); --count) {
    const char32_t c = text_[pos_++];
    offset_ += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (c == '\n' || (c == '\r' && At() != '\n')) {
      ++line_;
      column_ = 0;
    } else if (c != 0xFEFF) {
      ++column_;
    }
  }
}

std::string Scanner::Slice(std::size_t length) const {
  std::string out;
  for (std::size_t i = 0; i < length && pos_ + i < text_.size(); ++i) AppendPoint(out, text_[pos_ + i]);
  return out;
}

bool Scanner::StartsDocumentMark(std::string_view mark) const {
  for (std::size_t i = 0; i < mark.size(); ++i) {
    if (At(i) != static_cast<unsigned char>(mark[i])) return false;
  }
  return IsEndOrBlank(At(mark.size()));
}

bool Scanner::BlankAfter(std::size_t ahead) const { return IsEndOrBlank(At(ahead)); }

bool Scanner::Fail(std::string context, const Mark* context_mark, std::string problem, const Mark& mark) {
  if (failed_) return false;
  failed_ = true;
  problem_.context = std::move(context);
  if (context_mark != nullptr) problem_.context_mark = YamlProblem::Mark{context_mark->line, context_mark->column};
  problem_.problem = std::move(problem);
  problem_.problem_mark = YamlProblem::Mark{mark.line, mark.column};
  return false;
}

void Scanner::Push(TokenKind kind, const Mark& start, const Mark& end) {
  Token token;
  token.kind = kind;
  token.start = start;
  token.end = end;
  tokens_.push_back(std::move(token));
}

void Scanner::PushHere(TokenKind kind, std::size_t length) {
  const Mark start = Here();
  Forward(length);
  Push(kind, start, Here());
}

// ---- the queue

bool Scanner::NeedMore() {
  if (done_ || failed_) return false;
  if (tokens_.empty()) return true;
  if (!StaleKeys()) return false;
  return NextPossibleKey() == taken_;
}

// Joins comment lines and hands them to the next token.
bool Scanner::Gather() {
  if (tokens_.empty()) return !failed_;
  std::vector<CommentPtr> comments;
  const auto take = [&] {
    Token& front = tokens_.front();
    if (front.kind != TokenKind::kComment) return;
    comments.push_back(std::make_shared<Comment>(Comment{std::move(front.text), front.start, false}));
    tokens_.pop_front();
    ++taken_;
  };
  take();
  while (NeedMore()) {
    if (!FetchMore()) return false;
    if (tokens_.empty()) return true;
    take();
  }
  if (failed_) return false;
  if (!comments.empty() && !tokens_.empty()) {
    Token& front = tokens_.front();
    if (front.comments == nullptr) front.comments = std::make_shared<Comments>(2);
    (*front.comments)[1].lines = std::make_shared<std::vector<CommentPtr>>(std::move(comments));
  }
  if (!done_ && tokens_.size() < 2) return FetchMore();
  return true;
}

Token* Scanner::PeekMutable() {
  while (NeedMore()) {
    if (!FetchMore()) return nullptr;
  }
  if (failed_ || (comments_ && !Gather()) || tokens_.empty()) return nullptr;
  return &tokens_.front();
}

const Token* Scanner::Peek() { return PeekMutable(); }

bool Scanner::Is(TokenKind kind) {
  const Token* const token = Peek();
  return token != nullptr && token->kind == kind;
}

bool Scanner::Take(Token& token) {
  if (PeekMutable() == nullptr) return false;
  const auto next_is_comment = [this] { return comments_ && tokens_.size() > 1 && tokens_[1].kind == TokenKind::kComment; };
  const TokenKind kind = tokens_[0].kind;
  const bool holds = kind == TokenKind::kScalar || kind == TokenKind::kValue || kind == TokenKind::kFlowSequenceEnd ||
                     kind == TokenKind::kFlowMappingEnd;
  const bool same_line = next_is_comment() && tokens_[0].end.line == tokens_[1].start.line;
  if (next_is_comment() && ((holds && same_line) || (kind == TokenKind::kScalar && !same_line))) {
    auto comment = std::make_shared<Comment>(Comment{std::move(tokens_[1].text), tokens_[1].start, false});
    if (!same_line) {
      comment->value =
          std::string(comment->start.line - tokens_[0].end.line, '\n') + std::string(comment->start.column, ' ') + comment->value;
    }
    ++taken_;
    tokens_.erase(tokens_.begin() + 1);
    const auto attach = [&] {
      if (tokens_[0].comments == nullptr) tokens_[0].comments = std::make_shared<Comments>(2);
      (*tokens_[0].comments)[0].one = comment;
    };
    attach();
    if (!FetchMore()) return false;
    while (next_is_comment()) {
      ++taken_;
      comment->value += std::string(tokens_[1].start.column, ' ') + tokens_[1].text;
      tokens_.erase(tokens_.begin() + 1);
      if (!FetchMore()) return false;
    }
  }
  ++taken_;
  token = std::move(tokens_.front());
  tokens_.pop_front();
  return true;
}

// ---- one token more

bool Scanner::FetchMore() {
  if (failed_) return false;
  if (done_) return true;
  bool comment = false;
  if (!ToNextToken(comment)) return false;
  if (comment) return true;
  if (!StaleKeys()) return false;
  Unwind(static_cast<std::int64_t>(column_));
  return FetchToken();
}

bool Scanner::FetchToken() {
  const char32_t c = At();
  if (c == 0) return FetchStreamEnd();
  if (c == '%' && column_ == 0) return FetchDirective();
  if (column_ == 0 && c == '-' && StartsDocumentMark("---")) return FetchDocumentMark(TokenKind::kDocumentStart);
  if (column_ == 0 && c == '.' && StartsDocumentMark("...")) return FetchDocumentMark(TokenKind::kDocumentEnd);
  if (c == '[') return FetchFlowStart(TokenKind::kFlowSequenceStart, '[');
  if (c == '{') return FetchFlowStart(TokenKind::kFlowMappingStart, '{');
  if (c == ']') return FetchFlowEnd(TokenKind::kFlowSequenceEnd);
  if (c == '}') return FetchFlowEnd(TokenKind::kFlowMappingEnd);
  if (c == ',') return FetchFlowEntry();
  if (c == '-' && BlankAfter(1)) return FetchBlockEntry();
  if (c == '?' && (!flow_.empty() || BlankAfter(1))) return FetchKey();
  if (c == ':' && CheckValue()) return FetchValue();
  if (c == '*' || c == '&' || c == '!') {
    if (!SaveKey()) return false;
    allow_key_ = false;
    return c == '!' ? ScanTag() : ScanAnchor(c == '*' ? TokenKind::kAlias : TokenKind::kAnchor);
  }
  if ((c == '|' || c == '>') && flow_.empty()) {
    allow_key_ = true;
    return RemoveKey() && ScanBlockScalar(static_cast<char>(c));
  }
  if (c == '\'' || c == '"') return FetchScalar(static_cast<char>(c));
  if (CheckPlain()) return FetchScalar(0);
  return Fail("while scanning for the next token", nullptr,
              fmt::format("found character {} that cannot start any token", CharRepr(c)), Here());
}

bool Scanner::FetchScalar(char style) {
  if (!SaveKey()) return false;
  allow_key_ = false;
  return style == 0 ? ScanPlain() : ScanQuoted(style);
}

std::size_t Scanner::NextPossibleKey() const {
  std::size_t least = static_cast<std::size_t>(-1);
  for (const auto& [level, key] : keys_) least = std::min(least, key.token_number);
  return least;
}

bool Scanner::StaleKeys() {
  for (auto at = keys_.begin(); at != keys_.end();) {
    const SimpleKey& key = at->second;
    if (key.mark.line == line_ && pos_ - key.index <= kMaxKeyLength) {
      ++at;
      continue;
    }
    if (key.required) return Fail("while scanning a simple key", &key.mark, "could not find expected ':'", Here());
    at = keys_.erase(at);
  }
  return true;
}

bool Scanner::SaveKey() {
  const bool required = flow_.empty() && indent_ == static_cast<std::int64_t>(column_);
  if (!allow_key_) return true;
  if (!RemoveKey()) return false;
  keys_[flow_.size()] = {taken_ + tokens_.size(), required, pos_, Here()};
  return true;
}

bool Scanner::RemoveKey() {
  const auto found = keys_.find(flow_.size());
  if (found == keys_.end()) return true;
  if (found->second.required)
    return Fail("while scanning a simple key", &found->second.mark, "could not find expected ':'", Here());
  keys_.erase(found);
  return true;
}

void Scanner::Unwind(std::int64_t column) {
  if (!flow_.empty()) return;
  while (indent_ > column) {
    indent_ = indents_.back();
    indents_.pop_back();
    Push(TokenKind::kBlockEnd, Here(), Here());
  }
}

bool Scanner::AddIndent(std::int64_t column) {
  if (indent_ >= column) return false;
  indents_.push_back(indent_);
  indent_ = column;
  return true;
}

bool Scanner::FetchStreamEnd() {
  Unwind(-1);
  if (!RemoveKey()) return false;
  allow_key_ = false;
  keys_.clear();
  Push(TokenKind::kStreamEnd, Here(), Here());
  done_ = true;
  return true;
}

bool Scanner::FetchDirective() {
  Unwind(-1);
  if (!RemoveKey()) return false;
  allow_key_ = false;
  return ScanDirective();
}

bool Scanner::FetchDocumentMark(TokenKind kind) {
  Unwind(-1);
  if (!RemoveKey()) return false;
  allow_key_ = false;
  PushHere(kind, 3);
  return true;
}

bool Scanner::FetchFlowStart(TokenKind kind, char open) {
  if (!SaveKey()) return false;
  flow_ += open;
  allow_key_ = true;
  PushHere(kind, 1);
  return true;
}

bool Scanner::FetchFlowEnd(TokenKind kind) {
  if (!RemoveKey()) return false;
  if (!flow_.empty()) flow_.pop_back();
  allow_key_ = false;
  PushHere(kind, 1);
  return true;
}

bool Scanner::FetchFlowEntry() {
  allow_key_ = true;
  if (!RemoveKey()) return false;
  PushHere(TokenKind::kFlowEntry, 1);
  return true;
}

bool Scanner::FetchBlockEntry() {
  if (flow_.empty()) {
    if (!allow_key_) return Fail("", nullptr, "sequence entries are not allowed here", Here());
    if (AddIndent(static_cast<std::int64_t>(column_))) Push(TokenKind::kBlockSequenceStart, Here(), Here());
  }
  allow_key_ = true;
  if (!RemoveKey()) return false;
  PushHere(TokenKind::kBlockEntry, 1);
  return true;
}

bool Scanner::FetchKey() {
  if (flow_.empty()) {
    if (!allow_key_) return Fail("", nullptr, "mapping keys are not allowed here", Here());
    if (AddIndent(static_cast<std::int64_t>(column_))) Push(TokenKind::kBlockMappingStart, Here(), Here());
  }
  allow_key_ = flow_.empty();
  if (!RemoveKey()) return false;
  PushHere(TokenKind::kKey, 1);
  return true;
}

bool Scanner::FetchValue() {
  const auto found = keys_.find(flow_.size());
  if (found != keys_.end()) {
    const SimpleKey key = found->second;
    keys_.erase(found);
    const auto insert = [&](TokenKind kind) {
      Token token;
      token.kind = kind;
      token.start = token.end = key.mark;
      const std::size_t at = std::min(key.token_number - taken_, tokens_.size());
      tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(at), std::move(token));
    };
    insert(TokenKind::kKey);
    if (flow_.empty() && AddIndent(static_cast<std::int64_t>(key.mark.column))) insert(TokenKind::kBlockMappingStart);
    allow_key_ = false;
  } else {
    if (flow_.empty()) {
      if (!allow_key_) return Fail("", nullptr, "mapping values are not allowed here", Here());
      if (AddIndent(static_cast<std::int64_t>(column_))) Push(TokenKind::kBlockMappingStart, Here(), Here());
    }
    allow_key_ = flow_.empty();
    if (!RemoveKey()) return false;
  }
  PushHere(TokenKind::kValue, 1);
  return true;
}

bool Scanner::CheckValue() const {
  if (flow_.empty()) return BlankAfter(1);
  if (flow_.back() == '[') return BlankAfter(1);
  if (!tokens_.empty() && tokens_.back().kind == TokenKind::kValue) return BlankAfter(1);
  return true;
}

bool Scanner::CheckPlain() const {
  const char32_t c = At();
  constexpr std::u32string_view kIndicators = U"-?:,[]{}#&*!|>'\"%@`";
  if (!IsEndOrBlank(c) && kIndicators.find(c) == kIndicators.npos) return true;
  const char32_t next = At(1);
  if (c == '-' && !IsEndOrBlank(next)) return true;
  if (c == ':' && !flow_.empty() && next != ' ' && next != '\t') return true;
  return !IsEndOrBlank(next) && flow_.empty() && (c == '?' || c == ':');
}

}  // namespace mlean::codec::yaml
