// The emitter: writes a tree of values with ruamel.yaml's layout, quoting, folding and placing of comments. Inner header of the
// codec room.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/yaml_data.hpp"

namespace mlean::codec::yaml {

// What is written: styles and comments decided, not yet quotes and line breaks.
struct EmitNode {
  enum class Kind : std::uint8_t { kScalar, kList, kMap, kAlias };
  Kind kind = Kind::kScalar;
  std::string text;
  bool typed = false;  // a number, bool, time or null: plain
  bool null = false;
  char style = 0;      // '|' or '>'
  std::string header;  // comment behind '|' or '>'
  std::string tag;
  std::string anchor;  // its own, or the one an alias names
  bool flow = false;
  // [0] behind it, [1] lines before it, [2] lines at its end
  CommentsPtr comments;
  std::vector<std::unique_ptr<EmitNode>> children;  // of a map: key, value, …
};
std::unique_ptr<EmitNode> Represent(const NodePtr& root);

// What a text allows (ruamel's analysis of scalars).
struct ScalarAnalysis {
  bool multiline = false;
  bool block_plain = true;
  bool flow_plain = true;
  bool single_quoted = true;
};
ScalarAnalysis Analyze(const std::u32string& text);
// Whether the text may stand plain as an item of a flow list, or in a flow mapping. (ruamel's writer lets more pass than its
// reader takes: "?a", and in mappings ":a".)
bool PlainInFlow(const ScalarAnalysis& analysis, std::string_view text, bool in_list);
// Whether a reader would make something else than a string of the plain text.
bool ReadsAsOther(std::string_view text);

class Emitter {
 public:
  // A whole document.
  void Document(const EmitNode& root);
  // Notes where the members of this map start and where they end; none when it cannot be cut into lines.
  void Watch(const EmitNode* map) { watched_ = map; }
  const std::vector<std::size_t>& member_starts() const { return member_starts_; }
  std::size_t members_end() const { return members_end_; }
  std::string Take() { return std::move(out_); }

  // One string on one line, double quoted.
  static std::string QuotedLine(std::string_view text);

 private:
  struct Level {
    std::size_t indent = 0;
    bool has_indent = false;
    bool sequence = false;
  };

  // ---- structure
  void Node(const EmitNode& node, bool root, bool sequence, bool mapping, bool simple_key);
  void Scalar(const EmitNode& node);
  void FlowList(const EmitNode& node, bool force_indent);
  void FlowMap(const EmitNode& node, bool force_indent);
  void EndFlow(const EmitNode& node);  // what follows the closing bracket
  void FlowKey(const EmitNode& key, const EmitNode& value);
  void BlockList(const EmitNode& node);
  void BlockMap(const EmitNode& node);
  bool IsSimpleKey(const EmitNode& node) const;
  void Increase(bool flow, bool sequence, bool indentless = false);
  void Decrease();
  std::size_t FlowAlign(bool pre_comment) const;
  bool SequenceInSequence() const;

  // ---- characters
  void Raw(std::string_view text, std::size_t columns);
  void Raw(const std::u32string& text, std::size_t start, std::size_t end);
  void LineBreak(char32_t c = '\n');
  void Indent();
  bool StartLine();
  void Indicator(std::string_view text, bool needs_blank, bool whitespace = false, bool keeps_indention = false);
  bool PostComment(const EmitNode& node);
  bool PreComments(const CommentSlot& slot, bool start);
  void WriteComment(const Comment& comment, bool pre);

  // ---- scalars (yaml_emit_text.cpp)
  void String(const EmitNode& node);
  void Plain(const std::u32string& text);
  void SingleQuoted(const std::u32string& text);
  void DoubleQuoted(const std::u32string& text);
  void Escape(char32_t c);
  void BlockScalar(const EmitNode& node);
  void Literal(const std::u32string& text);
  void Folded(const std::u32string& text);
  static std::string BlockHints(const std::u32string& text);

  std::string out_;
  std::size_t column_ = 0;
  std::size_t indent_ = 0;
  bool has_indent_ = false;  // false at the top, before any collection
  std::vector<Level> levels_;
  std::string flow_;  // '[', '{', and ' ' for a single pair without braces
  bool whitespace_ = true;
  bool indention_ = true;
  bool no_newline_ = false;
  bool root_ = false;
  bool sequence_ = false;
  bool mapping_ = false;
  bool simple_key_ = false;
  bool open_ended_ = false;
  const EmitNode* watched_ = nullptr;
  std::vector<std::size_t> member_starts_;
  std::size_t members_end_ = 0;
};

}  // namespace mlean::codec::yaml
