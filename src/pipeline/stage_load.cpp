#include "pipeline/stage_load.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml_tree.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/file_error.hpp"
#include "pipeline/template.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

constexpr std::string_view kDefaultParams = "params.yaml";

// A path in the project is kept relative to wdir, also when it was written as an absolute one.
std::string PathAsKept(std::string path, const std::string& location, const std::string& wdir) {
  return path.starts_with('/') && IsInside(location) && IsInside(wdir) ? Relative(location, wdir) : path;
}

Error WrongType(std::string_view what, std::string_view expected, const Json& value) {
  return Fail(Code::kInvalid, fmt::format("Expected {} for '{}', got: '{}'", expected, what, PythonTypeName(value)));
}

void ReadNotes(Output& out, const Json& flags) {
  out.desc = TextAt(flags, "desc");
  out.type = TextAt(flags, "type");
  out.labels.clear();
  if (const Json* const labels = flags.Find("labels"); labels != nullptr && labels->IsArray()) {
    for (const Json& label : labels->AsArray()) out.labels.push_back(codec::PythonStr(label));
  }
  if (const Json* const meta = flags.Find("meta")) out.meta = *meta;
}

bool FlagAt(const Json& flags, std::string_view key, bool otherwise) {
  const Json* const flag = flags.Find(key);
  return flag == nullptr ? otherwise : Truthy(*flag);
}

// The outputs of one section, entries of the same path joined.
Result<void> AddOutputs(Stage& stage, const Json& list, std::string_view section, const Place& place) {
  std::vector<std::pair<std::string, Json>> merged;
  const auto add = [&](const std::string& path, const Json& flags) {
    auto there = std::find_if(merged.begin(), merged.end(), [&](const auto& entry) { return entry.first == path; });
    if (there == merged.end()) there = merged.insert(merged.end(), {path, Json::Object{}});
    for (const Json::Member& flag : flags.AsObject()) there->second.Set(flag.first, flag.second);
  };
  for (const Json& item : list.AsArray()) {
    if (item.IsString()) {
      add(item.AsString(), Json::Object{});
      continue;
    }
    if (!item.IsObject()) return Fail(Code::kInvalid, fmt::format("'{}' not supported.", PythonTypeName(item)));
    for (const Json::Member& member : item.AsObject()) {
      if (!member.second.IsObject()) return WrongType(member.first, "dict", member.second);
      add(member.first, member.second);
    }
  }
  for (auto& [path, flags] : merged) {
    Output out = MakeOutput(path, stage.wdir, place);
    out.metric = section == "metrics";
    out.plot = section == "plots";
    out.cache = FlagAt(flags, "cache", true);
    out.persist = FlagAt(flags, "persist", false);
    out.push = FlagAt(flags, "push", true);
    out.remote = TextAt(flags, "remote");
    ReadNotes(out, flags);
    if (out.plot) {
      for (const char* key : {"template", "x", "y", "x_label", "y_label", "title", "header"}) {
        if (const Json* const value = flags.Find(key)) out.plot_props.Set(key, *value);
      }
    }
    stage.outs.push_back(std::move(out));
  }
  return {};
}

}  // namespace

Result<Json> ReadCheckedYaml(std::string_view text, std::string_view location, const Place& place, SchemaKind kind) {
  const std::string shown = place.Shown(location);
  if (!IsValidUtf8(text)) return Fail(Code::kInvalid, fmt::format("unable to read: '{}', is not valid utf-8", shown));
  codec::YamlProblem problem;
  const Result<codec::YamlTree> tree = codec::YamlTree::Parse(text, &problem);
  if (!tree) return SyntaxError(ShownFile(shown), text, problem);
  Json data = tree->ToJson();
  if (!Truthy(data)) data = Json::Object{};
  const std::vector<SchemaProblem> problems = CheckSchema(kind, data);
  if (!problems.empty()) return ValidationError(ShownFile(shown), text, problems);
  return data;
}

Dependency MakeDependency(std::string path, const std::string& wdir, const Place& place) {
  Dependency dependency;
  dependency.location = place.Locate(wdir, path);
  if (path.starts_with("ds://")) {
    dependency.kind = Dependency::Kind::kDataset;
    dependency.path = std::move(path);
    return dependency;
  }
  dependency.path = PathAsKept(std::move(path), dependency.location, wdir);
  return dependency;
}

Output MakeOutput(std::string path, const std::string& wdir, const Place& place) {
  Output out;
  out.location = place.Locate(wdir, path);
  out.path = PathAsKept(std::move(path), out.location, wdir);
  return out;
}

Result<void> AddParams(Stage& stage, const Json& params, const Place& place) {
  struct File {
    std::string path;
    std::vector<std::string> keys;
    bool whole = false;
  };
  std::vector<File> files;
  const auto file = [&](std::string_view path) -> File& {
    const auto there = std::find_if(files.begin(), files.end(), [&](const File& one) { return one.path == path; });
    return there == files.end() ? files.emplace_back(File{std::string(path), {}, false}) : *there;
  };
  const auto whole = [&](std::string_view path) {
    return std::any_of(params.AsArray().begin(), params.AsArray().end(), [&](const Json& item) {
      const Json* const keys = item.IsObject() ? item.Find(path) : nullptr;
      return keys != nullptr && !Truthy(*keys);
    });
  };
  for (const Json& item : params.AsArray()) {
    if (item.IsString()) {
      if (!whole(kDefaultParams)) file(kDefaultParams).keys.push_back(item.AsString());
      continue;
    }
    if (!item.IsObject()) {
      return Fail(Code::kInvalid, fmt::format("Only list of str/dict is supported. Got: '{}'.", PythonTypeName(item)));
    }
    for (const Json::Member& member : item.AsObject()) {
      File& one = file(member.first);
      if (whole(member.first)) continue;
      if (!member.second.IsArray()) {
        return Fail(Code::kInvalid, fmt::format("Expected list of params for custom params file '{}', got '{}'.", member.first,
                                                PythonTypeName(member.second)));
      }
      for (const Json& key : member.second.AsArray()) one.keys.push_back(codec::PythonStr(key));
    }
  }
  for (File& one : files) {
    Dependency dependency;
    dependency.kind = Dependency::Kind::kParams;
    dependency.content.hash_name = "md5-dos2unix";  // has no hash of its own
    dependency.location = place.Locate(stage.wdir, one.path);
    dependency.path = PathAsKept(std::move(one.path), dependency.location, stage.wdir);
    dependency.keys = std::move(one.keys);
    stage.deps.push_back(std::move(dependency));
  }
  return {};
}

Result<Stage> StageFromJson(std::string name, const Json& definition, std::string_view location, const Place& place) {
  Stage stage;
  stage.file = location;
  stage.name = std::move(name);
  const std::string wdir = TextAt(definition, "wdir");
  stage.wdir = place.Locate(FolderOf(location), wdir.empty() ? "." : wdir);
  if (const Json* const cmd = definition.Find("cmd")) stage.cmd = *cmd;
  stage.frozen = FlagAt(definition, "frozen", false);
  stage.always_changed = FlagAt(definition, "always_changed", false);
  stage.desc = TextAt(definition, "desc");
  if (const Json* const meta = definition.Find("meta")) stage.meta = *meta;
  if (const Json* const deps = definition.Find("deps"); deps != nullptr && deps->IsArray()) {
    for (const Json& dep : deps->AsArray()) {
      if (!dep.IsString()) return WrongType("deps", "str", dep);
      stage.deps.push_back(MakeDependency(dep.AsString(), stage.wdir, place));
    }
  }
  if (const Json* const params = definition.Find("params"); params != nullptr && params->IsArray()) {
    TRYV(AddParams(stage, *params, place));
  }
  for (const char* section : {"outs", "metrics", "plots"}) {
    const Json* const list = definition.Find(section);
    if (list != nullptr && list->IsArray()) TRYV(AddOutputs(stage, *list, section, place));
  }
  return stage;
}

}  // namespace mlean::pipeline
