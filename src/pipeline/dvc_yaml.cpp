#include "pipeline/dvc_yaml.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.hpp"
#include "codec/yaml.hpp"
#include "os/files.hpp"
#include "pipeline/param_file.hpp"
#include "pipeline/template.hpp"

namespace mlean::pipeline {
namespace {

namespace fs = std::filesystem;
using codec::Json;
using codec::YamlDocument;
using codec::YamlMember;
using codec::YamlNode;

const std::vector<std::string>& OutputKeys() {
  static const auto* const kKeys =
      new std::vector<std::string>{"desc", "type", "labels", "meta", "cache", "persist", "checkpoint", "remote", "push"};
  return *kKeys;
}

class Parser {
 public:
  Parser(const YamlDocument& document, const fs::path& dir) : document_(document), dir_(dir) {}

  Result<DvcYaml> Run(bool templated) {
    DvcYaml pipeline;
    pipeline.file = document_.file();
    const YamlNode& root = document_.root();
    if (root.IsNull()) return pipeline;
    TRYV(document_.Mapping(root, document_.file()));
    TRYV(document_.UnknownKeys(root, {"stages", "vars", "params", "metrics", "plots", "artifacts", "datasets"}));
    if (templated) TRYV(LoadContext(root.Find("vars")));
    const YamlNode* const stages = root.Find("stages");
    if (stages == nullptr || stages->IsNull()) return pipeline;
    TRYV(document_.Mapping(*stages, "stages"));
    for (const YamlMember& member : stages->members) {
      TRY(Stage stage, ReadStage(member));
      pipeline.stages.push_back(std::move(stage));
    }
    return pipeline;
  }

 private:
  Result<void> LoadContext(const YamlNode* vars) {
    if (os::Exists(dir_ / "params.yaml")) {
      TRY(const Json values, ReadParamFile(dir_ / "params.yaml"));
      TRYV(context_.Merge(values));
    }
    if (vars == nullptr) return {};
    TRYV(document_.Sequence(*vars, "vars"));
    for (const YamlNode& item : vars->items) TRYV(LoadVars(item));
    return {};
  }

  // "file.yaml", "file.yaml:key1,key2" or an inline map.
  Result<void> LoadVars(const YamlNode& item) {
    Json values = Json::Object{};
    if (item.IsMapping()) {
      values = item.ToJson();
    } else {
      TRY(const std::string text, document_.String(item, "vars"));
      const std::size_t colon = text.find(':');
      const std::string file = text.substr(0, colon);
      if (file == "params.yaml" && os::Exists(dir_ / file)) return {};  // is the context already
      Result<Json> content = ReadParamFile(dir_ / file);
      if (!content) return document_.At(item, content.error().what, content.error().code);
      if (colon == text.npos) {
        values = *std::move(content);
      } else {
        for (const std::string& key : Split(std::string_view(text).substr(colon + 1), ',')) {
          const Json* const found = content->Find(Trim(key));
          if (found == nullptr) return document_.At(item, fmt::format("could not find '{}' in '{}'", Trim(key), file));
          values.Set(Trim(key), *found);
        }
      }
    }
    const Result<void> merged = context_.Merge(values);
    if (!merged) return document_.At(item, merged.error().what);
    return {};
  }

  // The text of a scalar, templates resolved.
  Result<std::string> Text(const YamlNode& node, std::string_view name) const {
    if (!node.IsScalar()) return document_.At(node, fmt::format("'{}' must be a string, not {}", name, node.TypeName()));
    if (node.text.find("${") == node.text.npos) return node.text;
    const Result<Json> value = context_.Resolve(node.text);
    if (!value) return document_.At(node, value.error().what, value.error().code);
    if (value->IsString()) return value->AsString();
    return value->IsNull() ? std::string("None") : value->Dump();
  }
  Result<bool> Flag(const YamlNode& node, std::string_view name) const {
    if (node.IsScalar() && node.text.starts_with("${")) {
      const Result<Json> value = context_.Resolve(node.text);
      if (!value) return document_.At(node, value.error().what, value.error().code);
      if (value->IsBool()) return value->AsBool();
    }
    return document_.Bool(node, name);
  }

  Result<Stage> ReadStage(const YamlMember& member) {
    Stage stage;
    stage.name = member.key.text;
    const YamlNode& node = member.value;
    TRYV(document_.Mapping(node, stage.name));
    for (const char* key : {"foreach", "matrix"}) {
      if (const YamlNode* const found = node.Find(key)) {
        return document_.At(*found, fmt::format("stage '{}' uses '{}', which is not supported yet", stage.name, key),
                            Code::kUnsupported);
      }
    }
    TRYV(document_.UnknownKeys(node, {"cmd", "wdir", "deps", "params", "outs", "metrics", "plots", "vars", "frozen",
                                      "always_changed", "desc", "meta", "foreach", "do", "matrix"}));
    if (const YamlNode* const vars = node.Find("vars")) {
      return document_.At(*vars, fmt::format("stage '{}' has 'vars' of its own, which is not supported yet", stage.name),
                          Code::kUnsupported);
    }
    stage.wdir = ".";
    if (const YamlNode* const wdir = node.Find("wdir")) {
      TRY(stage.wdir, Text(*wdir, "wdir"));
    }
    TRYV(ReadCommand(member, stage));
    if (const YamlNode* const deps = node.Find("deps")) {
      TRYV(document_.Sequence(*deps, "deps"));
      for (const YamlNode& item : deps->items) {
        TRY(std::string path, Text(item, "deps"));
        stage.deps.push_back(std::move(path));
      }
    }
    if (const YamlNode* const params = node.Find("params")) TRYV(ReadParams(*params, stage));
    for (const char* key : {"outs", "metrics", "plots"}) {
      if (const YamlNode* const outs = node.Find(key)) TRYV(ReadOutputs(*outs, key, stage));
    }
    if (const YamlNode* const frozen = node.Find("frozen")) {
      TRY(stage.frozen, Flag(*frozen, "frozen"));
    }
    if (const YamlNode* const always = node.Find("always_changed")) {
      TRY(stage.always_changed, Flag(*always, "always_changed"));
    }
    if (const YamlNode* const desc = node.Find("desc")) {
      TRY(stage.desc, Text(*desc, "desc"));
    }
    return stage;
  }

  Result<void> ReadCommand(const YamlMember& member, Stage& stage) const {
    const YamlNode* const cmd = member.value.Find("cmd");
    if (cmd == nullptr || cmd->IsNull()) return document_.At(member.key, fmt::format("stage '{}' needs 'cmd'", stage.name));
    stage.cmd_is_list = cmd->IsSequence();
    const std::vector<YamlNode> single = stage.cmd_is_list ? std::vector<YamlNode>() : std::vector<YamlNode>{*cmd};
    for (const YamlNode& item : stage.cmd_is_list ? cmd->items : single) {
      TRY(std::string text, Text(item, "cmd"));
      stage.cmd.push_back(std::move(text));
    }
    if (stage.cmd.empty()) return document_.At(*cmd, "'cmd' must not be empty");
    return {};
  }

  static StageParams& ParamsOf(Stage& stage, const std::string& file) {
    for (StageParams& params : stage.params) {
      if (params.file == file) return params;
    }
    return stage.params.emplace_back(StageParams{file, {}});
  }

  Result<void> ReadParams(const YamlNode& node, Stage& stage) const {
    TRYV(document_.Sequence(node, "params"));
    for (const YamlNode& item : node.items) {
      if (!item.IsMapping()) {
        TRY(std::string key, Text(item, "params"));
        ParamsOf(stage, "params.yaml").keys.push_back(std::move(key));
        continue;
      }
      for (const YamlMember& member : item.members) {
        TRY(const std::string file, Text(member.key, "params"));
        StageParams& params = ParamsOf(stage, file);
        if (member.value.IsNull()) continue;
        TRYV(document_.Sequence(member.value, file));
        for (const YamlNode& key : member.value.items) {
          TRY(std::string text, Text(key, file));
          params.keys.push_back(std::move(text));
        }
      }
    }
    return {};
  }

  Result<void> ReadOutputs(const YamlNode& node, std::string_view name, Stage& stage) const {
    std::vector<std::string> known = OutputKeys();
    if (name == "plots") known.insert(known.end(), {"template", "x", "y", "x_label", "y_label", "title", "header"});
    TRYV(document_.Sequence(node, name));
    for (const YamlNode& item : node.items) {
      StageOutput out;
      out.metric = name == "metrics";
      out.plot = name == "plots";
      if (!item.IsMapping()) {
        TRY(out.path, Text(item, name));
        stage.outs.push_back(std::move(out));
        continue;
      }
      for (const YamlMember& member : item.members) {
        TRY(out.path, Text(member.key, name));
        TRYV(document_.Mapping(member.value, out.path));
        TRYV(document_.UnknownKeys(member.value, known));
        if (const YamlNode* const cache = member.value.Find("cache")) {
          TRY(out.cache, Flag(*cache, "cache"));
        }
        if (const YamlNode* const persist = member.value.Find("persist")) {
          TRY(out.persist, Flag(*persist, "persist"));
        }
        stage.outs.push_back(out);
      }
    }
    return {};
  }

  const YamlDocument& document_;
  const fs::path& dir_;
  TemplateContext context_;
};

}  // namespace

std::vector<std::string> Stage::Lines() const {
  if (cmd_is_list) return cmd;
  std::vector<std::string> lines;
  for (std::string& line : Split(ReplaceAll(cmd.front(), "\r\n", "\n"), '\n')) {
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

Json Stage::Command() const {
  if (!cmd_is_list) return cmd.front();
  Json::Array list;
  for (const std::string& line : cmd) list.emplace_back(line);
  return list;
}

const Stage* DvcYaml::Find(std::string_view name) const {
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const Stage& stage) { return stage.name == name; });
  return found == stages.end() ? nullptr : &*found;
}

Result<DvcYaml> ParseDvcYaml(std::string_view text, std::string_view file, const fs::path& dir) {
  TRY(const YamlDocument document, YamlDocument::Parse(text, file));
  return Parser(document, dir).Run(text.find("${") != text.npos);
}

Result<DvcYaml> LoadDvcYaml(const fs::path& root) {
  TRY(const std::string text, os::ReadFile(root / "dvc.yaml", std::uint64_t{64} << 20));
  return ParseDvcYaml(text, "dvc.yaml", root);
}

}  // namespace mlean::pipeline
