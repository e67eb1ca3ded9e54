// Types the nodes of a text and ties the comments to keys and items, as ruamel.yaml's round-trip constructor does.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "codec/python_text.hpp"
#include "codec/yaml.hpp"
#include "codec/yaml_data.hpp"

namespace mlean::codec::yaml {
namespace {

CommentSlot SlotOf(const CommentsPtr& comments, std::size_t index) {
  return comments != nullptr && index < comments->size() ? (*comments)[index] : CommentSlot{};
}

// Comments of a key (slots 0 and 1) or of its value (slots 2 and 3).
void AddItemComments(CommentsPtr& four, const CommentsPtr& from, std::size_t base) {
  if (four == nullptr) four = std::make_shared<Comments>(4);
  CommentSlot& lines = (*four)[base + 1];
  if (lines.IsNone()) lines = SlotOf(from, 1);
  (*four)[base] = SlotOf(from, 0);
}

class Constructor {
 public:
  explicit Constructor(YamlProblem& problem) : problem_(problem) {}

  bool Make(const RawPtr& raw, NodePtr& out) {
    const auto known = made_.find(raw.get());
    if (known != made_.end()) {
      out = known->second;
      return true;
    }
    out = std::make_shared<Node>();
    out->place = raw->start;
    out->tag = raw->tag;
    if (!TagFits(*raw)) return false;
    bool made = false;
    switch (raw->kind) {
      case RawNode::Kind::kScalar: made = Scalar(*raw, *out); break;
      case RawNode::Kind::kSequence: made = List(*raw, *out); break;
      case RawNode::Kind::kMapping: made = Map(*raw, *out); break;
    }
    if (!raw->anchor.empty()) made_[raw.get()] = out;
    return made;
  }

 private:
  bool Fail(std::string context, const Mark* context_mark, std::string problem, const Mark& mark) {
    problem_.context = std::move(context);
    if (context_mark != nullptr) problem_.context_mark = YamlProblem::Mark{context_mark->line, context_mark->column};
    problem_.problem = std::move(problem);
    problem_.problem_mark = YamlProblem::Mark{mark.line, mark.column};
    return false;
  }

  bool TagFits(const RawNode& raw) {
    if (raw.tag.empty() || raw.tag == "!") return true;
    const std::string_view tag = raw.tag;
    bool known = false;
    if (tag.starts_with("!!")) {
      const std::string_view name = tag.substr(2);
      switch (raw.kind) {
        case RawNode::Kind::kScalar:
          known = name == "str" || name == "int" || name == "float" || name == "bool" || name == "null" || name == "timestamp";
          break;
        case RawNode::Kind::kSequence: known = name == "seq"; break;
        case RawNode::Kind::kMapping: known = name == "map"; break;
      }
    }
    if (known) return true;
    const std::string full = tag.starts_with("!!") ? "tag:yaml.org,2002:" + std::string(tag.substr(2)) : std::string(tag);
    return Fail("", nullptr, fmt::format("could not determine a constructor for the tag '{}'", full), raw.start);
  }

  static void Number(const RawNode& raw, const Json& value, Node& node) {
    node.value = value;
    if (value.IsBool()) {
      node.kind = Node::Kind::kBool;
      node.text = value.AsBool() ? "true" : "false";
    } else if (value.IsNull()) {
      node.kind = Node::Kind::kNull;
    } else if (IsIntText(raw.text)) {
      node.kind = Node::Kind::kInt;
      node.text = RewrittenInt(raw.text);
    } else {
      node.kind = Node::Kind::kFloat;
      node.text = RewrittenFloat(raw.text, value.AsDouble());
    }
  }

  // A number that YAML reads as an integer may be a double here when it is beyond 64 bits.
  static bool IsIntText(std::string_view text) {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b")) return true;
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '_'; });
  }

  bool Scalar(const RawNode& raw, Node& node) {
    node.anchor = raw.anchor;
    node.always_anchor = !raw.anchor.empty();
    const bool core = raw.tag.starts_with("!!") && raw.tag != "!!str";
    if (raw.plain || (core && raw.style == 0)) {
      if (raw.tag.empty() && LooksLikeYamlDate(raw.text)) {
        node.kind = Node::Kind::kTime;
        node.value = raw.text;
        node.text = RewrittenTime(raw.text);
        return true;
      }
      const Json value = TypedPlainScalar(raw.text);
      if (!value.IsString()) {
        Number(raw, value, node);
        return true;
      }
    }
    node.kind = Node::Kind::kString;
    if (raw.style == '|' || raw.style == '>') {
      node.style = raw.style;
      std::string text;
      for (const char c : raw.text) {
        if (c == '\a' && raw.style == '>') {
          node.folds.push_back(text.size());
        } else {
          text += c;
        }
      }
      if (const CommentSlot lines = SlotOf(raw.comments, 1);
          lines.lines != nullptr && !lines.lines->empty() && lines.lines->front()->header)
        node.header_comment = lines.lines->front()->value;
      node.value = std::move(text);
    } else {
      node.value = raw.text;
    }
    return true;
  }

  static void OwnComments(const RawNode& raw, Node& node) {
    if (raw.comments == nullptr) return;
    node.comments = std::make_shared<Comments>(2);
    (*node.comments)[0] = SlotOf(raw.comments, 0);
    (*node.comments)[1] = SlotOf(raw.comments, 1);
    if (raw.comments->size() > 2) node.end_comments = (*raw.comments)[2].lines;
  }

  static void Style(const RawNode& raw, Node& node) {
    if (!raw.children.empty()) node.flow = raw.flow;
    node.anchor = raw.anchor;
  }

  bool List(const RawNode& raw, Node& node) {
    node.kind = Node::Kind::kList;
    OwnComments(raw, node);
    Style(raw, node);
    for (std::size_t i = 0; i < raw.children.size(); ++i) {
      const RawPtr& child = raw.children[i];
      if (child->comments != nullptr) {
        AddItemComments(node.item_comments[i], child->comments, 0);
        child->comments = nullptr;
      }
      NodePtr item;
      if (!Make(child, item)) return false;
      node.items.push_back(std::move(item));
    }
    return true;
  }

  bool Map(const RawNode& raw, Node& node) {
    node.kind = Node::Kind::kMap;
    std::vector<std::size_t> own;
    if (!TakeMerges(raw, node, own)) return false;
    OwnComments(raw, node);
    Style(raw, node);
    std::unordered_map<std::string, std::size_t> seen;
    std::string last_key;
    bool last_is_null = false;
    for (const std::size_t at : own) {
      const RawPtr& raw_key = raw.children[at];
      const RawPtr& raw_value = raw.children[at + 1];
      Node::Entry entry;
      if (!Make(raw_key, entry.key)) return false;
      if (entry.key->IsCollection())
        return Fail("while constructing a mapping", &raw.start, "found unhashable key", raw_key->start);
      if (!Make(raw_value, entry.value)) return false;
      const std::string id = KeyId(*entry.key);
      const auto [there, added] = seen.emplace(id, node.entries.size());
      if (!added) {
        return Fail("while constructing a mapping", &raw.start,
                    fmt::format("found duplicate key \"{}\" with value \"{}\" (original value: \"{}\")", Shown(*entry.key),
                                Shown(*entry.value), Shown(*node.entries[there->second].value)),
                    raw_key->start);
      }
      KeyComments(node, raw_key, raw_value, id, last_key, last_is_null);
      last_key = id;
      last_is_null = entry.value->kind == Node::Kind::kNull;
      node.entries.push_back(std::move(entry));
    }
    AddMerged(node);
    return true;
  }

  static void KeyComments(Node& node, const RawPtr& key, const RawPtr& value, const std::string& id, const std::string& last_key,
                          bool last_is_null) {
    if (key->comments != nullptr && key->comments->size() > 4 && !(*key->comments)[4].IsNone()) {
      if (last_is_null) {
        (*key->comments)[0] = (*key->comments)[4];
        AddItemComments(node.key_comments[last_key], key->comments, 2);
      } else {
        AddItemComments(node.key_comments[id], key->comments, 0);
      }
      key->comments = nullptr;
    }
    if (key->comments != nullptr) AddItemComments(node.key_comments[id], key->comments, 0);
    if (value->comments != nullptr) AddItemComments(node.key_comments[id], value->comments, 2);
  }

  static std::string Shown(const Node& node) {
    if (node.kind == Node::Kind::kMap) return "{}";
    if (node.kind == Node::Kind::kList) return "[]";
    return PythonStr(ToJson(node));
  }

  // "<<: *x": splits the own entries off.
  bool TakeMerges(const RawNode& raw, Node& node, std::vector<std::size_t>& own) {
    bool merged = false;
    for (std::size_t at = 0; at + 1 < raw.children.size(); at += 2) {
      const RawNode& key = *raw.children[at];
      if (!key.plain || key.kind != RawNode::Kind::kScalar || key.text != "<<") {
        own.push_back(at);
        continue;
      }
      if (merged) return Fail("while constructing a mapping", &raw.start, "found duplicate merge key \"<<\"", key.start);
      merged = true;
      node.merge_at = own.size();
      const RawPtr& value = raw.children[at + 1];
      NodePtr made;
      if (!Make(value, made)) return false;
      if (made->kind == Node::Kind::kMap) {
        node.merges.push_back(made);
        continue;
      }
      if (made->kind != Node::Kind::kList) {
        return Fail("while constructing a mapping", &raw.start,
                    fmt::format("expected a mapping or list of mappings for merging, but found {}", IdOf(*value)), value->start);
      }
      node.merge_list = made;
      for (std::size_t i = 0; i < made->items.size(); ++i) {
        if (made->items[i]->kind != Node::Kind::kMap) {
          return Fail("while constructing a mapping", &raw.start,
                      fmt::format("expected a mapping for merging, but found {}", IdOf(*value->children[i])),
                      value->children[i]->start);
        }
        node.merges.push_back(made->items[i]);
      }
    }
    return true;
  }

  static std::string_view IdOf(const RawNode& raw) {
    switch (raw.kind) {
      case RawNode::Kind::kScalar: return "scalar";
      case RawNode::Kind::kSequence: return "sequence";
      case RawNode::Kind::kMapping: return "mapping";
    }
    return {};
  }

  static void AddMerged(Node& node) {
    if (node.merges.empty()) return;
    std::unordered_set<std::string> keys;
    for (const Node::Entry& entry : node.entries) keys.insert(KeyId(*entry.key));
    for (const NodePtr& from : node.merges) {
      for (const Node::Entry& entry : from->entries) {
        if (keys.insert(KeyId(*entry.key)).second) node.entries.push_back({entry.key, entry.value, true});
      }
    }
  }

  YamlProblem& problem_;
  std::unordered_map<const RawNode*, NodePtr> made_;
};

}  // namespace

std::string KeyId(const Node& key) {
  switch (key.kind) {
    case Node::Kind::kNull: return "z";
    case Node::Kind::kBool: return key.value.AsBool() ? "n1.0" : "n0.0";
    case Node::Kind::kInt:
    case Node::Kind::kFloat: {
      // A double holds integers below 2^53 exactly; beyond, an integer and a float count as different keys.
      constexpr std::int64_t kExact = std::int64_t{1} << 53;
      if (key.value.IsInt() && (key.value.AsInt() > kExact || key.value.AsInt() < -kExact))
        return fmt::format("i{}", key.value.AsInt());
      if (key.value.Digits() != nullptr) return "i" + *key.value.Digits();
      return "n" + PythonFloat(key.value.AsDouble());
    }
    case Node::Kind::kString: return "s" + key.value.AsString();
    case Node::Kind::kTime: return "t" + key.value.AsString();
    case Node::Kind::kList:
    case Node::Kind::kMap: return "c";
  }
  return {};
}

const Node::Entry* FindEntry(const Node& map, std::string_view key) {
  for (const Node::Entry& entry : map.entries) {
    if (entry.key->kind == Node::Kind::kString ? entry.key->value.AsString() == key : PythonStr(ToJson(*entry.key)) == key)
      return &entry;
  }
  return nullptr;
}
Node::Entry* FindEntry(Node& map, std::string_view key) {
  return const_cast<Node::Entry*>(FindEntry(static_cast<const Node&>(map), key));
}

bool Construct(const RawPtr& root, NodePtr& out, YamlProblem& problem) {
  if (root == nullptr) {
    out = std::make_shared<Node>();
    return true;
  }
  return Constructor(problem).Make(root, out);
}

NodePtr FromJson(const Json& value) {
  auto node = std::make_shared<Node>();
  if (value.IsArray()) {
    node->kind = Node::Kind::kList;
    for (const Json& item : value.AsArray()) node->items.push_back(FromJson(item));
  } else if (value.IsObject()) {
    node->kind = Node::Kind::kMap;
    for (const Json::Member& member : value.AsObject())
      node->entries.push_back({FromJson(member.first), FromJson(member.second), false});
  } else {
    node->value = value;
    if (value.IsString()) {
      node->kind = Node::Kind::kString;
    } else if (value.IsBool()) {
      node->kind = Node::Kind::kBool;
      node->text = value.AsBool() ? "true" : "false";
    } else if (value.IsInt()) {
      node->kind = Node::Kind::kInt;
      node->text = fmt::format("{}", value.AsInt());
    } else if (value.Digits() != nullptr) {
      node->kind = Node::Kind::kInt;
      node->text = *value.Digits();
    } else if (value.IsDouble()) {
      node->kind = Node::Kind::kFloat;
      const double number = value.AsDouble();
      node->text = std::isnan(number) ? ".nan" : std::isinf(number) ? (number < 0 ? "-.inf" : ".inf") : PythonFloat(number);
    }
  }
  return node;
}

Json ToJson(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull: return {};
    case Node::Kind::kBool:
    case Node::Kind::kInt:
    case Node::Kind::kFloat:
    case Node::Kind::kString:
    case Node::Kind::kTime: return node.value;
    case Node::Kind::kList: {
      Json::Array array;
      array.reserve(node.items.size());
      for (const NodePtr& item : node.items) array.push_back(ToJson(*item));
      return array;
    }
    case Node::Kind::kMap: break;
  }
  const auto key_of = [](const Node& key) {
    return key.kind == Node::Kind::kString || key.kind == Node::Kind::kTime ? key.value.AsString() : PythonStr(ToJson(key));
  };
  Json::Object object;
  object.reserve(node.entries.size());
  if (node.merges.empty()) {
    for (const Node::Entry& entry : node.entries) object.emplace_back(key_of(*entry.key), ToJson(*entry.value));
    return object;
  }
  // The safe loader puts merged entries first; earlier maps win over later ones, own entries over all.
  std::unordered_map<std::string, std::size_t> places;
  const auto set = [&](std::string key, Json value) {
    const auto [place, added] = places.emplace(key, object.size());
    if (added) {
      object.emplace_back(std::move(key), std::move(value));
    } else {
      object[place->second].second = std::move(value);
    }
  };
  for (auto from = node.merges.rbegin(); from != node.merges.rend(); ++from) {
    Json merged = ToJson(**from);
    for (Json::Member& member : merged.AsObject()) set(std::move(member.first), std::move(member.second));
  }
  for (const Node::Entry& entry : node.entries) {
    if (!entry.merged) set(key_of(*entry.key), ToJson(*entry.value));
  }
  return object;
}

}  // namespace mlean::codec::yaml
