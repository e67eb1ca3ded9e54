#include "pipeline/template.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml_tree.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/param_file.hpp"
#include "pipeline/template_text.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;
using Kind = TemplateError::Kind;

constexpr std::string_view kDefaultFile = "params.yaml";

struct Origin {
  std::string source;
  bool tracked = false;
};

TemplateNodePtr MakeNode(const Json& value, const Origin& origin, const std::string& path) {
  auto node = std::make_shared<TemplateNode>();
  node->source = origin.source;
  node->tracked = origin.tracked;
  node->path = path;
  const auto below = [&](const std::string& step) { return path.empty() ? step : path + "." + step; };
  if (value.IsObject()) {
    node->kind = TemplateNode::Kind::kMap;
    for (const Json::Member& member : value.AsObject()) {
      node->entries.emplace_back(member.first, MakeNode(member.second, origin, below(member.first)));
    }
  } else if (value.IsArray()) {
    node->kind = TemplateNode::Kind::kList;
    for (std::size_t i = 0; i < value.AsArray().size(); ++i) {
      node->items.push_back(MakeNode(value.AsArray()[i], origin, below(std::to_string(i))));
    }
  } else {
    node->scalar = value;
  }
  return node;
}

// Maps are merged in place, so a clone needs its own; lists and scalars are shared.
TemplateNodePtr CopyMaps(const TemplateNodePtr& node) {
  if (node->kind != TemplateNode::Kind::kMap) return node;
  auto copy = std::make_shared<TemplateNode>(*node);
  for (auto& [key, value] : copy->entries) value = CopyMaps(value);
  return copy;
}

void Put(TemplateNode& map, const std::string& key, TemplateNodePtr value) {
  for (auto& entry : map.entries) {
    if (entry.first == key) {
      entry.second = std::move(value);
      return;
    }
  }
  map.entries.emplace_back(key, std::move(value));
}

void Note(const TemplateNode& node, Json* used) {
  if (used == nullptr || !node.tracked || node.kind == TemplateNode::Kind::kMap) return;
  if (used->Find(node.source) == nullptr) used->Set(node.source, Json::Object{});
  used->Find(node.source)->Set(node.path, node.ToJson());
}

// "item", "item and key"
std::string JoinedWords(const std::vector<std::string>& words) {
  if (words.size() < 2) return words.empty() ? "" : words.front();
  return Join({words.begin(), words.end() - 1}, ", ") + " and " + words.back();
}

// A list index as Python's int() reads it.
std::optional<std::int64_t> IndexOf(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return ParseInt(text);
}

bool IsYaml(std::string_view location) {
  for (const std::string_view ending : {".json", ".toml", ".py"}) {
    if (ToLower(location).ends_with(ending)) return false;
  }
  return true;
}

// A value without what templates cannot name: entries whose keys are no strings.
Json Nameable(const codec::YamlValue& value) {
  if (value.IsList()) {
    Json list = Json::Array{};
    for (std::size_t i = 0; i < value.size(); ++i) list.Push(Nameable(value.Item(i)));
    return list;
  }
  if (!value.IsMap()) return value.ToJson();
  Json map = Json::Object{};
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value.Key(i).IsString()) map.Set(value.Key(i).Text(), Nameable(value.Value(i)));
  }
  return map;
}

// The values of a file, or why DVC would not take them.
Result<Json> ReadValues(std::string_view text, const std::string& shown) {
  if (!IsYaml(shown) || !IsValidUtf8(text)) return ParseParamText(text, shown);
  const Result<codec::YamlTree> tree = codec::YamlTree::Parse(text);
  if (!tree) return ParseParamText(text, shown);
  if (const codec::YamlTree::Path date = tree->FirstDate(); !date.empty()) {
    return Fail(Code::kInvalid,
                fmt::format("unexpected error - Unsupported value of type 'date' in '{}:{}'", shown, Join(date, ".")));
  }
  Json values = Nameable(tree->root());
  return Truthy(values) ? values : Json(Json::Object{});
}

// Whether maps and lists may stand where `section` is resolved.
std::optional<TemplateError> CheckPlace(const Json& value, const std::optional<std::string_view>& section) {
  if (!value.IsArray() && !value.IsObject()) return std::nullopt;
  if (!section || section->find("foreach") != section->npos) return std::nullopt;
  if (value.IsObject() && *section == "cmd") return std::nullopt;
  return TemplateError{Kind::kSyntax, fmt::format("Cannot interpolate data of type '{}'", PythonTypeName(value))};
}

}  // namespace

Json TemplateNode::ToJson() const {
  switch (kind) {
    case Kind::kScalar: return scalar;
    case Kind::kList: {
      Json list = Json::Array{};
      for (const auto& item : items) list.Push(item->ToJson());
      return list;
    }
    case Kind::kMap: {
      Json map = Json::Object{};
      for (const auto& [key, value] : entries) map.Set(key, value->ToJson());
      return map;
    }
  }
  return {};
}

TemplateNodePtr TemplateNode::Find(std::string_view key) const {
  for (const auto& entry : entries) {
    if (entry.first == key) return entry.second;
  }
  return nullptr;
}

TemplateNodePtr LiteralNode(const Json& value) {
  TemplateNodePtr node = MakeNode(value, {}, "");
  node->literal = true;
  for (const auto& item : node->items) item->literal = true;
  return node;
}

Result<std::string> TemplateText(const TemplateNode& node, const ParsingOptions& options) {
  if (node.literal) return ValueText(node.ToJson(), options);
  return codec::PythonStr(node.ToJson());
}

TemplateContext TemplateContext::Clone() const {
  TemplateContext copy = *this;
  copy.root_ = CopyMaps(root_);
  return copy;
}

TemplateContext::Temporary::Temporary(TemplateContext& context, std::vector<std::pair<std::string, TemplateNodePtr>> values)
    : context_(context), before_(context.root_) {
  // The old map is kept as it was; what is merged meanwhile goes with the copy.
  context_.root_ = std::make_shared<TemplateNode>(*before_);
  for (auto& [key, value] : values) {
    context_.reserved_.push_back(key);
    Put(*context_.root_, key, std::move(value));
  }
}
TemplateContext::Temporary::~Temporary() {
  context_.root_ = before_;
  context_.reserved_.clear();
}

std::optional<TemplateError> TemplateContext::Merge(TemplateNode& into, const TemplateNode& values) const {
  for (const auto& [key, value] : values.entries) {
    const TemplateNodePtr there = into.Find(key);
    if (there == nullptr) {
      into.entries.emplace_back(key, CopyMaps(value));
    } else if (there->kind == TemplateNode::Kind::kMap && value->kind == TemplateNode::Kind::kMap) {
      if (auto error = Merge(*there, *value)) return error;
    } else {
      const auto shown = [this](const TemplateNode& node) { return node.tracked ? place_->Shown(node.source) : node.source; };
      return TemplateError{Kind::kMerge, fmt::format("cannot redefine '{}' from '{}' as it already exists in '{}'", value->path,
                                                     shown(*value), shown(*there))};
    }
  }
  return std::nullopt;
}

std::optional<TemplateError> TemplateContext::LoadFile(const std::string& item, const std::string& folder) {
  const std::size_t colon = item.find(':');
  const std::string location = place_->Locate(folder, item.substr(0, colon));
  const std::string shown = place_->Shown(location);
  std::vector<std::string> keys;
  if (colon != item.npos) {
    for (const std::string& key : Split(std::string_view(item).substr(colon + 1), ',')) {
      if (!key.empty()) keys.push_back(key);
    }
  }
  if (const auto loaded = files_.find(location); loaded != files_.end()) {
    const std::optional<std::vector<std::string>>& before = loaded->second;
    if (keys.empty() && !before) return std::nullopt;
    const bool partial = before && (keys.empty() || std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
                                      return std::find(before->begin(), before->end(), key) != before->end();
                                    }));
    if (partial) return TemplateError{Kind::kLoaded, fmt::format("cannot load '{}' as it's partially loaded already", item)};
    if (!before) return TemplateError{Kind::kLoaded, fmt::format("cannot partially load '{}' as it's already loaded.", item)};
  }
  const Source::Kind kind = source_->Look(location);
  if (kind == Source::Kind::kNone) return TemplateError{Kind::kLoad, fmt::format("'{}' does not exist", shown)};
  if (kind == Source::Kind::kDir) return TemplateError{Kind::kLoad, fmt::format("'{}' is a directory", shown)};
  const Result<std::string> text = source_->Read(location);
  if (!text) return TemplateError{Kind::kOther, text.error().what, text.error().code};
  const Result<Json> values = ReadValues(*text, shown);
  if (!values) return TemplateError{Kind::kOther, values.error().what, values.error().code};
  if (!values->IsObject()) {
    return TemplateError{Kind::kLoad,
                         fmt::format("expected a dictionary, got '{}' in file '{}'", PythonTypeName(*values), shown)};
  }
  Json chosen = Json::Object{};
  for (const std::string& key : keys) {
    const Json* const value = values->Find(key);
    if (value == nullptr) return TemplateError{Kind::kLoad, fmt::format("could not find '{}' in '{}'", key, shown)};
    chosen.Set(key, *value);
  }
  const TemplateNodePtr node = MakeNode(keys.empty() ? *values : chosen, {location, true}, "");
  std::vector<std::string> taken;
  for (const std::string& key : reserved_) {
    if (node->Find(key) != nullptr) taken.push_back(key);
  }
  if (!taken.empty()) {
    return TemplateError{Kind::kReserved, fmt::format("attempted to modify reserved key{} {} in '{}'",
                                                      taken.size() > 1 ? "s" : "", JoinedWords(taken), item)};
  }
  if (auto error = Merge(*root_, *node)) return error;
  auto& record = files_.try_emplace(location, std::vector<std::string>()).first->second;
  if (keys.empty()) {
    record = std::nullopt;
  } else if (record) {
    record->insert(record->end(), keys.begin(), keys.end());
  }
  return std::nullopt;
}

std::optional<TemplateError> TemplateContext::Load(const Json& vars, const std::string& folder, std::string_view stage,
                                                   bool with_default) {
  if (with_default && source_->Look(place_->Locate(folder, kDefaultFile)) != Source::Kind::kNone) {
    if (auto error = LoadFile(std::string(kDefaultFile), folder)) return error;
  }
  if (!vars.IsArray()) return std::nullopt;
  for (std::size_t i = 0; i < vars.AsArray().size(); ++i) {
    const Json& item = vars.AsArray()[i];
    if (item.IsString()) {
      if (auto error = LoadFile(item.AsString(), folder)) return error;
      continue;
    }
    const TemplateNodePtr node = MakeNode(item, {fmt::format("{}{}vars[{}]", stage, stage.empty() ? "" : ".", i), false}, "");
    std::vector<std::string> taken;
    for (const std::string& key : reserved_) {
      if (node->Find(key) != nullptr) taken.push_back(key);
    }
    if (!taken.empty()) {
      return TemplateError{Kind::kReserved,
                           fmt::format("attempted to modify reserved key{} {}", taken.size() > 1 ? "s" : "", JoinedWords(taken))};
    }
    if (auto error = Merge(*root_, *node)) return error;
  }
  return std::nullopt;
}

std::optional<TemplateError> TemplateContext::Select(std::string_view expression, Json* used, TemplateNodePtr& out) const {
  const TemplateError unknown{Kind::kUnknown, fmt::format("Could not find '{}'", expression)};
  TemplateNodePtr at = root_;
  for (const std::string& step : Split(ReplaceAll(ReplaceAll(expression, "[", "."), "]", ""), '.')) {
    const std::string_view key = Trim(step);
    TemplateNodePtr next;
    if (at->kind == TemplateNode::Kind::kMap) {
      next = at->Find(key);
    } else if (at->kind == TemplateNode::Kind::kList) {
      std::optional<std::int64_t> index = IndexOf(key);
      const auto size = static_cast<std::int64_t>(at->items.size());
      if (index && *index < 0) *index += size;
      if (index && *index >= 0 && *index < size) next = at->items[static_cast<std::size_t>(*index)];
    }
    if (next == nullptr) return unknown;
    at = next;
  }
  Note(*at, used);
  out = at;
  return std::nullopt;
}

std::optional<TemplateError> TemplateContext::ResolveText(const std::string& text, const Request& request, Json& out) const {
  const std::vector<Expression> found = FindExpressions(text);
  std::string made;
  std::size_t at = 0;
  for (const Expression& expression : found) {
    std::string name(expression.inner);
    if (!request.checked) {
      Result<std::string> parsed = ParseExpression(expression.inner);
      if (!parsed) return TemplateError{Kind::kSyntax, parsed.error().what};
      name = *std::move(parsed);
    }
    TemplateNodePtr node;
    if (auto error = Select(name, request.used, node)) return error;
    Json value = node->ToJson();
    if (auto error = CheckPlace(value, request.section)) return error;
    if (expression.begin == 0 && expression.end == text.size()) {
      out = std::move(value);
      return std::nullopt;
    }
    const Result<std::string> words = ValueText(value, *options_);
    if (!words) return TemplateError{Kind::kSyntax, words.error().what};
    made.append(text, at, expression.begin - at).append(*words);
    at = expression.end;
  }
  made.append(text, at, text.npos);
  out = ReplaceAll(made, "\\${", "${");
  return std::nullopt;
}

std::optional<TemplateError> TemplateContext::Resolve(const Json& value, const Request& request, Json& out) const {
  if (value.IsString()) return ResolveText(value.AsString(), request, out);
  if (value.IsArray()) {
    out = Json::Array{};
    for (const Json& item : value.AsArray()) {
      Json resolved;
      if (auto error = Resolve(item, request, resolved)) return error;
      out.Push(std::move(resolved));
    }
    return std::nullopt;
  }
  if (!value.IsObject()) {
    out = value;
    return std::nullopt;
  }
  out = Json::Object{};
  for (const Json::Member& member : value.AsObject()) {
    Json key;
    if (auto error = ResolveText(member.first, request, key)) return error;
    if (key.IsArray() || key.IsObject()) {
      return TemplateError{Kind::kOther, fmt::format("unexpected error - unhashable type: '{}'", PythonTypeName(key))};
    }
    Json resolved;
    if (auto error = Resolve(member.second, request, resolved)) return error;
    out.Set(codec::PythonStr(key), std::move(resolved));
  }
  return std::nullopt;
}

std::optional<TemplateError> TemplateContext::ResolveNode(const Json& value, TemplateNodePtr& out) const {
  if (value.IsString()) {
    const std::string& text = value.AsString();
    const std::vector<Expression> found = FindExpressions(text);
    if (found.size() == 1 && found[0].begin == 0 && found[0].end == text.size()) {
      const Result<std::string> name = ParseExpression(found[0].inner);
      if (!name) return TemplateError{Kind::kSyntax, name.error().what};
      return Select(*name, nullptr, out);
    }
    Json resolved;
    if (auto error = ResolveText(text, {}, resolved)) return error;
    out = LiteralNode(resolved);
    return std::nullopt;
  }
  if (!value.IsArray() && !value.IsObject()) {
    out = LiteralNode(value);
    return std::nullopt;
  }
  out = std::make_shared<TemplateNode>();
  out->literal = true;
  if (value.IsArray()) {
    out->kind = TemplateNode::Kind::kList;
    for (const Json& item : value.AsArray()) {
      TemplateNodePtr node;
      if (auto error = ResolveNode(item, node)) return error;
      out->items.push_back(std::move(node));
    }
    return std::nullopt;
  }
  out->kind = TemplateNode::Kind::kMap;
  for (const Json::Member& member : value.AsObject()) {
    Json key;
    if (auto error = ResolveText(member.first, {}, key)) return error;
    const std::vector<Expression> found = FindExpressions(member.first);
    if (found.size() == 1 && found[0].end - found[0].begin == member.first.size()) {
      return TemplateError{Kind::kOther, "unexpected error - unhashable type: 'Value'"};
    }
    TemplateNodePtr node;
    if (auto error = ResolveNode(member.second, node)) return error;
    Put(*out, codec::PythonStr(key), std::move(node));
  }
  return std::nullopt;
}

bool HasTemplate(const Json& value) {
  if (value.IsString()) return !FindExpressions(value.AsString()).empty();
  if (value.IsArray()) return std::any_of(value.AsArray().begin(), value.AsArray().end(), HasTemplate);
  if (!value.IsObject()) return false;
  return std::any_of(value.AsObject().begin(), value.AsObject().end(), [](const Json::Member& member) {
    return !FindExpressions(member.first).empty() || HasTemplate(member.second);
  });
}

std::optional<TemplateError> CheckExpressions(const Json& value) {
  const auto check = [](std::string_view text) -> std::optional<TemplateError> {
    for (const Expression& expression : FindExpressions(text)) {
      const Result<std::string> parsed = ParseExpression(expression.inner);
      if (!parsed) return TemplateError{Kind::kSyntax, parsed.error().what};
    }
    return std::nullopt;
  };
  if (value.IsString()) return check(value.AsString());
  if (value.IsArray()) {
    for (const Json& item : value.AsArray()) {
      if (auto error = CheckExpressions(item)) return error;
    }
  }
  if (value.IsObject()) {
    for (const Json::Member& member : value.AsObject()) {
      if (auto error = check(member.first)) return error;
      if (auto error = CheckExpressions(member.second)) return error;
    }
  }
  return std::nullopt;
}

}  // namespace mlean::pipeline
