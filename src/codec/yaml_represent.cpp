// From values to what is written: anchors of what is referred to, and each comment with the node it is written with.
#include <fmt/core.h>

#include <unordered_map>

#include "codec/yaml_emit.hpp"

namespace mlean::codec::yaml {
namespace {

class Representer {
 public:
  std::unique_ptr<EmitNode> Run(const NodePtr& root) {
    if (HasAnchors(*root)) Count(root);
    return Make(root);
  }

 private:
  struct Use {
    std::size_t times = 0;
    bool written = false;
    std::string name;
  };

  // Without anchors nothing is shared, and nothing need be counted.
  static bool HasAnchors(const Node& node) {
    if (!node.anchor.empty() || !node.merges.empty()) return true;
    for (const NodePtr& item : node.items) {
      if (HasAnchors(*item)) return true;
    }
    for (const Node::Entry& entry : node.entries) {
      if (HasAnchors(*entry.key) || HasAnchors(*entry.value)) return true;
    }
    return false;
  }

  void Count(const NodePtr& node) {
    Use& use = uses_[node.get()];
    if (++use.times > 1) {
      if (use.name.empty()) use.name = node->anchor.empty() ? fmt::format("id{:03d}", ++last_id_) : node->anchor;
      return;
    }
    if (node->always_anchor) use.name = node->anchor;
    for (const NodePtr& item : node->items) Count(item);
    for (std::size_t i = 0; i <= node->entries.size(); ++i) {
      if (!node->merges.empty() && i == node->merge_at) Count(MergeValue(*node));
      if (i == node->entries.size() || node->entries[i].merged) continue;
      Count(node->entries[i].key);
      Count(node->entries[i].value);
    }
  }
  static NodePtr MergeValue(const Node& node) { return node.merge_list != nullptr ? node.merge_list : node.merges.front(); }

  std::unique_ptr<EmitNode> Make(const NodePtr& node) {
    auto out = std::make_unique<EmitNode>();
    if (const auto use = uses_.find(node.get());
        use != uses_.end() && !use->second.name.empty() && node->kind != Node::Kind::kNull) {
      out->anchor = use->second.name;
      if (use->second.written) {
        out->kind = EmitNode::Kind::kAlias;
        return out;
      }
      use->second.written = true;
    }
    out->tag = node->tag;
    switch (node->kind) {
      case Node::Kind::kList: List(*node, *out); break;
      case Node::Kind::kMap: Map(*node, *out); break;
      case Node::Kind::kString:
        out->text = node->value.AsString();
        out->style = node->style;
        out->header = node->header_comment;
        if (node->style == '>') MarkFolds(*node, *out);
        break;
      case Node::Kind::kNull:
        out->typed = true;
        out->null = true;
        break;
      case Node::Kind::kBool:
      case Node::Kind::kInt:
      case Node::Kind::kFloat:
      case Node::Kind::kTime:
        out->typed = true;
        out->text = node->text;
        break;
    }
    return out;
  }

  static void MarkFolds(const Node& node, EmitNode& out) {
    const std::string& text = node.value.AsString();
    const auto space = [&](std::size_t at) { return text[at] == ' ' || text[at] == '\n' || text[at] == '\t'; };
    std::size_t done = 0;
    out.text.clear();
    for (const std::size_t at : node.folds) {
      if (at <= done || at + 1 >= text.size() || text[at] != ' ' || space(at - 1) || space(at + 1)) continue;
      out.text.append(text, done, at - done) += '\a';
      done = at;
    }
    out.text.append(text, done);
  }

  static void OwnComments(const Node& node, EmitNode& out) {
    for (const CommentSlot& slot : node.comments == nullptr ? Comments() : *node.comments) Forget(slot);
    if (node.comments == nullptr) return;
    out.comments = std::make_shared<Comments>(*node.comments);
    CommentSlot end;
    end.lines = node.end_comments == nullptr ? std::make_shared<std::vector<CommentPtr>>() : node.end_comments;
    out.comments->push_back(std::move(end));
  }
  static void Forget(const CommentSlot& slot) {
    if (slot.lines == nullptr) return;
    for (const CommentPtr& comment : *slot.lines) comment->written = false;
  }

  void List(const Node& node, EmitNode& out) {
    out.kind = EmitNode::Kind::kList;
    out.flow = node.items.empty() || node.flow.value_or(false);
    OwnComments(node, out);
    for (const auto& [index, comments] : node.item_comments) Forget((*comments)[1]);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      auto item = Make(node.items[i]);
      if (const auto found = node.item_comments.find(i); found != node.item_comments.end()) {
        auto merged = std::make_shared<Comments>(*found->second);
        for (std::size_t s = 0; item->comments != nullptr && s < item->comments->size() && s < merged->size(); ++s) {
          if (!(*item->comments)[s].IsNone()) (*merged)[s] = (*item->comments)[s];
        }
        item->comments = std::move(merged);
      }
      out.children.push_back(std::move(item));
    }
  }

  void Map(const Node& node, EmitNode& out) {
    out.kind = EmitNode::Kind::kMap;
    OwnComments(node, out);
    for (const auto& [key, comments] : node.key_comments) Forget((*comments)[1]);
    for (std::size_t i = 0; i <= node.entries.size(); ++i) {
      if (!node.merges.empty() && i == node.merge_at) {
        auto key = std::make_unique<EmitNode>();
        key->text = "<<";
        key->typed = true;
        out.children.push_back(std::move(key));
        out.children.push_back(Make(MergeValue(node)));
      }
      if (i == node.entries.size() || node.entries[i].merged) continue;
      auto key = Make(node.entries[i].key);
      auto value = Make(node.entries[i].value);
      if (const auto found = node.key_comments.find(KeyId(*node.entries[i].key)); found != node.key_comments.end()) {
        const Comments& four = *found->second;
        key->comments = std::make_shared<Comments>(Comments{four[0], four[1]});
        if (value->comments != nullptr) {
          (*value->comments)[0] = four[2];
          (*value->comments)[1] = four[3];
        } else {
          value->comments = std::make_shared<Comments>(Comments{four[2], four[3]});
        }
      }
      out.children.push_back(std::move(key));
      out.children.push_back(std::move(value));
    }
    out.flow = out.children.empty() || node.flow.value_or(false);
  }

  std::unordered_map<const Node*, Use> uses_;
  int last_id_ = 0;
};

}  // namespace

std::unique_ptr<EmitNode> Represent(const NodePtr& root) { return Representer().Run(root); }

}  // namespace mlean::codec::yaml
