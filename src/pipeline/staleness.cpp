#include "pipeline/staleness.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "os/files.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/param_file.hpp"
#include "pipeline/stage_graph.hpp"

namespace mlean::pipeline {
namespace {

namespace fs = std::filesystem;
using codec::Json;
using Kind = Dependency::Kind;

std::string ShownPath(const std::string& path, const std::string& location, const Place& place) {
  return IsUrl(path) || path.starts_with('/') ? path : place.Shown(location);
}

// ---- parameters

Error BadParams(Error error, const std::string& shown) {
  if (error.what.starts_with("unable to read:")) {
    return std::move(error).With(fmt::format("Unable to read parameters from '{}'", shown));
  }
  return error;
}

// The values that the dependency names, as they are now.
Result<Json> CurrentParams(const Dependency& dep, const Place& place, Source& source) {
  const std::string shown = ShownDependency(dep, place);
  if (source.Look(dep.location) == Source::Kind::kDir) {
    return Fail(Code::kInvalid, fmt::format("'{}' is a directory, expected a parameters file", shown));
  }
  Result<Json> values = ReadParamFile(source, dep.location, shown);
  if (!values) return BadParams(std::move(values).error(), shown);
  return SelectParams(*values, dep.keys);
}

// Keys of `a`, then those of `b` that it lacks.
std::vector<std::string> AllKeys(const Json& a, const Json& b) {
  std::vector<std::string> keys;
  if (a.IsObject()) {
    for (const Json::Member& member : a.AsObject()) keys.push_back(member.first);
  }
  for (const Json::Member& member : b.AsObject()) {
    if (a.Find(member.first) == nullptr) keys.push_back(member.first);
  }
  return keys;
}

Result<std::optional<PathChange>> ParamsChange(const Dependency& dep, const Place& place, Source& source) {
  PathChange change{ShownDependency(dep, place), "", {}, dep.location};
  if (source.Look(dep.location) == Source::Kind::kNone) {
    change.state = "deleted";
    return std::optional(std::move(change));
  }
  if (!dep.values.IsObject()) {
    change.state = "new";
    return std::optional(std::move(change));
  }
  TRY(const Json now, CurrentParams(dep, place, source));
  const Result<std::string> text = dep.location.ends_with(".py") ? source.Read(dep.location) : std::string();
  for (const std::string& key : dep.keys.empty() ? AllKeys(now, dep.values) : dep.keys) {
    const Json* const value = now.Find(key);
    const Json* const recorded = dep.values.Find(key);
    if (value == nullptr) {
      change.params.emplace_back(key, "deleted");
    } else if (recorded == nullptr) {
      change.params.emplace_back(key, "new");
    } else if (!PythonEqual(*value, *recorded) || HasTupleInside(text.ok() ? *text : "", dep.location, key)) {
      change.params.emplace_back(key, "modified");
    }
  }
  if (change.params.empty()) return std::optional<PathChange>();
  return std::optional(std::move(change));
}

// ---- contents

// "" when a path in reach is what was recorded.
Result<std::string> PathState(const fs::path& path, Objects::Kind kind, const Content& recorded, Objects& objects) {
  if (kind == Objects::Kind::kNone) return std::string("deleted");
  if (!recorded.Known()) return std::string("modified");
  Result<Content> now = objects.HashPath(path, recorded.hash_name);
  if (!now && now.error().code == Code::kNotFound) return std::string("deleted");
  if (!now) return std::move(now).error();
  return std::string(now->SameAs(recorded) ? "" : "modified");
}

Result<std::string> SourceState(const Dependency& dep, Objects& objects) {
  Result<Content> now = objects.HashSource(dep);
  if (!now && now.error().code == Code::kNotFound) return std::string("deleted");
  if (!now) return std::move(now).error();
  return std::string(now->SameAs(dep.content) ? "" : "modified");
}

Result<std::string> DatasetState(const Dependency& dep, Objects& objects) {
  TRY(const Json locked, objects.Dataset(dep.path.substr(std::string_view("ds://").size())));
  if (locked.IsNull()) return std::string("not in sync");
  if (!Truthy(dep.dataset)) return std::string("new");
  return std::string(PythonEqual(locked, dep.dataset) ? "" : "modified");
}

Result<std::optional<PathChange>> DependencyChange(const Stage& stage, const Dependency& dep, const Place& place, Source& source,
                                                   Objects& objects) {
  std::string state;
  switch (dep.kind) {
    case Kind::kParams: return ParamsChange(dep, place, source);
    case Kind::kDb: return std::optional<PathChange>();
    case Kind::kRepo: {
      TRY(state, objects.ImportState(stage));
      break;
    }
    case Kind::kDataset: {
      TRY(state, DatasetState(dep, objects));
      break;
    }
    case Kind::kPath: {
      if (IsUrl(dep.location)) {
        TRY(state, SourceState(dep, objects));
      } else {
        const fs::path path = place.Disk(dep.location);
        TRY(state, PathState(path, objects.Objects::Look(path), dep.content, objects));
      }
      break;
    }
  }
  if (state.empty()) return std::optional<PathChange>();
  return std::optional(PathChange{ShownDependency(dep, place), std::move(state), {}, dep.location});
}

// The end of all texts about an output that DVC 2 kept and DVC 3 does not.
std::string ExternalText(const Output& out, const Place& place) {
  return fmt::format(
      "cached external output {} is not supported since DVC 3.0. See <https://dvc.org/doc/user-guide/upgrade> for "
      "more info.",
      ShownOutput(out, place));
}

Result<std::optional<PathChange>> OutputChange(const Output& out, const Place& place, Objects& objects, bool ask_cache) {
  std::string state;
  if (ask_cache) TRYV(RefuseExternal(out, place));
  if (ask_cache && out.cache && out.content.Known()) {
    TRY(const bool kept, objects.Has(out.content));
    if (!kept) state = "not in cache";
  }
  if (state.empty() && IsUrl(out.location)) return std::optional<PathChange>();
  if (state.empty()) {
    const fs::path path = place.Disk(out.location);
    TRY(state, PathState(path, objects.Look(path), out.content, objects));
  }
  if (state.empty()) return std::optional<PathChange>();
  return std::optional(PathChange{ShownOutput(out, place), std::move(state), {}, out.location});
}

Json ChangesJson(const std::vector<PathChange>& changes) {
  Json map = Json::Object{};
  for (const PathChange& change : changes) {
    if (change.params.empty()) {
      map.Set(change.path, change.state);
      continue;
    }
    Json keys = Json::Object{};
    for (const auto& [key, state] : change.params) keys.Set(key, state);
    map.Set(change.path, std::move(keys));
  }
  return map;
}

// ---- saving

Result<void> CheckThere(Objects::Kind kind, std::string_view what, const std::string& shown) {
  if (kind == Objects::Kind::kNone) return Fail(Code::kNotFound, fmt::format("{} '{}' does not exist", what, shown));
  if (kind == Objects::Kind::kOther) {
    return Fail(Code::kInvalid, fmt::format("{} '{}' is not a file or directory", what, shown));
  }
  return {};
}

void WarnOfEmpty(const fs::path& path, const std::string& shown, const Say& say) {
  std::error_code error;
  if (say && fs::is_empty(path, error) && !error) say(Level::kWarning, fmt::format("'{}' is empty.", shown));
}

// The name to hash by: what DVC 2 recorded stays so while it is unchanged.
Result<Content> HashAnew(const fs::path& path, const Content& recorded, Objects& objects) {
  if (recorded.IsLegacy()) {
    TRY(Content legacy, objects.HashPath(path, recorded.hash_name));
    if (legacy.SameAs(recorded)) return legacy;
  }
  return objects.HashPath(path, "md5");
}

// What a remote knows of an unchanged content stays.
void KeepVersion(const Content& before, Content& now) {
  if (before.version_id.empty() || !before.SameAs(now)) return;
  now.version_id = before.version_id;
  now.etag = before.etag;
  now.checksum = before.checksum;
  now.cloud = before.cloud;
}

Result<void> CheckMetric(const Output& out, const fs::path& path, Objects::Kind kind) {
  if (!out.metric || kind != Objects::Kind::kFile) return {};
  std::array<char, 512> block{};
  std::ifstream file(path, std::ios::binary);
  file.read(block.data(), block.size());
  const std::string_view text(block.data(), static_cast<std::size_t>(file.gcount()));
  constexpr std::string_view kControls = "\n\r\t\f\b";
  std::size_t odd = 0;
  bool zero = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    zero = zero || byte == 0;
    if ((byte < 32 || byte > 126) && kControls.find(c) == kControls.npos) ++odd;
  }
  if (!zero && (odd * 10 <= text.size() * 3 || IsValidUtf8(text))) return {};
  return Fail(Code::kInvalid, fmt::format("binary file '{}' cannot be used as metrics.", path.string()));
}

// All that is looked at before an output is hashed.
Result<Objects::Kind> PrepareOutput(const Stage& stage, const Output& out, const Place& place, Objects& objects, const Say& say) {
  const std::string shown = ShownOutput(out, place);
  if (out.cache && !out.Inside()) return Fail(Code::kInvalid, "Saving " + ExternalText(out, place));
  const fs::path path = place.Disk(out.location);
  const Objects::Kind kind = objects.Look(path);
  TRYV(CheckThere(kind, "output", shown));
  WarnOfEmpty(path, shown, say);
  // Ignored before it is stored: a kill in between must not leave a big file that `git add` would take.
  if (out.Inside() && (out.cache || stage.IsRepoImport())) TRYV(objects.Ignore(path));
  TRYV(CheckMetric(out, path, kind));
  return kind;
}

Result<void> TakeOutputs(Stage& stage, const Place& place, Objects& objects, const TakeOptions& options, bool store,
                         const Say& say) {
  for (Output& out : stage.outs) {
    if (IsUrl(out.location) || !(options.filter.empty() || IsAtOrBelow(options.filter, out.location))) continue;
    const Result<Objects::Kind> kind = PrepareOutput(stage, out, place, objects, say);
    if (!kind) {
      if (options.allow_missing && kind.error().code == Code::kNotFound) continue;
      return kind.error();
    }
    const fs::path path = place.Disk(out.location);
    const Content before = out.content;
    if (store && out.cache) {
      // A legacy content that did not change stays one.
      bool same = false, kept = false;
      if (before.IsLegacy()) {
        TRY(const Content now, objects.HashPath(path, before.hash_name));
        same = now.SameAs(before);
        if (same) {
          TRY(kept, objects.Has(before));
        }
      }
      if (!kept) {
        TRY(out.content, objects.Store(path, same ? before.hash_name : "md5"));
      }
    } else {
      TRY(out.content, HashAnew(path, before, objects));
    }
    TRYV(KeepVersions(before, out, path, objects));
  }
  return {};
}

Result<void> SaveDep(Dependency& dep, const Place& place, Source& source, Objects& objects, const Say& say) {
  switch (dep.kind) {
    case Kind::kRepo:
    case Kind::kDb: return {};
    case Kind::kDataset: {
      TRY(const Json locked, objects.Dataset(dep.path.substr(std::string_view("ds://").size())));
      if (locked.IsNull()) return Fail(Code::kInvalid, "Dataset information missing from dvc.lock file");
      dep.dataset = locked;
      return {};
    }
    case Kind::kPath:
    case Kind::kParams: break;
  }
  const std::string shown = ShownDependency(dep, place);
  if (IsUrl(dep.location)) {
    Result<Content> now = objects.HashSource(dep);
    if (!now && now.error().code == Code::kNotFound)
      return Fail(Code::kNotFound, fmt::format("dependency '{}' does not exist", shown));
    if (!now) return std::move(now).error();
    dep.content = *std::move(now);
    return {};
  }
  const fs::path path = place.Disk(dep.location);
  TRYV(CheckThere(objects.Objects::Look(path), "dependency", shown));
  if (dep.kind == Kind::kPath) {
    WarnOfEmpty(path, shown, say);
    TRY(Content now, HashAnew(path, dep.content, objects));
    KeepVersion(dep.content, now);
    if (!now.SameAs(dep.content)) dep.files.reset();
    dep.content = std::move(now);
    return {};
  }
  TRY(Json values, CurrentParams(dep, place, source));
  std::vector<std::string> missing;
  for (const std::string& key : dep.keys) {
    if (values.Find(key) == nullptr) missing.push_back(key);
  }
  if (!missing.empty()) {
    return Fail(Code::kInvalid, fmt::format("Parameters '{}' are missing from '{}'.", Join(missing, ", "), shown));
  }
  dep.values = std::move(values);
  return {};
}

}  // namespace

Result<void> RefuseExternal(const Output& output, const Place& place) {
  if (!output.cache || output.Inside() || !output.content.Known()) return {};
  return Fail(Code::kUnsupported, "Using " + ExternalText(output, place));
}

std::string ShownOutput(const Output& output, const Place& place) { return ShownPath(output.path, output.location, place); }

std::string ShownDependency(const Dependency& dependency, const Place& place) {
  switch (dependency.kind) {
    case Kind::kRepo: return fmt::format("{} ({})", dependency.path, dependency.repo_url);
    case Kind::kDb: {
      std::string sql = TextAt(dependency.db, "query");
      if (sql.empty()) sql = TextAt(dependency.db, "table");
      constexpr std::size_t kMaxShown = 50;
      return sql.size() > kMaxShown ? sql.substr(0, kMaxShown - 1) + "…" : sql;
    }
    case Kind::kDataset: return dependency.path;
    case Kind::kPath:
    case Kind::kParams: break;
  }
  return ShownPath(dependency.path, dependency.location, place);
}

Json StageStatus::ToJson() const {
  Json list = Json::Array{};
  if (!deps.empty()) list.Push(Json::Object{{"changed deps", ChangesJson(deps)}});
  if (!outs.empty()) list.Push(Json::Object{{"changed outs", ChangesJson(outs)}});
  if (always_changed) list.Push("always changed");
  if (changed_command) list.Push("changed command");
  if (changed_checksum) list.Push("changed checksum");
  return list;
}

Result<std::vector<PathChange>> ChangedDeps(const Stage& stage, const Place& place, Source& source, Objects& objects) {
  std::vector<PathChange> changes;
  for (const Dependency& dep : stage.deps) {
    TRY(std::optional<PathChange> change, DependencyChange(stage, dep, place, source, objects));
    if (change) changes.push_back(*std::move(change));
  }
  return changes;
}

Result<std::vector<PathChange>> ChangedOuts(const Stage& stage, const Place& place, Objects& objects, std::string_view filter) {
  std::vector<PathChange> changes;
  for (const Output& out : stage.outs) {
    // A filter names an output, or something in it.
    if (!filter.empty() && !IsAtOrBelow(filter, out.location)) continue;
    TRY(std::optional<PathChange> change, OutputChange(out, place, objects, true));
    if (change) changes.push_back(*std::move(change));
  }
  return changes;
}

Result<std::vector<PathChange>> ChangedEntries(const Stage& stage, const Place& place, Source& source, Objects& objects,
                                               bool outs) {
  if (!outs) return ChangedDeps(stage, place, source, objects);
  std::vector<PathChange> changes;
  for (const Output& out : stage.outs) {
    TRY(std::optional<PathChange> change, OutputChange(out, place, objects, false));
    if (change) changes.push_back(*std::move(change));
  }
  return changes;
}

bool ChangedStage(const Stage& stage, const Place& place) {
  if (stage.InYaml()) return stage.command_changed;
  return stage.md5 != StageMd5(stage, place);
}

Result<StageStatus> Status(const Stage& stage, const Place& place, Source& source, Objects& objects,
                           const StatusOptions& options) {
  StageStatus status;
  status.stage = Addressing(stage, place);
  if (!stage.frozen || (stage.IsRepoImport() && options.check_updates)) {
    TRY(status.deps, ChangedDeps(stage, place, source, objects));
  }
  TRY(status.outs, ChangedOuts(stage, place, objects, options.filter));
  status.always_changed = stage.IsCallback() || stage.always_changed;
  (stage.InYaml() ? status.changed_command : status.changed_checksum) = ChangedStage(stage, place);
  return status;
}

Result<void> SaveDeps(Stage& stage, const Place& place, Source& source, Objects& objects, bool allow_missing, const Say& say) {
  for (Dependency& dep : stage.deps) {
    const Result<void> saved = SaveDep(dep, place, source, objects, say);
    if (!saved && !(allow_missing && saved.error().code == Code::kNotFound)) return saved;
  }
  return {};
}

Result<void> SaveOuts(Stage& stage, const Place& place, Objects& objects, const TakeOptions& options, const Say& say) {
  return TakeOutputs(stage, place, objects, options, false, say);
}

Result<void> CommitOuts(Stage& stage, const Place& place, Objects& objects, const TakeOptions& options, const Say& say) {
  return TakeOutputs(stage, place, objects, options, true, say);
}

Result<void> KeepVersions(const Content& before, Output& output, const fs::path& path, Objects& objects) {
  Content& now = output.content;
  KeepVersion(before, now);
  if (before.SameAs(now) || !output.files) return {};
  const std::vector<FileRecord> old = *std::exchange(output.files, std::nullopt);
  if (!now.IsDir()) return {};
  std::unordered_map<std::string_view, const FileRecord*> by_path;
  for (const FileRecord& file : old) by_path.emplace(file.relpath, &file);
  TRY(std::vector<FileRecord> files, objects.FilesOf(now, path));
  for (FileRecord& file : files) {
    const auto known = by_path.find(file.relpath);
    if (known != by_path.end() && known->second->content.SameAs(file.content)) file.content = known->second->content;
  }
  // A part was added to a folder that is not whole on disk, without storing it: then nobody knows the list.
  if (ContentOfFiles(files, now.hash_name).hash == now.hash) output.files = std::move(files);
  return {};
}

}  // namespace mlean::pipeline
