// The composer: a recursive reader of tokens, with ruamel.yaml's way of handing comments from token to node.
#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <unordered_map>

#include "codec/python_text.hpp"
#include "codec/yaml_data.hpp"
#include "codec/yaml_scan.hpp"

namespace mlean::codec::yaml {
namespace {

// A node, or an alias of one and where it stands.
struct Part {
  RawPtr node;
  bool alias = false;
  Mark start;
  Mark end;
};

class Composer {
 public:
  Composer(std::string_view text, const ComposeMode& mode, const ComposeLimits& limits)
      : scanner_(text, mode.text_file, mode.comments), limits_(limits) {}

  // False on an error. `root` stays empty when there is no document.
  bool Run(RawPtr& root) {
    Token token;
    if (!scanner_.Take(token)) return false;
    MoveComments(token);
    if (!Document(root)) return false;
    return !scanner_.failed();
  }
  const YamlProblem& problem() const { return failed_ ? problem_ : scanner_.problem(); }

 private:
  bool Fail(std::string context, const Mark* context_mark, std::string problem, const Mark& mark) {
    if (failed_ || scanner_.failed()) return false;
    failed_ = true;
    problem_.context = std::move(context);
    if (context_mark != nullptr) problem_.context_mark = YamlProblem::Mark{context_mark->line, context_mark->column};
    problem_.problem = std::move(problem);
    problem_.problem_mark = YamlProblem::Mark{mark.line, mark.column};
    return false;
  }

  bool Is(TokenKind kind) { return scanner_.Is(kind); }
  bool IsAny(std::initializer_list<TokenKind> kinds) {
    const Token* const token = scanner_.Peek();
    if (token == nullptr) return false;
    for (const TokenKind kind : kinds) {
      if (token->kind == kind) return true;
    }
    return false;
  }
  Mark NextStart() {
    const Token* const token = scanner_.Peek();
    return token == nullptr ? Mark{} : token->start;
  }

  bool Document(RawPtr& root) {
    while (Is(TokenKind::kDocumentEnd)) {
      Token token;
      if (!scanner_.Take(token)) return false;
    }
    if (Is(TokenKind::kStreamEnd)) return true;
    while (Is(TokenKind::kDirective)) {
      Token token;
      if (!scanner_.Take(token)) return false;
      explicit_ = true;
    }
    if (explicit_ && !Is(TokenKind::kDocumentStart)) {
      const Token* const next = scanner_.Peek();
      if (next == nullptr) return false;
      return Fail("", nullptr, fmt::format("expected '<document start>', but found {}", Quoted(*next)), next->start);
    }
    if (Is(TokenKind::kDocumentStart)) {
      Token token;
      if (!scanner_.Take(token)) return false;
      if (IsAny({TokenKind::kDirective, TokenKind::kDocumentStart, TokenKind::kDocumentEnd, TokenKind::kStreamEnd})) {
        root = Empty(NextStart());
      }
    }
    if (scanner_.failed()) return false;
    if (root == nullptr) {
      Part part;
      if (!ReadNode(part, 0, true, false)) return false;
      root = part.node;
    }
    return DocumentEnd(root);
  }

  // Nothing may follow the document but its end.
  bool DocumentEnd(const RawPtr& root) {
    bool ended = false;
    while (Is(TokenKind::kDocumentEnd)) {
      Token token;
      if (!scanner_.Take(token)) return false;
      const Token* const next = scanner_.Peek();
      if (next == nullptr) return false;
      if (next->kind != TokenKind::kStreamEnd && next->start.line == token.end.line) {
        return Fail("", nullptr, "found non-comment content after document end marker, " + Quoted(*next), next->start);
      }
      ended = true;
    }
    if (Is(TokenKind::kStreamEnd)) return true;
    while (!ended && Is(TokenKind::kDirective)) {
      Token token;
      if (!scanner_.Take(token)) return false;
    }
    const Token* const next = scanner_.Peek();
    if (next == nullptr) return false;
    if (!ended && next->kind != TokenKind::kDocumentStart)
      return Fail("", nullptr, "expected '<document start>', but found " + Quoted(*next), next->start);
    return Fail("expected a single document in the stream", &root->start, "but found another document", next->start);
  }

  // `('<scalar>',)`: the way the message has come to read.
  static std::string Quoted(const Token& token) { return fmt::format("('{}',)", TokenId(token.kind)); }

  RawPtr Empty(const Mark& mark, CommentsPtr comments = nullptr) {
    auto node = std::make_shared<RawNode>();
    node->plain = true;
    node->start = node->content = node->end = mark;
    node->comments = std::move(comments);
    return node;
  }

  // Hands the comments of a token that was taken to the next one.
  void MoveComments(Token& token, bool empty = false) {
    if (token.comments == nullptr) return;
    Token* const next = scanner_.PeekMutable();
    if (next == nullptr || next->kind == TokenKind::kStreamEnd || next->kind == TokenKind::kDocumentStart) return;
    CommentsPtr mine = std::move(token.comments);
    token.comments = nullptr;
    if (next->comments == nullptr) {
      if (empty) {
        auto five = std::make_shared<Comments>(5);
        (*five)[0] = (*mine)[0];
        (*five)[1] = (*mine)[1];
        (*five)[4] = (*mine)[0];
        mine = std::move(five);
      }
      next->comments = std::move(mine);
      return;
    }
    Comments& theirs = *next->comments;
    if ((*mine)[1].lines != nullptr && theirs[1].lines != nullptr)
      (*mine)[1].lines->insert((*mine)[1].lines->end(), theirs[1].lines->begin(), theirs[1].lines->end());
    if (!(*mine)[0].IsNone()) theirs[0] = (*mine)[0];
    if (!(*mine)[1].IsNone()) theirs[1] = (*mine)[1];
  }

  bool Count(RawNode& node, const RawNode& child) {
    node.size += child.size;
    node.height = std::max(node.height, child.height + 1);
    if (node.height > limits_.max_depth) return Fail("", nullptr, "nested too deep, aliases counted", node.start);
    if (node.size <= limits_.max_nodes) return true;
    return Fail("", nullptr, "too many nodes, aliases counted", node.start);
  }
  bool Add(RawNode& node, Part child) {
    if (!Count(node, *child.node)) return false;
    if (child.alias) node.aliases[node.children.size()] = {child.start, child.end};
    node.end = child.alias ? child.end : child.node->end;
    node.children.push_back(std::move(child.node));
    return true;
  }

  // Anchor and tag before a node, in either order.
  bool Properties(RawNode& node, bool& any) {
    Token token;
    const auto set_tag = [&] {
      node.tag = token.tag_handle.empty() && token.text != "!" && token.text != "!!" ? "!<" + token.text + ">"
                                                                                     : token.tag_handle + token.text;
    };
    if (Is(TokenKind::kAnchor)) {
      if (!scanner_.Take(token)) return false;
      MoveComments(token);
      node.start = token.start;
      node.anchor = token.text;
      any = true;
      if (Is(TokenKind::kTag)) {
        if (!scanner_.Take(token)) return false;
        set_tag();
      }
    } else if (Is(TokenKind::kTag)) {
      if (!scanner_.Take(token)) return false;
      MoveComments(token);
      node.start = token.start;
      any = true;
      set_tag();
      if (Is(TokenKind::kAnchor)) {
        if (!scanner_.Take(token)) return false;
        node.anchor = token.text;
      }
    }
    return !scanner_.failed();
  }

  bool ReadNode(Part& part, std::size_t depth, bool block, bool indentless) {
    if (scanner_.failed()) return false;
    if (depth > limits_.max_depth) return Fail("", nullptr, "nested too deep", NextStart());
    if (Is(TokenKind::kAlias)) return ReadAlias(part);
    part.node = std::make_shared<RawNode>();
    RawNode& node = *part.node;
    bool properties = false;
    if (!Properties(node, properties)) return false;
    const Token* const next = scanner_.Peek();
    if (next == nullptr) return false;
    node.content = node.end = next->start;
    if (!properties) node.start = next->start;
    if (!ReadContent(node, depth, block, indentless, properties)) return false;
    if (!node.anchor.empty()) anchors_[node.anchor] = part.node;
    return !scanner_.failed();
  }

  bool ReadAlias(Part& part) {
    Token token;
    if (!scanner_.Take(token)) return false;
    const auto found = anchors_.find(token.text);
    if (found == anchors_.end()) return Fail("", nullptr, "found undefined alias " + PythonRepr(Json(token.text)), token.start);
    part = {found->second, true, token.start, token.end};
    return true;
  }

  bool ReadContent(RawNode& node, std::size_t depth, bool block, bool indentless, bool properties) {
    Token* const next = scanner_.PeekMutable();
    if (next == nullptr) return false;
    switch (next->kind) {
      case TokenKind::kBlockEntry:
        if (!indentless) break;
        if (next->comments != nullptr) {
          Comments& theirs = *next->comments;
          auto mine = std::make_shared<Comments>(2);
          if (!theirs[0].IsNone()) {
            (*mine)[0] = std::exchange(theirs[0], {});
            (*mine)[1].lines = std::make_shared<std::vector<CommentPtr>>();
            node.comments = std::move(mine);
          } else if (!theirs[1].Empty()) {
            (*mine)[1] = std::exchange(theirs[1], {});
            node.comments = std::move(mine);
          }
        }
        node.kind = RawNode::Kind::kSequence;
        return Indentless(node, depth);
      case TokenKind::kScalar: return Scalar(node);
      case TokenKind::kFlowSequenceStart:
      case TokenKind::kFlowMappingStart:
        node.comments = next->comments;
        node.flow = true;
        return next->kind == TokenKind::kFlowSequenceStart ? FlowSequence(node, depth) : FlowMapping(node, depth);
      case TokenKind::kBlockSequenceStart:
        if (!block) break;
        node.comments = next->comments;
        if (node.comments != nullptr && (*node.comments)[1].IsNone()) {
          // What stands behind the key goes to the list, what follows to its first item.
          auto mine = std::make_shared<Comments>(2);
          (*mine)[0] = (*node.comments)[0];
          node.comments = (*mine)[0].IsNone() ? nullptr : mine;
          if (node.comments != nullptr) next->comments = nullptr;
        }
        return BlockSequence(node, depth);
      case TokenKind::kBlockMappingStart:
        if (!block) break;
        node.comments = next->comments;
        return BlockMapping(node, depth);
      default: break;
    }
    if (properties) {
      node.plain = node.tag.empty();
      return true;
    }
    return Fail(fmt::format("while parsing a {} node", block ? "block" : "flow"), &node.start,
                fmt::format("expected the node content, but found '{}'", TokenId(next->kind)), next->start);
  }

  bool Scalar(RawNode& node) {
    Token token;
    if (!scanner_.Take(token)) return false;
    node.text = std::move(token.text);
    node.size += node.text.size() / 64;  // so that aliases of a long text are bounded too
    node.end = token.end;
    node.style = token.style;
    node.plain = token.style == 0 && node.tag.empty();
    node.comments = token.comments;
    return true;
  }

  // The comment lines before the token that ends a collection belong to the collection.
  static void EndComments(RawNode& node, const CommentsPtr& end, bool flow_end) {
    if (flow_end && end != nullptr) node.comments = end;
    if (end == nullptr || (*end)[1].Empty()) return;
    if (node.comments == nullptr) node.comments = std::make_shared<Comments>(2);
    CommentSlot lines = (*end)[1];
    node.comments->push_back(std::move(lines));
    (*end)[1] = {};
  }

  bool BlockSequence(RawNode& node, std::size_t depth) {
    node.kind = RawNode::Kind::kSequence;
    Token token;
    if (!scanner_.Take(token)) return false;
    const Mark start = token.start;
    while (Is(TokenKind::kBlockEntry)) {
      if (!scanner_.Take(token)) return false;
      MoveComments(token);
      Part item;
      if (IsAny({TokenKind::kBlockEntry, TokenKind::kBlockEnd})) {
        item.node = Empty(token.end);
      } else if (!ReadNode(item, depth + 1, true, false)) {
        return false;
      }
      if (!Add(node, std::move(item))) return false;
    }
    return EndBlock(node, "while parsing a block collection", start, false);
  }

  bool EndBlock(RawNode& node, const char* context, const Mark& start, bool move) {
    const Token* const next = scanner_.Peek();
    if (next == nullptr) return false;
    if (next->kind != TokenKind::kBlockEnd) {
      return Fail(context, &start, fmt::format("expected <block end>, but found '{}'", TokenId(next->kind)), next->start);
    }
    Token token;
    if (!scanner_.Take(token)) return false;
    if (move) MoveComments(token);
    EndComments(node, token.comments, false);
    return true;
  }

  bool Indentless(RawNode& node, std::size_t depth) {
    while (Is(TokenKind::kBlockEntry)) {
      Token token;
      if (!scanner_.Take(token)) return false;
      MoveComments(token);
      Part item;
      if (IsAny({TokenKind::kBlockEntry, TokenKind::kKey, TokenKind::kValue, TokenKind::kBlockEnd})) {
        item.node = Empty(token.end);
      } else if (!ReadNode(item, depth + 1, true, false)) {
        return false;
      }
      if (!Add(node, std::move(item))) return false;
    }
    const Token* const next = scanner_.Peek();
    if (next == nullptr) return false;
    EndComments(node, next->comments, false);
    return true;
  }

  bool BlockMapping(RawNode& node, std::size_t depth) {
    node.kind = RawNode::Kind::kMapping;
    Token token;
    if (!scanner_.Take(token)) return false;
    const Mark start = token.start;
    for (;;) {
      Part key;
      if (Is(TokenKind::kKey)) {
        if (!scanner_.Take(token)) return false;
        MoveComments(token);
        if (IsAny({TokenKind::kKey, TokenKind::kValue, TokenKind::kBlockEnd})) {
          key.node = Empty(token.end);
        } else if (!ReadNode(key, depth + 1, true, true)) {
          return false;
        }
      } else if (Is(TokenKind::kValue)) {
        key.node = Empty(NextStart());
      } else {
        return EndBlock(node, "while parsing a block mapping", start, true);
      }
      Part value;
      if (!BlockValue(value, depth)) return false;
      if (!Add(node, std::move(key)) || !Add(node, std::move(value))) return false;
    }
  }

  bool BlockValue(Part& value, std::size_t depth) {
    if (!Is(TokenKind::kValue)) {
      value.node = Empty(NextStart());
      return !scanner_.failed();
    }
    Token token;
    if (!scanner_.Take(token)) return false;
    if (Is(TokenKind::kValue)) {
      MoveComments(token);
    } else if (!Is(TokenKind::kKey)) {
      MoveComments(token, true);
    }
    if (!IsAny({TokenKind::kKey, TokenKind::kValue, TokenKind::kBlockEnd})) return ReadNode(value, depth + 1, true, true);
    CommentsPtr comments = token.comments;
    const Mark end = token.end;
    if (comments == nullptr) {
      Token* const next = scanner_.PeekMutable();
      if (next == nullptr) return false;
      if (next->comments != nullptr) {
        const Comments old = *next->comments;
        next->comments = std::make_shared<Comments>(2);
        (*next->comments)[1] = old[1];
        comments = std::make_shared<Comments>(2);
        (*comments)[0] = old[0];
      }
    }
    value.node = Empty(end, std::move(comments));
    return true;
  }

  bool FlowSequence(RawNode& node, std::size_t depth) {
    node.kind = RawNode::Kind::kSequence;
    Token token;
    if (!scanner_.Take(token)) return false;
    const Mark start = token.start;
    for (bool first = true; !Is(TokenKind::kFlowSequenceEnd); first = false) {
      if (!first && !FlowComma("while parsing a flow sequence", start, ']')) return false;
      Part item;
      if (Is(TokenKind::kKey)) {
        if (!SinglePair(item, depth)) return false;
      } else if (Is(TokenKind::kFlowSequenceEnd)) {
        break;
      } else if (!ReadNode(item, depth + 1, false, false)) {
        return false;
      }
      if (!Add(node, std::move(item))) return false;
    }
    if (!scanner_.Take(token)) return false;
    node.end = token.end;
    EndComments(node, token.comments, true);
    return true;
  }

  bool FlowComma(const char* context, const Mark& start, char close) {
    const Token* const next = scanner_.Peek();
    if (next == nullptr) return false;
    if (next->kind != TokenKind::kFlowEntry)
      return Fail(context, &start, fmt::format("expected ',' or '{}', but got '{}'", close, TokenId(next->kind)), next->start);
    Token token;
    return scanner_.Take(token);
  }

  // "[a: b]": a map of one entry.
  bool SinglePair(Part& part, std::size_t depth) {
    part.node = std::make_shared<RawNode>();
    RawNode& pair = *part.node;
    pair.kind = RawNode::Kind::kMapping;
    pair.flow = true;
    pair.start = pair.content = pair.end = NextStart();
    Token token;
    if (!scanner_.Take(token)) return false;
    Part key;
    if (IsAny({TokenKind::kValue, TokenKind::kFlowEntry, TokenKind::kFlowSequenceEnd})) {
      key.node = Empty(token.end);
    } else if (!ReadNode(key, depth + 2, false, false)) {
      return false;
    }
    Part value;
    if (!FlowValue(value, depth + 1, TokenKind::kFlowSequenceEnd)) return false;
    return Add(pair, std::move(key)) && Add(pair, std::move(value));
  }

  bool FlowValue(Part& value, std::size_t depth, TokenKind close) {
    if (!Is(TokenKind::kValue)) {
      value.node = Empty(NextStart());
      return !scanner_.failed();
    }
    Token token;
    if (!scanner_.Take(token)) return false;
    if (!IsAny({TokenKind::kFlowEntry, close})) return ReadNode(value, depth + 1, false, false);
    value.node = Empty(token.end);
    return true;
  }

  bool FlowMapping(RawNode& node, std::size_t depth) {
    node.kind = RawNode::Kind::kMapping;
    Token token;
    if (!scanner_.Take(token)) return false;
    const Mark start = token.start;
    for (bool first = true; !Is(TokenKind::kFlowMappingEnd); first = false) {
      if (!first && !FlowComma("while parsing a flow mapping", start, '}')) return false;
      Part key;
      Part value;
      if (Is(TokenKind::kKey)) {
        if (!scanner_.Take(token)) return false;
        if (IsAny({TokenKind::kValue, TokenKind::kFlowEntry, TokenKind::kFlowMappingEnd})) {
          key.node = Empty(token.end);
        } else if (!ReadNode(key, depth + 1, false, false)) {
          return false;
        }
        if (!FlowValue(value, depth, TokenKind::kFlowMappingEnd)) return false;
      } else if (Is(TokenKind::kValue)) {
        key.node = Empty(NextStart());
        if (!FlowValue(value, depth, TokenKind::kFlowMappingEnd)) return false;
      } else if (Is(TokenKind::kFlowMappingEnd)) {
        break;
      } else {
        if (!ReadNode(key, depth + 1, false, false)) return false;
        value.node = Empty(NextStart());
      }
      if (!Add(node, std::move(key)) || !Add(node, std::move(value))) return false;
    }
    if (!scanner_.Take(token)) return false;
    node.end = token.end;
    EndComments(node, token.comments, true);
    return true;
  }

  Scanner scanner_;
  const ComposeLimits limits_;
  std::unordered_map<std::string, RawPtr> anchors_;
  bool explicit_ = false;
  bool failed_ = false;
  YamlProblem problem_;
};

}  // namespace

bool Compose(std::string_view text, const ComposeMode& mode, const ComposeLimits& limits, RawPtr& root, YamlProblem& problem) {
  Composer composer(text, mode, limits);
  if (composer.Run(root)) return true;
  problem = composer.problem();
  return false;
}

}  // namespace mlean::codec::yaml
