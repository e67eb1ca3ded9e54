// YamlDocument's reader: the composer's nodes as nodes that know their place.
#include <fmt/core.h>

#include <unordered_set>

#include "base/text.hpp"
#include "codec/yaml.hpp"
#include "codec/yaml_data.hpp"

namespace mlean::codec {
namespace {

using yaml::RawNode;

YamlMark ToMark(const yaml::Mark& mark) {
  return {mark.offset, static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

void MarkAliased(YamlNode& node) {
  node.aliased = true;
  for (YamlNode& item : node.items) MarkAliased(item);
  for (YamlMember& member : node.members) MarkAliased(member.value);
}

YamlStyle StyleOf(char style) {
  switch (style) {
    case '\'': return YamlStyle::kSingleQuoted;
    case '"': return YamlStyle::kDoubleQuoted;
    case '|': return YamlStyle::kLiteral;
    case '>': return YamlStyle::kFolded;
    default: return YamlStyle::kPlain;
  }
}

class Builder {
 public:
  Builder(std::string_view file, std::size_t max_depth) : file_(file), max_depth_(max_depth) {}

  Result<YamlNode> Build(const RawNode& raw, std::size_t depth) {
    if (depth > max_depth_) return Wrong(raw.start, "nested too deep");
    TRYV(CheckTag(raw));
    YamlNode node;
    node.start = ToMark(raw.content);
    node.end = ToMark(raw.end);
    switch (raw.kind) {
      case RawNode::Kind::kScalar:
        node.kind = YamlKind::kScalar;
        node.style = StyleOf(raw.style);
        node.text = raw.text;
        node.tagged_string = raw.tag == "!" || raw.tag == "!!str";
        if (node.style == YamlStyle::kPlain && !node.tagged_string && TypedPlainScalar(node.text).IsNull())
          node.kind = YamlKind::kNull;
        return node;
      case RawNode::Kind::kSequence:
        node.kind = YamlKind::kSequence;
        node.style = raw.flow ? YamlStyle::kFlow : YamlStyle::kBlock;
        for (std::size_t i = 0; i < raw.children.size(); ++i) {
          TRY(YamlNode item, Child(raw, i, depth));
          node.items.push_back(std::move(item));
        }
        return node;
      case RawNode::Kind::kMapping: break;
    }
    TRYV(Members(raw, node, depth));
    return node;
  }

 private:
  Error Wrong(const yaml::Mark& mark, std::string_view cause) const {
    return Fail(Code::kInvalid, fmt::format("{}:{}:{}: {}", file_, mark.line + 1, mark.column + 1, cause));
  }

  Result<void> CheckTag(const RawNode& raw) const {
    if (raw.tag.empty() || raw.tag == "!") return {};
    const std::string_view tag = raw.tag;
    const std::string_view name = tag.starts_with("!!") ? tag.substr(2) : std::string_view();
    const bool typed = name == "int" || name == "float" || name == "bool" || name == "null" || name == "str";
    const bool fits = raw.kind == RawNode::Kind::kMapping    ? name == "map"
                      : raw.kind == RawNode::Kind::kSequence ? name == "seq"
                                                             : typed;
    if (fits) return {};
    return Wrong(raw.start, fmt::format("the tag '{}' is not supported here", tag));
  }

  Result<YamlNode> Child(const RawNode& raw, std::size_t index, std::size_t depth) {
    TRY(YamlNode node, Build(*raw.children[index], depth + 1));
    if (const auto alias = raw.aliases.find(index); alias != raw.aliases.end()) {
      MarkAliased(node);
      node.start = ToMark(alias->second.first);
      node.end = ToMark(alias->second.second);
    }
    return node;
  }

  Result<void> Members(const RawNode& raw, YamlNode& node, std::size_t depth) {
    node.kind = YamlKind::kMapping;
    node.style = raw.flow ? YamlStyle::kFlow : YamlStyle::kBlock;
    std::unordered_set<std::string> keys;
    std::vector<YamlNode> merges;
    for (std::size_t i = 0; i + 1 < raw.children.size(); i += 2) {
      TRY(YamlNode key, Child(raw, i, depth));
      if (key.IsSequence() || key.IsMapping()) return Wrong(raw.children[i]->start, "a key must be a scalar");
      TRY(YamlNode value, Child(raw, i + 1, depth));
      if (key.text == "<<" && key.style == YamlStyle::kPlain) {
        merges.push_back(std::move(value));
        continue;
      }
      if (!keys.insert(key.text).second) return Wrong(raw.children[i]->start, fmt::format("the key '{}' occurs twice", key.text));
      node.members.push_back({std::move(key), std::move(value)});
    }
    for (YamlNode& merge : merges) TRYV(Merge(raw, node, merge, keys));
    return {};
  }

  Result<void> Merge(const RawNode& raw, YamlNode& node, YamlNode& merge, std::unordered_set<std::string>& keys) {
    if (merge.IsSequence()) {
      for (YamlNode& item : merge.items) {
        if (!item.IsMapping()) return Wrong(raw.start, "a merge key needs mappings");
        TRYV(Merge(raw, node, item, keys));
      }
      return {};
    }
    if (!merge.IsMapping()) return Wrong(raw.start, "a merge key needs a mapping");
    for (YamlMember& member : merge.members) {
      if (!keys.insert(member.key.text).second) continue;
      member.key.aliased = true;
      MarkAliased(member.value);
      node.members.push_back(std::move(member));
    }
    return {};
  }

  const std::string_view file_;
  const std::size_t max_depth_;
};

}  // namespace

Result<YamlDocument> YamlDocument::Parse(std::string_view text, std::string_view file, const YamlParseOptions& options) {
  if (text.size() > options.max_bytes) {
    return Fail(Code::kTooLarge, fmt::format("cannot read '{}': over {}", file, HumanBytes(options.max_bytes)));
  }
  if (!IsValidUtf8(text)) return Fail(Code::kInvalid, fmt::format("{}:1:1: the text is not valid UTF-8", file));
  yaml::RawPtr raw;
  YamlProblem problem;
  if (!yaml::Compose(text, {.text_file = false, .comments = false}, {options.max_depth, options.max_nodes}, raw, problem)) {
    // Of what is never closed the beginning tells more than the end of the text.
    const bool unclosed = problem.problem.find("end of stream") != std::string::npos;
    const auto place = unclosed || !problem.problem_mark ? problem.context_mark : problem.problem_mark;
    const YamlProblem::Mark mark = place.value_or(YamlProblem::Mark{});
    std::string cause = problem.context;
    if (!problem.problem.empty()) cause += (cause.empty() ? "" : ", ") + problem.problem;
    return Fail(Code::kInvalid, fmt::format("{}:{}:{}: {}", file, mark.line + 1, mark.column + 1, cause));
  }
  YamlDocument document;
  document.file_ = file;
  if (raw == nullptr) return document;
  TRY(document.root_, Builder(file, options.max_depth).Build(*raw, 0));
  return document;
}

}  // namespace mlean::codec
