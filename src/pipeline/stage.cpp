#include "pipeline/stage.hpp"

#include <algorithm>
#include <filesystem>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/place.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

Json Number(std::uint64_t value) { return Json(static_cast<std::int64_t>(value)); }

// What is known of a content apart from its hash; with `cloud`, checksums of a remote stand below its name.
void AddFacts(Json& entry, const Content& content) {
  if (content.size) entry.Set("size", Number(*content.size));
  if (content.nfiles) entry.Set("nfiles", Number(*content.nfiles));
  if (content.is_exec) entry.Set("isexec", true);
  if (content.cloud.empty()) {
    if (!content.version_id.empty()) entry.Set("version_id", content.version_id);
    if (!content.etag.empty()) entry.Set("etag", content.etag);
    if (!content.checksum.empty()) entry.Set("checksum", content.checksum);
    return;
  }
  Json there = Json::Object{};
  if (!content.etag.empty()) there.Set("etag", content.etag);
  if (!content.checksum.empty()) there.Set("checksum", content.checksum);
  if (!content.version_id.empty()) there.Set("version_id", content.version_id);
  if (!there.AsObject().empty()) entry.Set("cloud", Json::Object{{content.cloud, std::move(there)}});
}

Json FilesJson(const std::vector<FileRecord>& files) {
  std::vector<const FileRecord*> sorted;
  for (const FileRecord& file : files) sorted.push_back(&file);
  std::sort(sorted.begin(), sorted.end(),
            [](const FileRecord* a, const FileRecord* b) { return codec::PythonLess(a->relpath, b->relpath); });
  Json list = Json::Array{};
  for (const FileRecord* file : sorted) {
    Json entry = Json::Object{{"relpath", file->relpath}};
    if (file->content.Known()) {
      entry.Set(file->content.IsLegacy() ? std::string("md5") : file->content.hash_name, file->content.hash);
    }
    AddFacts(entry, file->content);
    list.Push(std::move(entry));
  }
  return list;
}

std::string CleanPath(std::string_view path) {
  if (IsUrl(path)) return std::string(path);
  std::string clean = std::filesystem::path(path).lexically_normal().generic_string();
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean;
}

void SetIf(Json& entry, std::string_view key, const Json& value) {
  if (Truthy(value)) entry.Set(key, value);
}

// The part that outputs and dependencies of a `.dvc` file have in common.
Json BaseEntry(const Content& content, bool listed, std::string_view path, const Json& fs_config) {
  Json entry = Json::Object{};
  if (!listed) {
    if (content.IsLegacy()) {
      entry.Set("md5", content.Known() ? Json(content.hash) : Json());
    } else if (content.Known()) {
      entry.Set(content.hash_name, content.hash);
    }
    AddFacts(entry, content);
  }
  if (!content.IsLegacy()) entry.Set("hash", "md5");
  entry.Set("path", CleanPath(path));
  SetIf(entry, "fs_config", fs_config);
  return entry;
}

Json LockedEntry(const Content& content, const std::optional<std::vector<FileRecord>>& files, const std::string& path) {
  Json entry = Json::Object{{"path", path}};
  if (!content.IsLegacy()) entry.Set("hash", "md5");
  if (files && content.IsDir()) {
    entry.Set("files", FilesJson(*files));
    return entry;
  }
  if (content.Known()) entry.Set(content.IsLegacy() ? std::string("md5") : content.hash_name, content.hash);
  AddFacts(entry, content);
  return entry;
}

}  // namespace

bool Truthy(const Json& value) {
  if (value.IsNull()) return false;
  if (value.IsBool()) return value.AsBool();
  if (value.IsNumber()) return value.AsDouble() != 0;
  if (value.IsString()) return !value.AsString().empty();
  return value.IsArray() ? !value.AsArray().empty() : !value.AsObject().empty();
}

std::string TextAt(const Json& object, std::string_view key) {
  const Json* const value = object.Find(key);
  if (value == nullptr || value->IsNull()) return {};
  return value->IsString() ? value->AsString() : value->Dump();
}

namespace {

std::optional<std::uint64_t> AmountAt(const Json& entry, std::string_view key) {
  const Json* const value = entry.Find(key);
  if (value == nullptr || !value->IsInt() || value->AsInt() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value->AsInt());
}

// How the file system at a location names its checksum; empty when the entry must tell.
std::string_view ChecksumName(std::string_view location) {
  if (!IsUrl(location)) return "md5";
  const std::string_view scheme = location.substr(0, location.find("://"));
  if (scheme == "ssh" || scheme == "sftp") return "md5";
  if (scheme == "http" || scheme == "https" || scheme == "hdfs" || scheme == "gdrive") return "checksum";
  return scheme == "remote" ? "" : "etag";
}

}  // namespace

Content ReadContent(const Json& entry, std::string_view location) {
  Content content;
  content.size = AmountAt(entry, "size");
  content.nfiles = AmountAt(entry, "nfiles");
  const Json* const exec = entry.Find("isexec");
  content.is_exec = exec != nullptr && exec->IsBool() && exec->AsBool();
  const Json* facts = &entry;
  if (const Json* const cloud = entry.Find("cloud"); cloud != nullptr && cloud->IsObject() && !cloud->AsObject().empty()) {
    content.cloud = cloud->AsObject().front().first;
    facts = &cloud->AsObject().front().second;
  }
  content.version_id = TextAt(*facts, "version_id");
  content.etag = TextAt(*facts, "etag");
  content.checksum = TextAt(*facts, "checksum");
  const std::string hash = TextAt(entry, "hash");
  if (IsInside(location)) {
    content.hash_name = hash.empty() ? "md5-dos2unix" : hash;
    content.hash = TextAt(entry, hash.empty() ? "md5" : hash);
    return content;
  }
  content.hash_name = ChecksumName(location);
  if (content.hash_name.empty()) {
    content.hash_name = !content.etag.empty() ? "etag" : !content.checksum.empty() ? "checksum" : "md5";
  }
  content.hash = content.hash_name == "etag"       ? content.etag
                 : content.hash_name == "checksum" ? content.checksum
                                                   : TextAt(entry, "md5");
  return content;
}

std::optional<std::vector<FileRecord>> ReadFiles(const Json& entry, std::string_view location) {
  const Json* const list = entry.Find("files");
  if (list == nullptr || !list->IsArray() || list->AsArray().empty()) return std::nullopt;
  std::vector<FileRecord> files;
  for (const Json& item : list->AsArray()) {
    FileRecord file{TextAt(item, "relpath"), ReadContent(item, location)};
    file.content.hash_name = TextAt(entry, "hash").empty() ? "md5-dos2unix" : "md5";
    file.content.hash = TextAt(item, "md5");
    files.push_back(std::move(file));
  }
  return files;
}

Content ContentOfFiles(const std::vector<FileRecord>& files, std::string hash_name) {
  Content content;
  content.hash_name = std::move(hash_name);
  std::vector<std::pair<std::string, std::string>> sorted;
  std::uint64_t size = 0;
  for (const FileRecord& file : files) {
    sorted.emplace_back(file.relpath, file.content.hash);
    size += file.content.size.value_or(0);
    if (content.cloud.empty()) content.cloud = file.content.cloud;
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return codec::PythonLess(a.first, b.first); });
  Json list = Json::Array{};
  for (auto& [relpath, hash] : sorted) {
    Json entry = Json::Object{};
    if (!hash.empty()) entry.Set("md5", hash);
    entry.Set("relpath", relpath);
    list.Push(std::move(entry));
  }
  content.hash = Md5Hex(list.DumpPython(true)) + ".dir";
  content.size = size;
  content.nfiles = files.size();
  return content;
}

bool Output::Inside() const { return IsInside(location); }

std::vector<std::string> Stage::Lines() const {
  std::vector<std::string> lines;
  if (cmd.IsArray()) {
    for (const Json& line : cmd.AsArray()) lines.push_back(codec::PythonStr(line));
    return lines;
  }
  if (cmd.IsNull()) return lines;
  // Python's splitlines, for the line ends that occur in commands.
  const std::string text = codec::PythonStr(cmd);
  std::string line;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '\n' && c != '\r' && c != '\v' && c != '\f') {
      line += c;
      continue;
    }
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    lines.push_back(std::move(line));
    line.clear();
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

const Output* Stage::FindOutput(std::string_view path) const {
  const auto found = std::find_if(outs.begin(), outs.end(), [&](const Output& out) { return out.path == path; });
  return found == outs.end() ? nullptr : &*found;
}

Json DvcFileEntry(const Output& output) {
  const bool listed = output.files && output.content.IsDir();
  Json entry = BaseEntry(output.content, listed, output.path, output.fs_config);
  SetIf(entry, "desc", output.desc);
  SetIf(entry, "type", output.type);
  if (!output.labels.empty()) {
    Json labels = Json::Array{};
    for (const std::string& label : output.labels) labels.Push(label);
    entry.Set("labels", std::move(labels));
  }
  SetIf(entry, "meta", output.meta);
  if (!output.cache) entry.Set("cache", false);
  if (output.metric) entry.Set("metric", true);
  if (output.plot) entry.Set("plot", true);
  if (output.persist) entry.Set("persist", true);
  SetIf(entry, "remote", output.remote);
  if (!output.push) entry.Set("push", false);
  if (listed) entry.Set("files", FilesJson(*output.files));
  return entry;
}

Json DvcFileEntry(const Dependency& dependency) {
  switch (dependency.kind) {
    case Dependency::Kind::kRepo: {
      Json repo = Json::Object{{"url", dependency.repo_url}};
      SetIf(repo, "rev", dependency.repo_rev);
      SetIf(repo, "rev_lock", dependency.repo_rev_lock);
      SetIf(repo, "config", dependency.repo_config);
      SetIf(repo, "remote", dependency.repo_remote);
      return Json::Object{{"path", dependency.path}, {"repo", std::move(repo)}};
    }
    case Dependency::Kind::kDb: {
      Json db = Json::Object{};
      if (dependency.db.IsObject()) {
        for (const Json::Member& member : dependency.db.AsObject()) SetIf(db, member.first, member.second);
      }
      return Truthy(db) ? Json(Json::Object{{"db", std::move(db)}}) : Json(Json::Object{});
    }
    case Dependency::Kind::kDataset: return LockEntry(dependency);
    case Dependency::Kind::kParams: {
      Json entry = Json::Object{{"path", CleanPath(dependency.path)}};
      entry.Set("params", dependency.values.IsNull() ? Json(Json::Object{}) : dependency.values);
      return entry;
    }
    case Dependency::Kind::kPath: break;
  }
  const bool listed = dependency.files && dependency.content.IsDir();
  Json entry = BaseEntry(dependency.content, listed, dependency.path, dependency.fs_config);
  if (listed) entry.Set("files", FilesJson(*dependency.files));
  return entry;
}

Json LockEntry(const Output& output) { return LockedEntry(output.content, output.files, output.path); }

Json LockEntry(const Dependency& dependency) {
  if (dependency.kind == Dependency::Kind::kDataset) {
    Json entry = Json::Object{{"path", dependency.path}};
    SetIf(entry, "dataset", dependency.dataset);
    return entry;
  }
  return LockedEntry(dependency.content, dependency.files, dependency.path);
}

}  // namespace mlean::pipeline
