#include "pipeline/dvc_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml_tree.hpp"
#include "codec/yaml_write.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/stage_load.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

Output ReadOutput(const Json& entry, const std::string& wdir, const Place& place) {
  Output out = MakeOutput(TextAt(entry, "path"), wdir, place);
  out.content = ReadContent(entry, out.location);
  out.files = ReadFiles(entry, out.location);
  if (out.files) out.content = ContentOfFiles(*out.files, out.content.hash_name);
  const auto flag = [&](std::string_view key, bool otherwise) {
    const Json* const value = entry.Find(key);
    return value == nullptr ? otherwise : Truthy(*value);
  };
  out.cache = flag("cache", true);
  out.persist = flag("persist", false);
  out.push = flag("push", true);
  out.remote = TextAt(entry, "remote");
  out.desc = TextAt(entry, "desc");
  out.type = TextAt(entry, "type");
  if (const Json* const labels = entry.Find("labels"); labels != nullptr && labels->IsArray()) {
    for (const Json& label : labels->AsArray()) out.labels.push_back(codec::PythonStr(label));
  }
  if (const Json* const meta = entry.Find("meta")) out.meta = *meta;
  if (const Json* const config = entry.Find("fs_config")) out.fs_config = *config;
  return out;
}

Dependency ReadDependency(const Json& entry, const std::string& wdir, const Place& place) {
  Dependency dep;
  if (const Json* const db = entry.Find("db")) {
    dep.kind = Dependency::Kind::kDb;
    dep.db = *db;
    return dep;
  }
  const Json* const repo = entry.Find("repo");
  if (repo != nullptr && Truthy(*repo)) {
    dep.kind = Dependency::Kind::kRepo;
    dep.path = TextAt(entry, "path");
    dep.repo_url = TextAt(*repo, "url");
    dep.repo_rev = TextAt(*repo, "rev");
    dep.repo_rev_lock = TextAt(*repo, "rev_lock");
    if (const Json* const config = repo->Find("config")) dep.repo_config = *config;
    if (const Json* const remote = repo->Find("remote")) dep.repo_remote = *remote;
    return dep;
  }
  dep = MakeDependency(TextAt(entry, "path"), wdir, place);
  if (dep.kind == Dependency::Kind::kDataset) {
    if (const Json* const dataset = entry.Find("dataset")) dep.dataset = *dataset;
    return dep;
  }
  dep.content = ReadContent(entry, dep.location);
  dep.files = ReadFiles(entry, dep.location);
  if (dep.files) dep.content = ContentOfFiles(*dep.files, dep.content.hash_name);
  if (const Json* const config = entry.Find("fs_config")) dep.fs_config = *config;
  return dep;
}

// The whole file as a value, keys in DVC's order.
Json FileJson(const Stage& stage) {
  Json file = Json::Object{};
  const auto set = [&](std::string_view key, const Json& value) {
    if (Truthy(value)) file.Set(key, value);
  };
  set("desc", stage.desc);
  set("md5", stage.md5);
  set("cmd", stage.cmd);
  const std::string wdir = Relative(stage.wdir, FolderOf(stage.file));
  if (wdir != ".") set("wdir", wdir);
  set("frozen", stage.frozen);
  Json deps = Json::Array{};
  for (const Dependency& dep : stage.deps) deps.Push(DvcFileEntry(dep));
  set("deps", deps);
  Json outs = Json::Array{};
  for (const Output& out : stage.outs) outs.Push(DvcFileEntry(out));
  set("outs", outs);
  set("always_changed", stage.always_changed);
  set("meta", stage.meta);
  return file;
}

// What does not count for the md5 of a stage, at any level.
Json WithoutNotes(const Json& value) {
  static constexpr std::array<std::string_view, 11> kNotes = {"desc",   "type",    "labels", "meta", "locked", "frozen",
                                                              "metric", "persist", "isexec", "size", "nfiles"};
  if (value.IsArray()) {
    Json list = Json::Array{};
    for (const Json& item : value.AsArray()) list.Push(WithoutNotes(item));
    return list;
  }
  if (!value.IsObject()) return value;
  Json map = Json::Object{};
  for (const Json::Member& member : value.AsObject()) {
    if (std::find(kNotes.begin(), kNotes.end(), member.first) == kNotes.end()) map.Set(member.first, WithoutNotes(member.second));
  }
  return map;
}

}  // namespace

Result<Stage> ParseDvcFile(std::string_view text, std::string_view location, const Place& place) {
  TRY(const Json data, ReadCheckedYaml(text, location, place, SchemaKind::kDvcFile));
  Stage stage;
  stage.file = location;
  stage.text = text;
  const std::string wdir = TextAt(data, "wdir");
  stage.wdir = place.Locate(FolderOf(location), wdir.empty() ? "." : wdir);
  stage.md5 = TextAt(data, "md5");
  stage.desc = TextAt(data, "desc");
  for (const char* key : {"frozen", "locked"}) {
    const Json* const flag = data.Find(key);
    stage.frozen = stage.frozen || (flag != nullptr && Truthy(*flag));
  }
  if (const Json* const always = data.Find("always_changed")) stage.always_changed = Truthy(*always);
  if (const Json* const meta = data.Find("meta")) stage.meta = *meta;
  if (const Json* const deps = data.Find("deps"); deps != nullptr && deps->IsArray()) {
    for (const Json& entry : deps->AsArray()) stage.deps.push_back(ReadDependency(entry, stage.wdir, place));
  }
  if (const Json* const outs = data.Find("outs"); outs != nullptr && outs->IsArray()) {
    for (const Json& entry : outs->AsArray()) {
      if (entry.Find("path") == nullptr) return Fail(Code::kInvalid, "unexpected error - 'path'");  // in DVC a KeyError
      stage.outs.push_back(ReadOutput(entry, stage.wdir, place));
    }
  }
  return stage;
}

Stage NewDataStage(std::string_view location) {
  Stage stage;
  stage.file = std::string(location) + ".dvc";
  stage.wdir = FolderOf(location);
  Output out;
  out.path = NameOf(location);
  out.location = location;
  stage.outs.push_back(std::move(out));
  return stage;
}

Result<std::string> WriteDvcFile(const Stage& stage, const Place&) {
  const Json file = FileJson(stage);
  if (stage.text.empty()) return codec::WriteYaml(file);
  Result<codec::YamlTree> tree = codec::YamlTree::Parse(stage.text);
  if (!tree) return std::move(tree).error().With(fmt::format("cannot write '{}'", stage.file));
  if (!tree->root().IsMap()) return codec::WriteYaml(file);
  TRYV(tree->Apply({}, file));
  return tree->Write();
}

std::string StageMd5(const Stage& stage, const Place&) {
  if (!stage.IsImport()) return {};
  Json file = FileJson(stage);
  Json kept = Json::Object{};
  for (const Json::Member& member : file.AsObject()) {
    if (member.first != "md5") kept.Set(member.first, member.second);
  }
  return Md5Hex(WithoutNotes(kept).DumpPython(true));
}

}  // namespace mlean::pipeline
