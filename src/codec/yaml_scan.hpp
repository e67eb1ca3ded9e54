// The scanner: turns a text into tokens, by the rules and with the errors of ruamel.yaml's round-trip scanner for YAML 1.2. Inner
// header of the codec room.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "codec/yaml_token.hpp"

namespace mlean::codec::yaml {

class Scanner {
 public:
  // `text` is valid UTF-8. `text_file`: line ends are taken as Python's text files take them (CR LF and CR are LF), so that byte
  // offsets are of the text without its CRs. `comments`: make tokens of comments; without them some errors are found at other
  // places.
  Scanner(std::string_view text, bool text_file, bool comments);

  // All three return false (or nullptr) when the text is wrong: see problem().
  // The next token, its comments gathered. Never fails silently: after an error it stays an error.
  const Token* Peek();
  Token* PeekMutable();
  bool Is(TokenKind kind);  // false on error too
  bool Take(Token& token);
  const YamlProblem& problem() const { return problem_; }
  bool failed() const { return failed_; }

  static bool IsBreak(char32_t c) { return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029; }

 private:
  struct SimpleKey {
    std::size_t token_number = 0;
    bool required = false;
    std::size_t index = 0;
    Mark mark;
  };

  // ---- characters
  char32_t At(std::size_t ahead = 0) const { return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : U'\0'; }
  void Forward(std::size_t count = 1);
  Mark Here() const { return {line_, column_, offset_}; }
  std::string Slice(std::size_t length) const;  // UTF-8 of the next characters
  bool StartsDocumentMark(std::string_view mark) const;
  bool Fail(std::string context, const Mark* context_mark, std::string problem, const Mark& mark);

  // ---- tokens
  bool NeedMore();
  bool FetchMore();
  bool Gather();
  bool FetchToken();
  std::size_t NextPossibleKey() const;
  bool StaleKeys();
  bool SaveKey();
  bool RemoveKey();
  void Unwind(std::int64_t column);
  bool AddIndent(std::int64_t column);
  void Push(TokenKind kind, const Mark& start, const Mark& end);
  void PushHere(TokenKind kind, std::size_t length);
  bool FetchStreamEnd();
  bool FetchDirective();
  bool FetchDocumentMark(TokenKind kind);
  bool FetchFlowStart(TokenKind kind, char open);
  bool FetchFlowEnd(TokenKind kind);
  bool FetchFlowEntry();
  bool FetchBlockEntry();
  bool FetchKey();
  bool FetchValue();
  bool FetchScalar(char style);
  bool CheckValue() const;
  bool CheckPlain() const;
  bool BlankAfter(std::size_t ahead) const;

  // ---- pieces of text (yaml_scan_text.cpp)
  bool ToNextToken(bool& comment);  // true in `comment`: a comment token was added
  void AddComment(std::string value, const Mark& start);
  std::string LineBreak(bool empty_line = false);
  bool ScanDirective();
  bool ScanAnchor(TokenKind kind);
  bool ScanTag();
  bool TagHandle(const char* name, const Mark& start, std::string& handle);
  bool TagUri(const char* name, const Mark& start, std::string& uri);
  bool ScanBlockScalar(char style);
  bool BlockHeader(const Mark& start, int& chomping, int& increment, std::string& comment);
  bool BlockIndentation(std::string& breaks, std::size_t& max_indent, Mark& end, bool& any);
  std::vector<std::string> BlockBreaks(std::int64_t indent, Mark& end);
  bool ScanQuoted(char style);
  bool QuotedText(bool is_double, const Mark& start, std::string& out);
  bool QuotedEscape(const Mark& start, std::string& out);
  bool QuotedSpaces(bool is_double, const Mark& start, std::string& out);
  bool QuotedBreaks(const Mark& start, std::string& out);
  bool ScanPlain();
  bool PlainSpaces(std::vector<std::string>& spaces, bool& document_mark);

  std::u32string text_;
  bool comments_ = true;
  std::size_t pos_ = 0;
  std::size_t line_ = 0;
  std::size_t column_ = 0;
  std::size_t offset_ = 0;

  std::deque<Token> tokens_;
  std::size_t taken_ = 0;
  bool done_ = false;
  std::string flow_;  // '[' and '{' of the open flow collections
  std::int64_t indent_ = -1;
  std::vector<std::int64_t> indents_;
  bool allow_key_ = true;
  std::map<std::size_t, SimpleKey> keys_;  // by flow level
  bool failed_ = false;
  YamlProblem problem_;
};

// UTF-8 to code points and back; invalid bytes are not expected.
std::u32string ToPoints(std::string_view text);
void AppendPoint(std::string& out, char32_t point);

}  // namespace mlean::codec::yaml
