#include "codec/yaml_tree.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_set>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml_data.hpp"
#include "codec/yaml_emit.hpp"

namespace mlean::codec {

using yaml::Node;
using yaml::NodePtr;

namespace {

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

// Python's == of a value of ours and one of the tree.
bool Equal(const Json& a, const Node& b) {
  switch (b.kind) {
    case Node::Kind::kNull: return a.IsNull();
    case Node::Kind::kString:
    case Node::Kind::kTime: return a.IsString() && a.AsString() == b.value.AsString();
    case Node::Kind::kBool:
    case Node::Kind::kInt:
    case Node::Kind::kFloat: return (a.IsBool() || a.IsNumber()) && PythonSameNumber(a, b.value);
    case Node::Kind::kList:
      return a.IsArray() && a.AsArray().size() == b.items.size() &&
             std::equal(b.items.begin(), b.items.end(), a.AsArray().begin(),
                        [](const NodePtr& item, const Json& value) { return Equal(value, *item); });
    case Node::Kind::kMap:
      if (!a.IsObject() || a.AsObject().size() != b.entries.size()) return false;
      return std::all_of(b.entries.begin(), b.entries.end(), [&](const Node::Entry& entry) {
        const Json* const value = entry.key->kind == Node::Kind::kString ? a.Find(entry.key->value.AsString()) : nullptr;
        return value != nullptr && Equal(*value, *entry.value);
      });
  }
  return false;
}

// A new value in the place of an old one: a string in a block scalar's place stays a block scalar.
NodePtr Replacement(const Json& value, const Node* old) {
  NodePtr node = yaml::FromJson(value);
  if (old != nullptr && value.IsString() && old->kind == Node::Kind::kString) {
    node->style = old->style;
    node->header_comment = old->header_comment;
  }
  return node;
}

void SetEntry(Node& map, std::string_view key, const Json& value) {
  if (Node::Entry* const entry = yaml::FindEntry(map, key)) {
    entry->value = Replacement(value, entry->value.get());
    entry->merged = false;
    return;
  }
  map.entries.push_back({yaml::FromJson(key), yaml::FromJson(value), false});
}

void RemoveEntry(Node& map, std::size_t index) {
  if (!map.merges.empty() && map.merge_at > index && !map.entries[index].merged) --map.merge_at;
  map.entries.erase(map.entries.begin() + static_cast<std::ptrdiff_t>(index));
}

bool SameContainer(const Json& a, const Node& b) {
  return (a.IsObject() && b.kind == Node::Kind::kMap) || (a.IsArray() && b.kind == Node::Kind::kList);
}

void ApplyDiff(const Json& value, Node& node) {
  if (value.IsArray()) {
    const Json::Array& array = value.AsArray();
    if (array.size() != node.items.size()) {
      node.items.clear();
      node.item_comments.clear();
      for (const Json& item : array) node.items.push_back(yaml::FromJson(item));
      return;
    }
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (SameContainer(array[i], *node.items[i])) {
        ApplyDiff(array[i], *node.items[i]);
      } else if (!Equal(array[i], *node.items[i])) {
        node.items[i] = Replacement(array[i], node.items[i].get());
      }
    }
    return;
  }
  for (const Json::Member& member : value.AsObject()) {
    const Node::Entry* const entry = yaml::FindEntry(node, member.first);
    if (entry != nullptr && SameContainer(member.second, *entry->value)) {
      ApplyDiff(member.second, *entry->value);
    } else if (entry == nullptr || !Equal(member.second, *entry->value)) {
      SetEntry(node, member.first, member.second);
    }
  }
  for (std::size_t i = node.entries.size(); i-- > 0;) {
    const Node& key = *node.entries[i].key;
    const bool wanted = key.kind == Node::Kind::kString && value.Find(key.value.AsString()) != nullptr;
    if (!wanted) RemoveEntry(node, i);
  }
}

// A place with its line, cut to what is near, and a caret under it.
std::string MarkedLine(std::string_view source, const YamlProblem::Mark& mark) {
  constexpr std::size_t kNear = 32;
  constexpr std::size_t kFar = 37;
  constexpr std::string_view kCut = " ... ";
  std::size_t begin = 0;
  for (std::size_t i = 0; i < mark.line && begin != source.npos; ++i) {
    const std::size_t end = source.find('\n', begin);
    begin = end == source.npos ? source.size() : end + 1;
  }
  std::string_view line = source.substr(begin);
  line = line.substr(0, line.find_first_of("\r\n"));
  std::vector<std::size_t> starts;  // of its characters
  for (std::size_t i = 0; i < line.size(); ++i) {
    if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80) starts.push_back(i);
  }
  const std::size_t length = starts.size();
  starts.push_back(line.size());
  const std::size_t at = std::min(mark.column, length);
  const std::size_t from = at >= kFar ? at - kNear : 0;
  const std::size_t to = length - at >= kFar ? at + kNear : length;
  const std::string_view head = from > 0 ? kCut : "";
  return fmt::format("  in \"<unicode string>\", line {}, column {}:\n    {}{}{}\n{}^ (line: {})", mark.line + 1, mark.column + 1,
                     head, line.substr(starts[from], starts[to] - starts[from]), to < length ? kCut : "",
                     std::string(4 + at - from + head.size(), ' '), mark.line + 1);
}

Error NoSuchPlace(const YamlTree::Path& path, std::string_view cause) {
  return Fail(Code::kNotFound, fmt::format("cannot edit '{}': {}", Join(path, "."), cause));
}

}  // namespace

std::string YamlProblem::Text() const {
  std::string text = context;
  const auto place = [&](const std::optional<Mark>& mark) {
    if (mark) text += fmt::format("{}line {}, column {}", text.empty() ? "" : ", ", mark->line + 1, mark->column + 1);
  };
  place(context_mark);
  if (!problem.empty()) text += (text.empty() ? "" : ": ") + problem;
  place(problem_mark);
  return text;
}

std::string YamlProblem::Report(std::string_view source) const {
  std::vector<std::string> lines;
  if (!context.empty()) lines.push_back(context);
  const bool same =
      context_mark && problem_mark && context_mark->line == problem_mark->line && context_mark->column == problem_mark->column;
  if (context_mark && !same) lines.push_back(MarkedLine(source, *context_mark));
  if (!problem.empty()) lines.push_back(problem);
  if (problem_mark) lines.push_back(MarkedLine(source, *problem_mark));
  if (problem.starts_with("found duplicate key")) {
    lines.emplace_back("\nTo suppress this check see:\n    https://yaml.dev/doc/ruamel.yaml/api/#Duplicate_keys\n");
  }
  return Join(lines, "\n");
}

YamlValue::Type YamlValue::type() const {
  switch (node_->kind) {
    case Node::Kind::kNull: return Type::kNull;
    case Node::Kind::kBool: return Type::kBool;
    case Node::Kind::kInt: return Type::kInt;
    case Node::Kind::kFloat: return Type::kFloat;
    case Node::Kind::kString: return Type::kString;
    case Node::Kind::kTime: return Type::kTime;
    case Node::Kind::kList: return Type::kList;
    case Node::Kind::kMap: return Type::kMap;
  }
  return Type::kNull;
}
const std::string& YamlValue::Text() const { return node_->value.AsString(); }
std::size_t YamlValue::size() const { return node_->kind == Node::Kind::kMap ? node_->entries.size() : node_->items.size(); }
YamlValue YamlValue::Item(std::size_t index) const { return YamlValue(node_->items[index].get()); }
YamlValue YamlValue::Key(std::size_t index) const { return YamlValue(node_->entries[index].key.get()); }
YamlValue YamlValue::Value(std::size_t index) const { return YamlValue(node_->entries[index].value.get()); }
std::optional<YamlValue> YamlValue::Find(std::string_view key) const {
  for (const Node::Entry& entry : node_->entries) {
    if (entry.key->kind == Node::Kind::kString && entry.key->value.AsString() == key) return YamlValue(entry.value.get());
  }
  return std::nullopt;
}
Json YamlValue::ToJson() const { return yaml::ToJson(*node_); }

struct YamlTree::Impl {
  NodePtr root = std::make_shared<Node>();

  Node* Locate(const Path& path) const {
    Node* node = root.get();
    for (const std::string& step : path) {
      if (node->kind == Node::Kind::kList) {
        const std::optional<std::int64_t> index = ParseInt(step);
        if (!index || *index < 0 || static_cast<std::size_t>(*index) >= node->items.size()) return nullptr;
        node = node->items[static_cast<std::size_t>(*index)].get();
      } else {
        Node::Entry* const entry = node->kind == Node::Kind::kMap ? yaml::FindEntry(*node, step) : nullptr;
        if (entry == nullptr) return nullptr;
        node = entry->value.get();
      }
    }
    return node;
  }
};

YamlTree::YamlTree() : impl_(std::make_unique<Impl>()) { impl_->root->kind = Node::Kind::kMap; }
YamlTree::YamlTree(YamlTree&&) noexcept = default;
YamlTree& YamlTree::operator=(YamlTree&&) noexcept = default;
YamlTree::~YamlTree() = default;

Result<YamlTree> YamlTree::Parse(std::string_view text, YamlProblem* problem) {
  YamlProblem found;
  const auto fail = [&] {
    if (problem != nullptr) *problem = found;
    return Fail(Code::kInvalid, found.Text());
  };
  if (text.size() > kMaxBytes) {
    found.problem = fmt::format("the text is over {}", HumanBytes(kMaxBytes));
    return fail();
  }
  if (!IsValidUtf8(text)) {
    found.problem = "the text is not valid UTF-8";
    return fail();
  }
  YamlTree tree;
  yaml::RawPtr raw;
  // Without comments errors are found where DVC's reader finds them.
  if (!yaml::Compose(text, {}, {}, raw, found)) {
    found = {};
    raw = nullptr;
    if (!yaml::Compose(text, {.comments = false}, {}, raw, found)) return fail();
  }
  if (!yaml::Construct(raw, tree.impl_->root, found)) return fail();
  return tree;
}

YamlTree YamlTree::From(const Json& value) {
  YamlTree tree;
  tree.impl_->root = yaml::FromJson(value);
  return tree;
}

YamlValue YamlTree::root() const { return YamlValue(impl_->root.get()); }
Json YamlTree::ToJson() const { return yaml::ToJson(*impl_->root); }

bool YamlTree::Empty() const {
  const Node& root = *impl_->root;
  return root.kind == Node::Kind::kNull || (root.IsCollection() && root.items.empty() && root.entries.empty());
}

bool YamlTree::Has(const Path& path) const { return impl_->Locate(path) != nullptr; }

Json YamlTree::At(const Path& path) const {
  const Node* const node = impl_->Locate(path);
  return node == nullptr ? Json() : yaml::ToJson(*node);
}

std::optional<YamlProblem::Mark> YamlTree::PlaceOf(const Path& path) const {
  const Node* const node = impl_->Locate(path);
  if (node == nullptr || !node->IsCollection()) return std::nullopt;
  return YamlProblem::Mark{node->place.line, node->place.column};
}

namespace {

bool FindDate(const Node& node, YamlTree::Path& path) {
  if (node.kind == Node::Kind::kTime) return true;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    path.push_back(std::to_string(i));
    if (FindDate(*node.items[i], path)) return true;
    path.pop_back();
  }
  for (const Node::Entry& entry : node.entries) {
    path.push_back(PythonStr(yaml::ToJson(*entry.key)));
    if (FindDate(*entry.value, path)) return true;
    path.pop_back();
  }
  return false;
}

}  // namespace

YamlTree::Path YamlTree::FirstDate() const {
  Path path;
  FindDate(*impl_->root, path);
  return path;
}

Result<void> YamlTree::Apply(const Path& path, const Json& value) {
  Node* const node = impl_->Locate(path);
  if (node == nullptr) return NoSuchPlace(path, "it is not there");
  if (!SameContainer(value, *node)) return NoSuchPlace(path, "it is of another type");
  ApplyDiff(value, *node);
  return {};
}

Result<void> YamlTree::Set(const Path& path, std::string_view key, const Json& value) {
  Node* const node = impl_->Locate(path);
  if (node == nullptr) return NoSuchPlace(path, "it is not there");
  if (node->kind == Node::Kind::kNull && path.empty()) node->kind = Node::Kind::kMap;
  if (node->kind != Node::Kind::kMap) return NoSuchPlace(path, "it is no mapping");
  SetEntry(*node, key, value);
  return {};
}

Result<void> YamlTree::Append(const Path& path, const Json& value) {
  Node* const node = impl_->Locate(path);
  if (node == nullptr || node->kind != Node::Kind::kList) return NoSuchPlace(path, "it is no list");
  node->items.push_back(yaml::FromJson(value));
  return {};
}

Result<void> YamlTree::Remove(const Path& path, std::string_view key) {
  Node* const node = impl_->Locate(path);
  if (node == nullptr || node->kind != Node::Kind::kMap) return NoSuchPlace(path, "it is no mapping");
  for (std::size_t i = 0; i < node->entries.size(); ++i) {
    if (&node->entries[i] != yaml::FindEntry(*node, key)) continue;
    RemoveEntry(*node, i);
    return {};
  }
  return NoSuchPlace(path, fmt::format("there is no '{}'", key));
}

std::string YamlTree::Write() const {
  yaml::Emitter emitter;
  emitter.Document(*yaml::Represent(impl_->root));
  return emitter.Take();
}

YamlTree::Pieces YamlTree::WritePieces(std::string_view key) const {
  Pieces pieces;
  const auto root = yaml::Represent(impl_->root);
  const Node* const map = impl_->Locate({std::string(key)});
  const yaml::EmitNode* watched = nullptr;
  for (std::size_t i = 0; root->kind == yaml::EmitNode::Kind::kMap && i + 1 < root->children.size(); i += 2) {
    if (root->children[i]->text == key) watched = root->children[i + 1].get();
  }
  yaml::Emitter emitter;
  emitter.Watch(watched);
  emitter.Document(*root);
  const std::vector<std::size_t> starts = emitter.member_starts();
  const std::size_t end = emitter.members_end();
  const std::string text = emitter.Take();
  if (starts.empty() || map == nullptr || map->entries.size() != starts.size()) {
    pieces.head = text;
    return pieces;
  }
  pieces.head = text.substr(0, starts.front());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t next = i + 1 < starts.size() ? starts[i + 1] : end;
    pieces.members.emplace_back(PythonStr(yaml::ToJson(*map->entries[i].key)), text.substr(starts[i], next - starts[i]));
  }
  pieces.tail = text.substr(end);
  return pieces;
}

}  // namespace mlean::codec
