#include "codec/yaml_edit.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.hpp"
#include "codec/yaml_write.hpp"

namespace mlean::codec {
namespace {

std::string PathText(const YamlEdit::Path& path) { return path.empty() ? "the root" : "'" + Join(path, ".") + "'"; }

Error CannotEdit(const YamlEdit::Path& path, std::string_view cause, Code code = Code::kUnsupported) {
  return Fail(code, fmt::format("cannot edit {}: {}", PathText(path), cause));
}

// Offset of the line's first byte and of the byte behind its line end.
std::size_t LineBegin(std::string_view text, std::size_t at) {
  const std::size_t found = at == 0 ? text.npos : text.rfind('\n', at - 1);
  return found == text.npos ? 0 : found + 1;
}
std::size_t LineAfter(std::string_view text, std::size_t at) {
  const std::size_t found = text.find('\n', at);
  return found == text.npos ? text.size() : found + 1;
}

// The end of the last line that belongs to a node which ends at `end`: behind the comment on its line.
std::size_t BlockEnd(std::string_view text, const YamlNode& node) {
  const std::size_t end = node.end.offset;
  // A block scalar's end is behind its line break already.
  return end > 0 && text[end - 1] == '\n' ? end : LineAfter(text, end);
}
// Merged members (<<) stand elsewhere in the text, so that places cannot be told by neighbours.
bool HasMerged(const YamlNode& mapping) {
  return std::any_of(mapping.members.begin(), mapping.members.end(), [](const YamlMember& member) { return member.key.aliased; });
}

// An item of a block list behind its dash at `indent` blanks, or a member behind its key.
std::string ItemText(const Json& value, std::size_t indent) {
  std::string text = WriteYaml(Json::Array{value});
  if (indent == 0) return text;
  const std::string blanks(indent, ' ');
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n') + 1;
    if (end > 1) out += blanks;
    out.append(text, 0, end);
    text.erase(0, end);
  }
  return out;
}

}  // namespace

Result<YamlEdit> YamlEdit::Open(std::string text, std::string file) {
  YamlEdit edit;
  TRY(edit.document_, YamlDocument::Parse(text, file));
  edit.text_ = std::move(text);
  edit.file_ = std::move(file);
  return edit;
}

Result<const YamlNode*> YamlEdit::Locate(const Path& path) const {
  const YamlNode* node = &document_.root();
  for (const std::string& step : path) {
    const YamlNode* next = node->Find(step);
    if (node->IsSequence()) {
      const std::optional<std::int64_t> index = ParseInt(step);
      if (index && *index >= 0 && static_cast<std::size_t>(*index) < node->items.size())
        next = &node->items[static_cast<std::size_t>(*index)];
    }
    if (next == nullptr) return CannotEdit(path, fmt::format("there is no '{}'", step), Code::kNotFound);
    node = next;
  }
  if (node->aliased) return CannotEdit(path, "it comes from an anchor elsewhere");
  return node;
}

Result<void> YamlEdit::Splice(std::size_t begin, std::size_t end, std::string_view replacement) {
  std::string changed = text_;
  changed.replace(begin, end - begin, replacement);
  TRY(document_, YamlDocument::Parse(changed, file_));
  text_ = std::move(changed);
  return {};
}

Result<void> YamlEdit::SetScalar(const Path& path, const Json& value) {
  TRY(const YamlNode* const node, Locate(path));
  if (!node->IsScalar() && !node->IsNull()) return CannotEdit(path, "it is no scalar", Code::kInvalid);
  if (node->style == YamlStyle::kLiteral || node->style == YamlStyle::kFolded) return CannotEdit(path, "it is a block scalar");
  if (value.IsArray() || value.IsObject()) return CannotEdit(path, "the new value is no scalar", Code::kInvalid);
  // Flow text is valid in block context too, and never has line breaks; null is written out, as "{a, b}" would change meaning.
  const std::string text = WriteYamlFlow(value);
  const bool glued = node->start.offset == node->end.offset && node->start.offset > 0 && text_[node->start.offset - 1] != ' ';
  return Splice(node->start.offset, node->end.offset, glued ? " " + text : text);
}

Result<void> YamlEdit::Append(const Path& path, const Json& value) {
  TRY(const YamlNode* const node, Locate(path));
  if (node->IsNull() || (node->IsSequence() && node->items.empty())) {
    const bool glued = node->start.offset == node->end.offset;
    return Splice(node->start.offset, node->end.offset, (glued ? " [" : "[") + WriteYamlFlow(value) + "]");
  }
  if (!node->IsSequence()) return CannotEdit(path, "it is no list", Code::kInvalid);
  if (node->style == YamlStyle::kFlow) {
    const std::size_t at = node->items.back().end.offset;
    return Splice(at, at, ", " + WriteYamlFlow(value));
  }
  const std::size_t indent = node->start.offset - LineBegin(text_, node->start.offset);
  const std::size_t at = BlockEnd(text_, *node);
  const bool needs_break = at > 0 && text_[at - 1] != '\n';
  return Splice(at, at, (needs_break ? "\n" : "") + ItemText(value, indent));
}

Result<void> YamlEdit::AddKey(const Path& path, std::string_view key, const Json& value) {
  TRY(const YamlNode* const node, Locate(path));
  if (node->Find(key) != nullptr) return CannotEdit(path, fmt::format("it has '{}' already", key), Code::kExists);
  const Json member = Json::Object{{std::string(key), value}};
  if (path.empty() && node->IsNull()) {
    const bool needs_break = !text_.empty() && text_.back() != '\n';
    return Splice(text_.size(), text_.size(), (needs_break ? "\n" : "") + WriteYaml(member));
  }
  if (node->IsNull() || (node->IsMapping() && node->members.empty())) {
    const bool glued = node->start.offset == node->end.offset;
    return Splice(node->start.offset, node->end.offset, (glued ? " " : "") + WriteYamlFlow(member));
  }
  if (!node->IsMapping()) return CannotEdit(path, "it is no mapping", Code::kInvalid);
  if (HasMerged(*node)) return CannotEdit(path, "it has merge keys");
  if (node->style == YamlStyle::kFlow) {
    const std::string text = WriteYamlFlow(member);
    const std::size_t at = node->members.back().value.end.offset;
    return Splice(at, at, ", " + text.substr(1, text.size() - 2));
  }
  const std::size_t indent = node->start.offset - LineBegin(text_, node->start.offset);
  const std::size_t at = BlockEnd(text_, *node);
  const bool needs_break = at > 0 && text_[at - 1] != '\n';
  // A list of one mapping, without its dash: "- k: v" shifted left by two.
  std::string text = ItemText(Json(member), indent);
  std::string out;
  const std::string blanks(indent, ' ');
  while (!text.empty()) {
    const std::size_t end = text.find('\n') + 1;
    if (end > indent + 2)
      out += blanks + text.substr(indent + 2, end - indent - 2);
    else
      out += text.substr(0, end);
    text.erase(0, end);
  }
  return Splice(at, at, (needs_break ? "\n" : "") + out);
}

Result<void> YamlEdit::RemoveKey(const Path& path, std::string_view key) {
  TRY(const YamlNode* const node, Locate(path));
  if (node->Find(key) == nullptr) return CannotEdit(path, fmt::format("there is no '{}'", key), Code::kNotFound);
  std::size_t index = 0;
  while (node->members[index].key.text != key) ++index;
  const YamlMember& member = node->members[index];
  if (HasMerged(*node)) return CannotEdit(path, "it has merge keys");
  const std::size_t begin = member.key.start.offset;
  if (node->style == YamlStyle::kFlow) {
    const bool last = index + 1 == node->members.size();
    if (!last) return Splice(begin, node->members[index + 1].key.start.offset, "");
    return Splice(index == 0 ? begin : node->members[index - 1].value.end.offset, member.value.end.offset, "");
  }
  const std::size_t end = BlockEnd(text_, member.value);
  if (node->members.size() == 1) {
    // The mapping stays, empty, where it was; at its key's line when it stood below.
    const bool own_line = Trim(std::string_view(text_).substr(LineBegin(text_, begin), begin - LineBegin(text_, begin))).empty();
    if (path.empty()) return Splice(begin, end, "{}\n");
    return Splice(own_line ? LineBegin(text_, begin) : begin, end,
                  own_line ? std::string(begin - LineBegin(text_, begin) + 1, ' ') + "{}\n" : "{}\n");
  }
  // The first key of a mapping behind a dash shares its line with the dash, which must stay.
  const std::size_t line = LineBegin(text_, begin);
  const bool shares_line = !Trim(std::string_view(text_).substr(line, begin - line)).empty();
  if (!shares_line) return Splice(line, end, "");
  if (index + 1 == node->members.size()) return CannotEdit(path, "the key shares its line with something else");
  return Splice(begin, node->members[index + 1].key.start.offset, "");
}

}  // namespace mlean::codec
