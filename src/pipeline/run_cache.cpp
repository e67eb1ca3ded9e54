#include "pipeline/run_cache.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "codec/yaml_tree.hpp"
#include "codec/yaml_write.hpp"
#include "os/files.hpp"
#include "pipeline/dvc_lock.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/place.hpp"
#include "pipeline/schema.hpp"

namespace mlean::pipeline {
namespace {

namespace fs = std::filesystem;
using codec::Json;

constexpr std::size_t kDigits = 64;

// Sizes do not count, at any level.
Json WithoutSizes(const Json& value) {
  if (value.IsArray()) {
    Json list = Json::Array{};
    for (const Json& item : value.AsArray()) list.Push(WithoutSizes(item));
    return list;
  }
  if (!value.IsObject()) return value;
  Json map = Json::Object{};
  for (const Json::Member& member : value.AsObject()) {
    if (member.first != "size" && member.first != "nfiles") map.Set(member.first, WithoutSizes(member.second));
  }
  return map;
}

std::string Digest(const Json& value) { return Sha256Hex(WithoutSizes(value).DumpPython(true)); }

bool IsDigest(const std::string& name) {
  return name.size() == kDigits && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Lower case, as the schema makes hashes.
void LowerHashes(Json& entry) {
  for (const char* section : {"deps", "outs"}) {
    Json* const list = entry.Find(section);
    if (list == nullptr) continue;
    for (Json& item : list->AsArray()) {
      if (Json* const md5 = item.Find("md5"); md5 != nullptr && md5->IsString()) *md5 = ToLower(md5->AsString());
    }
  }
}

}  // namespace

bool RunCache::MayKeep(const Stage& stage) {
  if (stage.IsCallback() || stage.always_changed) return false;
  if (!Truthy(stage.cmd) || stage.deps.empty() || stage.outs.empty()) return false;
  for (const Dependency& dep : stage.deps) {
    const bool local = dep.kind == Dependency::Kind::kPath || dep.kind == Dependency::Kind::kParams;
    if (!local || IsUrl(dep.location)) return false;
    const bool known = dep.kind == Dependency::Kind::kParams ? Truthy(dep.values) : dep.content.Known();
    if (!known) return false;
  }
  return std::all_of(stage.outs.begin(), stage.outs.end(),
                     [](const Output& out) { return out.Inside() && !out.persist && !out.path.empty(); });
}

std::string RunCache::Key(const Json& entry) {
  Json key = entry;
  Json paths = Json::Array{};
  if (const Json* const outs = entry.Find("outs"); outs != nullptr && outs->IsArray()) {
    for (const Json& out : outs->AsArray()) paths.Push(TextAt(out, "path"));
  }
  key.Set("outs", std::move(paths));
  return Digest(key);
}

std::string RunCache::Value(const Json& entry) { return Digest(entry); }

Result<std::optional<Json>> RunCache::Load(const std::string& key, const std::string& value) const {
  const fs::path path = dir_ / key.substr(0, 2) / key / value;
  if (!os::Exists(path)) return std::optional<Json>();
  TRY(const std::string text, os::ReadFile(path));
  const Result<codec::YamlTree> tree = codec::YamlTree::Parse(text);
  Json entry = tree ? tree->ToJson() : Json();
  if (!Truthy(entry)) entry = Json::Object{};
  if (!tree || !CheckSchema(SchemaKind::kLockedStage, entry).empty()) {
    TRYV(os::Remove(path));
    return std::optional<Json>();
  }
  LowerHashes(entry);
  return std::optional<Json>(std::move(entry));
}

Result<std::optional<Json>> RunCache::Find(const Stage& stage) const {
  const std::string key = Key(LockedStage(stage));
  const fs::path folder = dir_ / key.substr(0, 2) / key;
  if (!os::IsDir(folder)) return std::optional<Json>();
  TRY(const std::vector<std::string> names, os::ListDir(folder));
  std::string newest;
  std::int64_t newest_time = 0;
  for (const std::string& name : names) {
    const Result<os::FileStat> stat = os::Stat(folder / name);
    if (!stat || stat->kind != os::FileKind::kFile || !IsDigest(name)) continue;
    if (!newest.empty() && stat->mtime_ns <= newest_time) continue;
    newest = name;
    newest_time = stat->mtime_ns;
  }
  if (newest.empty()) return std::optional<Json>();
  return Load(key, newest);
}

Result<void> RunCache::Save(const Stage& stage) const {
  const Json entry = LockedStage(stage);
  const std::string key = Key(entry);
  const std::string value = Value(entry);
  TRY(const std::optional<Json> there, Load(key, value));
  if (there) return {};
  const fs::path folder = dir_ / key.substr(0, 2) / key;
  TRYV(os::MakeDirs(folder));
  return os::WriteFileAtomic(folder / value, codec::WriteYaml(entry), {.sync = false});
}

Result<std::vector<RunCache::File>> RunCache::List() const {
  std::vector<File> files;
  if (!os::IsDir(dir_)) return files;
  TRY(const std::vector<os::TreeEntry> entries, os::ListTree(dir_));
  for (const os::TreeEntry& entry : entries) {
    const std::vector<std::string> parts = Split(entry.path, '/');
    if (parts.size() != 3 || !IsDigest(parts[1]) || !IsDigest(parts[2]) || parts[1].substr(0, 2) != parts[0]) continue;
    files.push_back({parts[1], parts[2], "runs/" + entry.path});
  }
  return files;
}

}  // namespace mlean::pipeline
