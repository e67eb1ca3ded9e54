#include "codec/yaml_emit.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "codec/yaml_scan.hpp"

namespace mlean::codec::yaml {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kMaxSimpleKey = 128;  // characters; a longer key is written as "? key"

const CommentSlot& Slot(const EmitNode& node, std::size_t index) {
  static const auto* const kNone = new CommentSlot;
  return node.comments != nullptr && index < node.comments->size() ? (*node.comments)[index] : *kNone;
}

}  // namespace

void Emitter::Document(const EmitNode& root) {
  Node(root, true, false, false, false);
  Indent();
  if (open_ended_) {
    Indicator("...", true);
    Indent();
  }
}

// ---- structure

void Emitter::Increase(bool flow, bool sequence, bool indentless) {
  levels_.push_back({indent_, has_indent_, sequence});
  if (!has_indent_) {
    if (!flow) {
      indent_ = 0;
      has_indent_ = true;
    }
  } else if (!indentless) {
    indent_ += 2;
  }
}

void Emitter::Decrease() {
  indent_ = levels_.back().indent;
  has_indent_ = levels_.back().has_indent;
  levels_.pop_back();
}

bool Emitter::SequenceInSequence() const {
  return levels_.size() >= 2 && levels_[levels_.size() - 1].sequence && levels_[levels_.size() - 2].sequence;
}

// Blanks before a flow collection that starts a line of a list.
std::size_t Emitter::FlowAlign(bool pre_comment) const {
  if (levels_.size() < 2 || !levels_.back().sequence) {
    if (levels_.empty() || !pre_comment) return 0;
  }
  const std::size_t base = levels_.back().has_indent ? levels_.back().indent : 0;
  if (pre_comment) return base + 2;
  return base + 2 > column_ + 1 ? base + 2 - column_ - 1 : 0;
}

void Emitter::Node(const EmitNode& node, bool root, bool sequence, bool mapping, bool simple_key) {
  root_ = root;
  sequence_ = sequence;
  mapping_ = mapping;
  simple_key_ = simple_key;
  if (node.kind == EmitNode::Kind::kAlias) {
    Indicator("*" + node.anchor, true);
    return;
  }
  if (!node.anchor.empty()) {
    Indicator("&" + node.anchor, true);
    no_newline_ = false;
    if (node.kind == EmitNode::Kind::kScalar) sequence_ = false;
  }
  if (!node.tag.empty()) {
    Indicator(node.tag, true);
    if (sequence_ && flow_.empty() && node.kind == EmitNode::Kind::kScalar) no_newline_ = true;
  }
  if (node.kind == EmitNode::Kind::kScalar) {
    Scalar(node);
    return;
  }
  const bool has_comments = node.comments != nullptr;
  bool force_indent = false;
  if (node.kind == EmitNode::Kind::kList) {
    const bool indention = indention_;
    if (has_comments) {
      if (!node.flow && PostComment(node)) {
        indention_ = false;
        no_newline_ = true;
      }
      const std::size_t column = column_;
      if (PreComments(Slot(node, 1), true)) {
        if (node.flow) force_indent = !levels_.empty() && !levels_.back().sequence;
        indention_ = indention;
        no_newline_ = !indention_;
      }
      if (node.flow) column_ = column;
    }
    if (!flow_.empty() || node.flow) {
      FlowList(node, force_indent);
    } else {
      BlockList(node);
    }
    return;
  }
  if (has_comments && !node.flow) PostComment(node);
  if (!Slot(node, 1).Empty()) {
    PreComments(Slot(node, 1), true);
    if (node.flow && !levels_.empty()) force_indent = !levels_.back().sequence;
  }
  if (!flow_.empty() || node.flow) {
    FlowMap(node, force_indent);
  } else {
    BlockMap(node);
  }
}

void Emitter::Scalar(const EmitNode& node) {
  Increase(true, false);
  if (sequence_ && flow_.empty()) Indent();
  if (node.style != 0 && flow_.empty() && !simple_key_) {
    BlockScalar(node);
  } else if (node.typed) {
    // Nothing is written for null, where nothing can be read as null.
    const bool bare = node.null && flow_.empty() && !simple_key_ && !root_;
    if (!bare) Plain(ToPoints(node.null ? "null" : node.text));
  } else {
    String(node);
  }
  PostComment(node);
  Decrease();
}

void Emitter::FlowList(const EmitNode& node, bool force_indent) {
  if (force_indent) Increase(true, true);
  Indicator(std::string(FlowAlign(force_indent), ' ') + "[", true, true);
  if (!force_indent) Increase(true, true);
  flow_ += '[';
  if (SequenceInSequence()) {
    indention_ = true;
    no_newline_ = false;
  }
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) Indicator(",", false);
    if (column_ > kWidth) Indent();
    Node(*node.children[i], false, true, false, false);
  }
  Decrease();
  flow_.pop_back();
  Indicator("]", false);
  EndFlow(node);
}

void Emitter::EndFlow(const EmitNode& node) {
  if (node.flow && Slot(node, 0).one != nullptr) {
    PostComment(node);
  } else if (!node.children.empty()) {
    no_newline_ = false;
  } else if (flow_.empty()) {
    LineBreak();
  }
}

void Emitter::FlowMap(const EmitNode& node, bool force_indent) {
  if (force_indent) Increase(true, false);
  const std::size_t align = FlowAlign(force_indent);
  const bool single = node.children.size() == 2 && !flow_.empty() && flow_.back() == '[';
  Indicator(std::string(align, ' ') + (single ? "" : "{"), true, true);
  flow_ += single ? ' ' : '{';
  if (!force_indent) Increase(true, false);
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    if (i > 0) Indicator(",", false);
    if (column_ > kWidth) Indent();
    FlowKey(*node.children[i], *node.children[i + 1]);
  }
  Decrease();
  flow_.pop_back();
  if (!single) Indicator("}", false);
  EndFlow(node);
}

void Emitter::FlowKey(const EmitNode& key, const EmitNode& value) {
  if (IsSimpleKey(key)) {
    Node(key, false, false, true, true);
    Indicator(":", false);
  } else {
    Indicator("?", true);
    Node(key, false, false, true, false);
    if (column_ > kWidth) Indent();
    Indicator(":", true);
  }
  Node(value, false, false, true, false);
}

void Emitter::BlockList(const EmitNode& node) {
  const bool indentless = mapping_ && !indention_;
  Increase(false, true, indentless);
  if (SequenceInSequence()) {
    indention_ = true;
    no_newline_ = false;
  }
  for (const auto& item : node.children) {
    PreComments(Slot(*item, 1), item->kind == EmitNode::Kind::kList || item->kind == EmitNode::Kind::kMap);
    const bool no_newline = column_ == 0 && no_newline_;
    Indent();
    Indicator("-", true, false, true);
    if (no_newline) no_newline_ = true;
    Node(*item, false, true, false, false);
  }
  PreComments(Slot(node, 2), false);
  Decrease();
  no_newline_ = false;
}

void Emitter::BlockMap(const EmitNode& node) {
  Increase(false, false);
  if (&node == watched_) member_starts_.clear();
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const EmitNode& key = *node.children[i];
    if (&node == watched_ && StartLine()) member_starts_.push_back(out_.size());
    PreComments(Slot(key, 1), key.kind == EmitNode::Kind::kList || key.kind == EmitNode::Kind::kMap);
    Indent();
    if (IsSimpleKey(key)) {
      Node(key, false, false, true, true);
      if (key.kind == EmitNode::Kind::kAlias) Raw(" ", 0);
      Indicator(":", false);
    } else {
      Indicator("?", true, false, true);
      Node(key, false, false, true, false);
      Indent();
      Indicator(":", true, false, true);
    }
    Node(*node.children[i + 1], false, false, true, false);
  }
  if (&node == watched_ && StartLine()) members_end_ = out_.size();
  PreComments(Slot(node, 2), false);
  Decrease();
}

bool Emitter::IsSimpleKey(const EmitNode& node) const {
  std::size_t length = node.anchor.size() + node.tag.size();
  if (node.kind == EmitNode::Kind::kAlias) return length < kMaxSimpleKey;
  if (node.kind != EmitNode::Kind::kScalar) return length < kMaxSimpleKey && (node.flow || node.children.empty());
  const std::u32string points = ToPoints(node.text);
  length += points.size();
  return length < kMaxSimpleKey && !Analyze(points).multiline;
}

// ---- characters

void Emitter::Raw(std::string_view text, std::size_t columns) {
  out_ += text;
  column_ += columns;
}

void Emitter::Raw(const std::u32string& text, std::size_t start, std::size_t end) {
  for (std::size_t i = start; i < end; ++i) AppendPoint(out_, text[i]);
  column_ += end - start;
}

void Emitter::LineBreak(char32_t c) {
  AppendPoint(out_, c);
  whitespace_ = indention_ = true;
  column_ = 0;
}

void Emitter::Indent() {
  const std::size_t indent = has_indent_ ? indent_ : 0;
  if (!indention_ || column_ > indent || (column_ == indent && !whitespace_)) {
    if (no_newline_) {
      no_newline_ = false;
    } else {
      LineBreak();
    }
  }
  if (column_ < indent) {
    whitespace_ = true;
    Raw(std::string(indent - column_, ' '), indent - column_);
  }
}

// Breaks the line early where the next key would do so. Where it would not ("? a long key" with a map behind its colon), the map
// cannot be taken apart.
bool Emitter::StartLine() {
  if (column_ == 0) return true;
  if (indention_ || no_newline_) {
    watched_ = nullptr;
    member_starts_.clear();
    return false;
  }
  LineBreak();
  return true;
}

void Emitter::Indicator(std::string_view text, bool needs_blank, bool whitespace, bool keeps_indention) {
  if (needs_blank && !whitespace_) Raw(" ", 1);
  whitespace_ = whitespace;
  indention_ = indention_ && keeps_indention;
  open_ended_ = false;
  Raw(text, text.size());
}

bool Emitter::PostComment(const EmitNode& node) {
  const CommentSlot& slot = Slot(node, 0);
  if (slot.one == nullptr) return false;
  WriteComment(*slot.one, false);
  return true;
}

bool Emitter::PreComments(const CommentSlot& slot, bool start) {
  if (slot.lines == nullptr) return false;
  for (const CommentPtr& comment : *slot.lines) {
    if (comment->header || (start && comment->written)) continue;
    if (column_ != 0) LineBreak();
    WriteComment(*comment, true);
    if (start) comment->written = true;
  }
  return true;
}

void Emitter::WriteComment(const Comment& comment, bool pre) {
  std::string_view value = comment.value;
  if (!pre && value.ends_with('\n')) value.remove_suffix(1);
  std::size_t blanks = 0;
  if (!comment.value.starts_with('\n')) {
    const bool text = !Trim(value).empty();
    blanks = comment.start.column > column_ ? comment.start.column - column_ : 0;
    if (column_ > 0 && text && blanks < 1) blanks = 1;
  }
  // The column stays: a line break follows, here or in the comment itself.
  out_.append(blanks, ' ').append(value);
  if (!pre) LineBreak();
}

}  // namespace mlean::codec::yaml
