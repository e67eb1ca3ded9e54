#include "pipeline/dvc_lock.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml.hpp"
#include "codec/yaml_write.hpp"
#include "os/files.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;
using codec::YamlDocument;
using codec::YamlMember;
using codec::YamlNode;

Result<std::uint64_t> Amount(const YamlDocument& document, const YamlNode& node, std::string_view name) {
  TRY(const std::int64_t value, document.Int(node, name));
  if (value < 0) return document.At(node, fmt::format("'{}' must not be negative", name));
  return static_cast<std::uint64_t>(value);
}

Result<LockedPath> ReadPath(const YamlDocument& document, const YamlNode& node) {
  TRYV(document.Mapping(node, "path"));
  TRYV(document.UnknownKeys(
      node, {"path", "hash", "md5", "etag", "checksum", "size", "nfiles", "isexec", "version_id", "cloud", "files"}));
  LockedPath locked;
  const YamlNode* const path = node.Find("path");
  if (path == nullptr || !path->IsScalar()) return document.At(node, "'path' is missing");
  locked.path = path->text;
  locked.has_hash_key = node.Find("hash") != nullptr;
  if (const YamlNode* const md5 = node.Find("md5")) {
    // Digits only may stand unquoted, so the text counts, not the type.
    locked.md5 = ToLower(md5->text);
  }
  if (const YamlNode* const size = node.Find("size")) {
    TRY(locked.size, Amount(document, *size, "size"));
  }
  if (const YamlNode* const nfiles = node.Find("nfiles")) {
    TRY(locked.nfiles, Amount(document, *nfiles, "nfiles"));
  }
  if (const YamlNode* const exec = node.Find("isexec")) {
    TRY(locked.is_exec, document.Bool(*exec, "isexec"));
  }
  return locked;
}

Result<std::vector<LockedPath>> ReadPaths(const YamlDocument& document, const YamlNode* list, std::string_view name) {
  std::vector<LockedPath> paths;
  if (list == nullptr || list->IsNull()) return paths;
  TRYV(document.Sequence(*list, name));
  for (const YamlNode& item : list->items) {
    TRY(LockedPath path, ReadPath(document, item));
    paths.push_back(std::move(path));
  }
  return paths;
}

Result<LockedStage> ReadStage(const YamlDocument& document, const YamlMember& member) {
  TRYV(document.Mapping(member.value, member.key.text));
  TRYV(document.UnknownKeys(member.value, {"cmd", "deps", "params", "outs"}));
  LockedStage stage;
  stage.name = member.key.text;
  if (const YamlNode* const cmd = member.value.Find("cmd")) stage.cmd = cmd->ToJson();
  TRY(stage.deps, ReadPaths(document, member.value.Find("deps"), "deps"));
  TRY(stage.outs, ReadPaths(document, member.value.Find("outs"), "outs"));
  if (const YamlNode* const params = member.value.Find("params")) {
    TRYV(document.Mapping(*params, "params"));
    for (const YamlMember& file : params->members) {
      if (!file.value.IsNull()) TRYV(document.Mapping(file.value, file.key.text));
      stage.params.emplace_back(file.key.text, file.value.IsNull() ? Json(Json::Object{}) : file.value.ToJson());
    }
  }
  return stage;
}

Json PathJson(const LockedPath& locked) {
  Json::Object entry{{"path", locked.path}};
  if (locked.has_hash_key) entry.emplace_back("hash", "md5");
  if (!locked.md5.empty()) entry.emplace_back("md5", locked.md5);
  if (locked.size) entry.emplace_back("size", Json(static_cast<std::int64_t>(*locked.size)));
  if (locked.nfiles) entry.emplace_back("nfiles", Json(static_cast<std::int64_t>(*locked.nfiles)));
  if (locked.is_exec) entry.emplace_back("isexec", true);
  return entry;
}

Json StageJson(const LockedStage& stage) {
  Json::Object entry{{"cmd", stage.cmd}};
  const auto paths = [&entry](const char* name, const std::vector<LockedPath>& list) {
    if (list.empty()) return;
    Json::Array array;
    for (const LockedPath& path : list) array.push_back(PathJson(path));
    entry.emplace_back(name, std::move(array));
  };
  paths("deps", stage.deps);
  if (!stage.params.empty()) {
    Json::Object files;
    for (const auto& [file, values] : stage.params) files.emplace_back(file, values);
    entry.emplace_back("params", std::move(files));
  }
  paths("outs", stage.outs);
  return entry;
}

void SortPaths(std::vector<LockedPath>& paths) {
  std::sort(paths.begin(), paths.end(),
            [](const LockedPath& a, const LockedPath& b) { return codec::PythonLess(a.path, b.path); });
}

}  // namespace

const LockedStage* DvcLock::Find(std::string_view name) const {
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const LockedStage& stage) { return stage.name == name; });
  return found == stages.end() ? nullptr : &*found;
}

void DvcLock::Put(LockedStage stage) {
  SortPaths(stage.deps);
  SortPaths(stage.outs);
  std::sort(stage.params.begin(), stage.params.end(), [](const auto& a, const auto& b) {
    const bool a_default = a.first == "params.yaml";
    const bool b_default = b.first == "params.yaml";
    return a_default != b_default ? a_default : codec::PythonLess(a.first, b.first);
  });
  for (auto& [file, values] : stage.params) {
    std::sort(values.AsObject().begin(), values.AsObject().end(),
              [](const Json::Member& a, const Json::Member& b) { return codec::PythonLess(a.first, b.first); });
  }
  for (LockedStage& there : stages) {
    if (there.name == stage.name) {
      there = std::move(stage);
      return;
    }
  }
  stages.push_back(std::move(stage));
}

Result<DvcLock> ParseDvcLock(std::string_view text, std::string_view file) {
  const auto read = [&]() -> Result<DvcLock> {
    TRY(const YamlDocument document, YamlDocument::Parse(text, file));
    DvcLock lock;
    const YamlNode& root = document.root();
    if (root.IsNull()) return lock;
    TRYV(document.Mapping(root, file));
    TRYV(document.UnknownKeys(root, {"schema", "stages", "datasets"}));
    const YamlNode* const schema = root.Find("schema");
    if (schema == nullptr || schema->text != "2.0") return document.At(root, "'schema' must be '2.0'");
    if (const YamlNode* const datasets = root.Find("datasets")) lock.datasets = datasets->ToJson();
    const YamlNode* const stages = root.Find("stages");
    if (stages == nullptr || stages->IsNull()) return lock;
    TRYV(document.Mapping(*stages, "stages"));
    for (const YamlMember& member : stages->members) {
      TRY(LockedStage stage, ReadStage(document, member));
      lock.stages.push_back(std::move(stage));
    }
    return lock;
  };
  Result<DvcLock> lock = read();
  if (lock) return lock;
  Error error = std::move(lock).error();
  if (error.code == Code::kInvalid) error.code = Code::kCorrupt;
  error.fix = "git checkout " + std::string(file);
  return error;
}

Result<DvcLock> LoadDvcLock(const std::filesystem::path& root) {
  const std::filesystem::path file = root / "dvc.lock";
  if (!os::Exists(file)) return DvcLock();
  TRY(const std::string text, os::ReadFile(file));
  return ParseDvcLock(text, "dvc.lock");
}

std::string WriteLockedStage(const LockedStage& stage) {
  const std::string text = codec::WriteYaml(Json::Object{{"stages", Json::Object{{stage.name, StageJson(stage)}}}});
  return text.substr(text.find('\n') + 1);
}

std::string DvcLockText(const std::vector<std::string>& stage_texts, const Json& datasets) {
  std::string text = "schema: '2.0'\n";
  if (!stage_texts.empty()) text += "stages:\n";
  for (const std::string& stage : stage_texts) text += stage;
  if (!datasets.IsNull()) text += codec::WriteYaml(Json::Object{{"datasets", datasets}});
  return text;
}

std::string WriteDvcLock(const DvcLock& lock) {
  std::vector<std::string> texts;
  texts.reserve(lock.stages.size());
  for (const LockedStage& stage : lock.stages) texts.push_back(WriteLockedStage(stage));
  return DvcLockText(texts, lock.datasets);
}

Result<void> SaveDvcLock(const std::filesystem::path& root, const DvcLock& lock) {
  return os::WriteFileAtomic(root / "dvc.lock", WriteDvcLock(lock));
}

}  // namespace mlean::pipeline
