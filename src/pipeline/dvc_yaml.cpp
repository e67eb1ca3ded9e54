#include "pipeline/dvc_yaml.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "codec/python_text.hpp"
#include "codec/yaml_tree.hpp"
#include "os/files.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/file_error.hpp"
#include "pipeline/stage_load.hpp"
#include "pipeline/template.hpp"

namespace mlean::pipeline {

using codec::Json;

namespace {

constexpr char kJoin = '@';

// "group@key" in two; no key: nullopt.
std::pair<std::string_view, std::optional<std::string_view>> SplitName(std::string_view name) {
  const std::size_t at = name.rfind(kJoin);
  if (at == name.npos) return {name, std::nullopt};
  return {name.substr(0, at), name.substr(at + 1)};
}

// "failed to parse 'stages.a.cmd' in 'dvc.yaml': …"
Error Placed(const TemplateError& error, std::string_view what, std::string_view shown) {
  if (error.kind == TemplateError::Kind::kOther) return Fail(error.code, error.text);
  const bool drawn = error.kind == TemplateError::Kind::kSyntax || error.kind == TemplateError::Kind::kMerge ||
                     error.kind == TemplateError::Kind::kLoaded;
  return Fail(Code::kInvalid, fmt::format("failed to parse {} in '{}':{}{}", what, shown, drawn ? '\n' : ' ', error.text));
}

// One foreach or matrix: the stages it stands for, in order.
struct Group {
  struct Item {
    std::string key;
    TemplateNodePtr value;
  };
  bool has_key = true;  // `key` is in the context
  std::vector<Item> items;
  std::unordered_map<std::string, std::size_t> by_key;

  void Add(std::string key, TemplateNodePtr value) {
    const auto [there, added] = by_key.try_emplace(key, items.size());
    if (added) {
      items.push_back({std::move(key), std::move(value)});
    } else {
      items[there->second].value = std::move(value);
    }
  }
};

}  // namespace

class DvcYaml::Impl {
 public:
  Impl(Json data, std::string location, const Place& place, Source& source, const ParsingOptions& options, Say say)
      : data_(std::move(data)),
        location_(std::move(location)),
        place_(place),
        options_(options),
        say_(std::move(say)),
        context_(place_, source, options_) {
    shown_ = place_.Shown(location_);
    if (const Json* const stages = data_.Find("stages"); stages != nullptr && stages->IsObject()) stages_ = stages;
    for (std::size_t i = 0; stages_ != nullptr && i < stages_->AsObject().size(); ++i) {
      by_name_.emplace(stages_->AsObject()[i].first, i);
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> LoadVars() {
    const Json* const vars = data_.Find("vars");
    if (vars != nullptr && HasTemplate(*vars)) {
      return Fail(Code::kInvalid, fmt::format("failed to parse 'vars' in '{}': interpolating is not allowed", shown_));
    }
    if (auto error = context_.Load(vars == nullptr ? Json() : *vars, FolderOf(location_), "", true)) {
      return Placed(*error, "'vars'", shown_);
    }
    return {};
  }

  Result<std::vector<std::string>> Names() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < Count(); ++i) {
      const auto& [name, definition] = At(i);
      if (!IsGroup(definition)) {
        names.push_back(name);
        continue;
      }
      TRY(const Group* const group, GroupOf(name, definition));
      for (const Group::Item& item : group->items) names.push_back(name + kJoin + item.key);
    }
    return names;
  }

  bool IsGroup(std::string_view name) const {
    const Json* const definition = Find(name);
    return definition != nullptr && IsGroup(*definition);
  }

  Result<bool> Has(std::string_view name) {
    const auto [group_name, key] = SplitName(name);
    const Json* const definition = Find(group_name);
    if (definition == nullptr) return false;
    if (!IsGroup(*definition)) return !key;
    if (!key) return false;
    TRY(const Group* const group, GroupOf(group_name, *definition));
    return group->by_key.contains(std::string(*key));
  }

  Result<Stage> Resolve(std::string_view name) {
    TRY(const bool has, Has(name));
    if (!has) return Fail(Code::kNotFound, fmt::format("Stage '{}' not found inside '{}' file", name, shown_));
    const auto [group_name, key] = SplitName(name);
    const Json& definition = *Find(group_name);
    Resolved resolved;
    if (!IsGroup(definition)) {
      TRY(resolved, ResolveStage(name, definition, context_, false));
    } else {
      TRY(resolved, ResolveItem(group_name, *key, definition));
    }
    TRY(Stage stage, StageFromJson(std::string(name), resolved.stage, location_, place_));
    stage.tracked_vars = std::move(resolved.used);
    const Json* const raw = Find(name);
    stage.parametrized = raw == nullptr || !(*raw == resolved.stage);
    if (key && raw == nullptr) stage.group = group_name;
    return stage;
  }

  // A top-level list, each item resolved by itself.
  Result<Json> List(std::string_view section) const {
    const Json* const list = data_.Find(section);
    if (list == nullptr || !list->IsArray()) return Json();
    Json out = Json::Array{};
    for (std::size_t i = 0; i < list->AsArray().size(); ++i) {
      TRY(Json item, TopLevel(list->AsArray()[i], fmt::format("'{}.{}'", section, i)));
      out.Push(std::move(item));
    }
    return out;
  }

  Result<Json> Artifacts() const {
    const Json* const map = data_.Find("artifacts");
    if (map == nullptr || !map->IsObject()) return Json();
    Json out = Json::Object{};
    for (const Json::Member& member : map->AsObject()) {
      const std::string where = fmt::format("'artifacts.{}'", member.first);
      TRY(const Json name, TopLevel(member.first, where));
      if (!name.IsString()) {
        return Fail(Code::kInvalid,
                    fmt::format("failed to resolve {} in '{}': expected str, got {}", where, shown_, PythonTypeName(name)));
      }
      TRY(Json artifact, TopLevel(member.second, where));
      out.Set(name.AsString(), std::move(artifact));
    }
    return out;
  }

 private:
  struct Resolved {
    Json stage;
    Json used = Json::Object{};
  };

  static bool IsGroup(const Json& definition) {
    return definition.Find("matrix") != nullptr || definition.Find("foreach") != nullptr;
  }
  std::size_t Count() const { return stages_ == nullptr ? 0 : stages_->AsObject().size(); }
  const Json::Member& At(std::size_t index) const { return stages_->AsObject()[index]; }
  const Json* Find(std::string_view name) const {
    const auto found = by_name_.find(std::string(name));
    return found == by_name_.end() ? nullptr : &At(found->second).second;
  }

  Result<Json> TopLevel(const Json& value, const std::string& where) const {
    if (auto error = CheckExpressions(value)) return Placed(*error, where, shown_);
    Json out;
    if (auto error = context_.Resolve(value, {}, out)) return Placed(*error, where, shown_);
    return out;
  }

  // ---- groups
  Result<const Group*> GroupOf(std::string_view name, const Json& definition) {
    const auto found = groups_.find(std::string(name));
    if (found != groups_.end()) return &found->second;
    Group group;
    if (definition.Find("matrix") != nullptr) {
      TRY(group, MakeMatrix(name, *definition.Find("matrix")));
    } else {
      TRY(group, MakeForeach(name, *definition.Find("foreach")));
    }
    return &groups_.emplace(std::string(name), std::move(group)).first->second;
  }

  Result<std::string> Fragment(const TemplateNode& node) const { return TemplateText(node, options_); }

  Result<Group> MakeForeach(std::string_view name, const Json& data) {
    const std::string where = fmt::format("'stages.{}.foreach'", name);
    TemplateNodePtr iterable;
    if (auto error = context_.ResolveNode(data, iterable)) return Placed(*error, where, shown_);
    if (!iterable->IsCollection()) {
      return Fail(Code::kInvalid, fmt::format("failed to resolve {} in '{}': expected list/dictionary, got {}", where, shown_,
                                              PythonTypeName(iterable->scalar)));
    }
    Group group;
    group.has_key = iterable->kind == TemplateNode::Kind::kMap;
    WarnOfOverwriting(name, group.has_key ? std::vector<std::string>{"item", "key"} : std::vector<std::string>{"item"});
    for (const auto& [key, value] : iterable->entries) group.Add(key, value);
    const bool composite =
        std::any_of(iterable->items.begin(), iterable->items.end(), [](const auto& item) { return item->IsCollection(); });
    for (std::size_t i = 0; i < iterable->items.size(); ++i) {
      std::string key = std::to_string(i);
      if (!composite) {
        TRY(key, Fragment(*iterable->items[i]));
      }
      group.Add(std::move(key), iterable->items[i]);
    }
    return group;
  }

  Result<Group> MakeMatrix(std::string_view name, const Json& data) {
    const std::string where = fmt::format("'stages.{}.matrix'", name);
    TemplateNodePtr iterable;
    if (auto error = context_.ResolveNode(data, iterable)) return Placed(*error, where, shown_);
    WarnOfOverwriting(name, {"key", "item"});
    // The values of each variable; a map gives its keys and a text its characters, as Python iterates them.
    std::vector<std::pair<std::string, std::vector<TemplateNodePtr>>> variables;
    std::size_t count = 1;
    for (const auto& [variable, node] : iterable->entries) {
      std::vector<TemplateNodePtr> values = node->items;
      for (const auto& [key, value] : node->entries) values.push_back(LiteralNode(key));
      if (!node->IsCollection()) {
        if (!node->literal || !node->scalar.IsString()) {
          return Fail(Code::kInvalid, fmt::format("failed to resolve {} in '{}': expected list, got {}", where, shown_,
                                                  PythonTypeName(node->scalar)));
        }
        for (const std::string& character : Characters(node->scalar.AsString())) values.push_back(LiteralNode(character));
      }
      constexpr std::size_t kMaxStages = 1'000'000;
      if (!values.empty() && count > kMaxStages / values.size()) {
        return Fail(Code::kTooLarge,
                    fmt::format("failed to resolve {} in '{}': over {} combinations", where, shown_, kMaxStages));
      }
      count *= values.size();
      variables.emplace_back(variable, std::move(values));
    }
    Group group;
    for (std::size_t i = 0; i < count && !variables.empty(); ++i) {
      TRYV(AddCombination(group, variables, i));
    }
    return group;
  }

  // The combination number `number`: the last variable changes fastest.
  Result<void> AddCombination(Group& group, const std::vector<std::pair<std::string, std::vector<TemplateNodePtr>>>& variables,
                              std::size_t number) const {
    std::vector<std::size_t> chosen(variables.size());
    for (std::size_t i = variables.size(); i-- > 0;) {
      chosen[i] = number % variables[i].second.size();
      number /= variables[i].second.size();
    }
    const TemplateNodePtr item = LiteralNode(Json::Object{});
    std::string key;
    for (std::size_t i = 0; i < variables.size(); ++i) {
      const auto& [variable, values] = variables[i];
      const TemplateNodePtr& value = values[chosen[i]];
      std::string fragment = variable + std::to_string(chosen[i]);
      if (!value->IsCollection()) {
        TRY(fragment, Fragment(*value));
      }
      if (i > 0) key += '-';
      key += fragment;
      item->entries.emplace_back(variable, value);
    }
    group.Add(std::move(key), item);
    return {};
  }

  static std::vector<std::string> Characters(const std::string& text) {
    std::vector<std::string> characters;
    for (const char c : text) {
      if ((static_cast<unsigned char>(c) & 0xC0) != 0x80 || characters.empty()) characters.emplace_back();
      characters.back() += c;
    }
    return characters;
  }

  void WarnOfOverwriting(std::string_view name, const std::vector<std::string>& keys) const {
    std::string there;
    std::size_t count = 0;
    for (const std::string& key : keys) {
      if (!context_.Has(key)) continue;
      there += (count++ > 0 ? " and " : "") + key;
    }
    if (count == 0 || !say_) return;
    say_(Level::kWarning, fmt::format("{} {} already specified, will be overwritten for stages generated from '{}'", there,
                                      count == 1 ? "is" : "are", name));
  }

  // ---- stages
  Result<Resolved> ResolveItem(std::string_view group_name, std::string_view key, const Json& definition) {
    TRY(const Group* const group, GroupOf(group_name, definition));
    const Group::Item& item = group->items[group->by_key.at(std::string(key))];
    Json body;
    if (const Json* const matrix = definition.Find("matrix"); matrix != nullptr) {
      body = Json::Object{};
      for (const Json::Member& member : definition.AsObject()) {
        if (member.first != "matrix") body.Set(member.first, member.second);
      }
    } else {
      body = *definition.Find("do");
    }
    if (!checked_groups_.contains(std::string(group_name))) {
      TRYV(CheckSyntax(group_name, body));
      checked_groups_.emplace(std::string(group_name), true);
    }
    std::vector<std::pair<std::string, TemplateNodePtr>> values;
    if (definition.Find("matrix") != nullptr) {
      values = {{"key", LiteralNode(item.key)}, {"item", item.value}};
    } else {
      values = {{"item", item.value}};
      if (group->has_key) values.emplace_back("key", LiteralNode(item.key));
    }
    const TemplateContext::Temporary temporary(context_, std::move(values));
    return ResolveStage(fmt::format("{}{}{}", group_name, kJoin, key), body, context_, true);
  }

  Result<void> CheckSyntax(std::string_view name, const Json& definition) const {
    for (const Json::Member& member : definition.AsObject()) {
      if (auto error = CheckExpressions(member.second)) {
        return Placed(*error, fmt::format("'stages.{}.{}'", name, member.first), shown_);
      }
    }
    return {};
  }

  Result<Resolved> ResolveStage(std::string_view name, const Json& definition, const TemplateContext& shared,
                                bool checked) const {
    if (!checked) TRYV(CheckSyntax(name, definition));
    std::string wdir = FolderOf(location_);
    if (const Json* const written = definition.Find("wdir"); written != nullptr && Truthy(*written)) {
      Json resolved;
      if (auto error = shared.Resolve(*written, {}, resolved)) {
        return Placed(*error, fmt::format("'stages.{}.wdir'", name), shown_);
      }
      wdir = place_.Locate(wdir, codec::PythonStr(resolved));
    }
    std::optional<TemplateContext> own;
    if (const Json* const vars = definition.Find("vars"); vars != nullptr && Truthy(*vars)) {
      if (HasTemplate(*vars)) {
        return Fail(Code::kInvalid,
                    fmt::format("failed to parse 'stages.{}.vars' in '{}': interpolating is not allowed", name, shown_));
      }
      own = shared.Clone();
      if (auto error = own->Load(*vars, wdir, name, false)) {
        const bool loaded = error->kind == TemplateError::Kind::kLoaded;
        return Placed(*error, loaded ? fmt::format("'stages.{}.vars'", name) : fmt::format("stage '{}'", name), shown_);
      }
    }
    const TemplateContext& context = own ? *own : shared;
    Resolved out;
    out.stage = Json::Object{};
    for (const Json::Member& member : definition.AsObject()) {
      if (member.first == "vars") continue;
      Json resolved;
      const TemplateContext::Request request{.section = member.first, .checked = checked, .used = &out.used};
      if (auto error = context.Resolve(member.second, request, resolved)) {
        return Placed(*error, fmt::format("'stages.{}.{}'", name, member.first), shown_);
      }
      out.stage.Set(member.first, std::move(resolved));
    }
    return out;
  }

  Json data_;
  std::string location_;
  std::string shown_;
  Place place_;
  ParsingOptions options_;
  Say say_;
  TemplateContext context_;
  const Json* stages_ = nullptr;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<std::string, Group> groups_;
  std::unordered_map<std::string, bool> checked_groups_;
};

DvcYaml::DvcYaml(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DvcYaml::DvcYaml(DvcYaml&&) noexcept = default;
DvcYaml& DvcYaml::operator=(DvcYaml&&) noexcept = default;
DvcYaml::~DvcYaml() = default;

Result<DvcYaml> DvcYaml::Parse(std::string_view text, std::string_view location, const Place& place, Source& source,
                               const ParsingOptions& options, const Say& say) {
  TRY(Json data, ReadCheckedYaml(text, location, place, SchemaKind::kDvcYaml));
  auto impl = std::make_unique<Impl>(std::move(data), std::string(location), place, source, options, say);
  TRYV(impl->LoadVars());
  DvcYaml yaml(std::move(impl));
  yaml.location_ = location;
  return yaml;
}

Result<std::vector<std::string>> DvcYaml::Names() const { return impl_->Names(); }
bool DvcYaml::IsGroup(std::string_view name) const { return impl_->IsGroup(name); }
Result<bool> DvcYaml::Has(std::string_view name) const { return impl_->Has(name); }
Result<Stage> DvcYaml::Resolve(std::string_view name) const { return impl_->Resolve(name); }

Result<std::vector<Stage>> DvcYaml::ResolveAll() const {
  TRY(const std::vector<std::string> names, Names());
  std::vector<Stage> stages;
  stages.reserve(names.size());
  for (const std::string& name : names) {
    TRY(Stage stage, Resolve(name));
    stages.push_back(std::move(stage));
  }
  return stages;
}

Result<Json> DvcYaml::Metrics() const { return impl_->List("metrics"); }
Result<Json> DvcYaml::Params() const { return impl_->List("params"); }
Result<Json> DvcYaml::Plots() const { return impl_->List("plots"); }
Result<Json> DvcYaml::Datasets() const { return impl_->List("datasets"); }
Result<Json> DvcYaml::Artifacts() const { return impl_->Artifacts(); }

Result<std::vector<Stage>> ParseStages(std::string_view text, std::string_view file, const std::filesystem::path& root) {
  WorkTree source(root);
  TRY(const DvcYaml yaml, DvcYaml::Parse(text, file, Place{.root = root}, source));
  return yaml.ResolveAll();
}

Result<std::vector<Stage>> LoadStages(const std::filesystem::path& root) {
  TRY(const std::string text, os::ReadFile(root / "dvc.yaml", std::uint64_t{64} << 20));
  return ParseStages(text, "dvc.yaml", root);
}

const Stage* FindStage(const std::vector<Stage>& stages, std::string_view name) {
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const Stage& stage) { return stage.name == name; });
  return found == stages.end() ? nullptr : &*found;
}

}  // namespace mlean::pipeline
