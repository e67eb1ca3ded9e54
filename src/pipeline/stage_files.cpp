#include "pipeline/stage_files.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml_tree.hpp"
#include "os/files.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/file_error.hpp"
#include "pipeline/stage_graph.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;
namespace fs = std::filesystem;

constexpr std::string_view kDefaultParams = "params.yaml";

void Tell(const Say& say, std::string_view text) {
  if (say) say(Level::kInfo, text);
}

void Note(std::vector<std::string>& locations, const std::string& location) {
  if (std::find(locations.begin(), locations.end(), location) == locations.end()) locations.push_back(location);
}

// Every `item` sorted by its path.
template <class Item>
std::vector<const Item*> Sorted(std::vector<const Item*> items) {
  std::stable_sort(items.begin(), items.end(), [](const Item* a, const Item* b) { return codec::PythonLess(a->path, b->path); });
  return items;
}

Json OutputJson(const Output& out) {
  Json flags = Json::Object{};
  const auto set = [&](std::string_view key, const Json& value) {
    if (Truthy(value)) flags.Set(key, value);
  };
  set("desc", out.desc);
  set("type", out.type);
  Json labels = Json::Array{};
  for (const std::string& label : out.labels) labels.Push(label);
  set("labels", labels);
  set("meta", out.meta);
  if (!out.cache) flags.Set("cache", false);
  if (out.persist) flags.Set("persist", true);
  if (out.plot && out.plot_props.IsObject()) {
    for (const Json::Member& prop : out.plot_props.AsObject()) flags.Set(prop.first, prop.second);
  }
  set("remote", out.remote);
  if (!out.push) flags.Set("push", false);
  return flags.AsObject().empty() ? Json(out.path) : Json(Json::Object{{out.path, std::move(flags)}});
}

Json ParamsJson(const std::vector<const Dependency*>& params) {
  Json::Array first;
  Json::Array others;
  for (const Dependency* dep : params) {
    std::vector<std::string> keys = dep->keys;
    std::sort(keys.begin(), keys.end(), [](const std::string& a, const std::string& b) { return codec::PythonLess(a, b); });
    Json list = Json::Array{};
    for (const std::string& key : keys) list.Push(key);
    if (!keys.empty() && dep->path == kDefaultParams) {
      first = list.AsArray();
    } else {
      others.emplace_back(Json::Object{{dep->path, keys.empty() ? Json() : std::move(list)}});
    }
  }
  first.insert(first.end(), others.begin(), others.end());
  return first;
}

// A stage as its entry in dvc.yaml.
Json StageJson(const Stage& stage) {
  Json entry = Json::Object{};
  const auto set = [&](std::string_view key, const Json& value) {
    if (Truthy(value)) entry.Set(key, value);
  };
  std::vector<const Dependency*> deps;
  std::vector<const Dependency*> params;
  for (const Dependency& dep : stage.deps) (dep.kind == Dependency::Kind::kParams ? params : deps).push_back(&dep);
  std::vector<const Output*> all;
  for (const Output& out : stage.outs) all.push_back(&out);
  Json paths = Json::Array{};
  for (const Dependency* dep : Sorted(deps)) paths.Push(dep->path);
  Json outs = Json::Array{};
  Json metrics = Json::Array{};
  Json plots = Json::Array{};
  for (const Output* out : Sorted(all)) (out->plot ? plots : out->metric ? metrics : outs).Push(OutputJson(*out));
  const std::string wdir = Relative(stage.wdir, FolderOf(stage.file));
  set("desc", stage.desc);
  set("cmd", stage.cmd);
  if (wdir != ".") set("wdir", wdir);
  set("deps", paths);
  set("params", ParamsJson(Sorted(params)));
  set("outs", outs);
  set("metrics", metrics);
  set("plots", plots);
  set("frozen", stage.frozen);
  set("always_changed", stage.always_changed);
  set("meta", stage.meta);
  return entry;
}

Result<codec::YamlTree> ParseFile(std::string_view text, std::string_view shown) {
  codec::YamlProblem problem;
  Result<codec::YamlTree> tree = codec::YamlTree::Parse(text, &problem);
  if (!tree) return SyntaxError(ShownFile(shown), text, problem);
  if (tree->Empty()) return codec::YamlTree();
  if (!tree->root().IsMap())
    return Fail(Code::kInvalid, fmt::format("'{}' validation failed: expected a dictionary.", ShownFile(shown)));
  return tree;
}

// The whole text; empty when the file is not there.
Result<std::string> ReadOrEmpty(const fs::path& path) {
  if (!os::Exists(path)) return std::string();
  return os::ReadFile(path);
}

Error CannotDump(const Stage& stage, std::string_view action, const Place& place) {
  return Fail(Code::kInvalid, fmt::format("cannot {} a parametrized {}", action, Described(stage, place)));
}

Result<void> SavePipeline(const std::vector<const Stage*>& stages, const std::string& file, const Place& place, const Say& say) {
  for (const Stage* stage : stages) {
    if (stage->parametrized) return CannotDump(*stage, "dump", place);
  }
  TRY(std::string text, ReadOrEmpty(place.Disk(file)));
  const std::string shown = place.Shown(file);
  TRY(const codec::YamlTree before, ParseFile(text, shown));
  if (before.Empty()) Tell(say, fmt::format("Creating '{}'", shown));
  for (const Stage* stage : stages) {
    const bool there = before.Has({"stages", stage->name});
    Tell(say, fmt::format("{} stage '{}' in '{}'", there ? "Modifying" : "Adding", stage->name, shown));
    TRY(text, PutStageText(text, shown, *stage, place));
  }
  return place.Write(file, text);
}

}  // namespace

std::string LockOf(const std::string& yaml) { return yaml.substr(0, yaml.rfind('.')) + ".lock"; }

Result<std::string> PutStageText(std::string_view text, std::string_view file, const Stage& stage, const Place&) {
  TRY(codec::YamlTree tree, ParseFile(text, file));
  const Json entry = StageJson(stage);
  const std::optional<codec::YamlValue> stages = tree.root().IsMap() ? tree.root().Find("stages") : std::nullopt;
  if (!stages || !stages->IsMap()) TRYV(tree.Set({}, "stages", Json::Object{}));
  const std::optional<codec::YamlValue> old = tree.root().Find("stages")->Find(stage.name);
  if (old && old->IsMap()) {
    TRYV(tree.Apply({"stages", stage.name}, entry));
  } else {
    TRYV(tree.Set({"stages"}, stage.name, entry));
  }
  return tree.Write();
}

Result<std::string> RemoveStageText(std::string_view text, std::string_view file, std::string_view name) {
  TRY(codec::YamlTree tree, ParseFile(text, file));
  if (!tree.Has({"stages", std::string(name)})) return std::string(text);
  TRYV(tree.Remove({"stages"}, name));
  return tree.root().Find("stages")->size() == 0 ? std::string() : tree.Write();
}

Result<std::vector<std::string>> SaveStages(const std::vector<const Stage*>& stages, const Place& place,
                                            const SaveOptions& options, const Say& say) {
  std::vector<std::string> changed;
  std::vector<std::pair<std::string, std::vector<const Stage*>>> by_file;
  for (const Stage* stage : stages) {
    auto file = std::find_if(by_file.begin(), by_file.end(), [&](const auto& one) { return one.first == stage->file; });
    if (file == by_file.end()) file = by_file.insert(by_file.end(), {stage->file, {}});
    file->second.push_back(stage);
  }
  LockFiles locks(place, say);
  for (const auto& [file, own] : by_file) {
    if (!own.front()->InYaml()) {
      for (const Stage* stage : own) {
        TRY(const std::string text, WriteDvcFile(*stage, place));
        TRYV(place.Write(file, text));
      }
      Note(changed, file);
      continue;
    }
    if (options.pipeline) {
      TRYV(SavePipeline(own, file, place, say));
      Note(changed, file);
    }
    if (!options.lock) continue;
    TRYV(locks.PutAll(own));
  }
  TRYV(locks.Finish());
  for (const std::string& file : locks.changed()) Note(changed, file);
  return changed;
}

Result<std::vector<std::string>> RemoveStage(const Stage& stage, const Place& place) {
  std::vector<std::string> changed;
  const fs::path file = place.Disk(stage.file);
  if (!stage.InYaml()) {
    TRYV(os::Remove(file));
    return std::vector<std::string>{stage.file};
  }
  if (stage.parametrized) return CannotDump(stage, "remove", place);
  const std::string lock_file = LockOf(stage.file);
  if (os::Exists(place.Disk(lock_file))) {
    TRY(const std::string text, os::ReadFile(place.Disk(lock_file)));
    TRY(DvcLock lock, DvcLock::Parse(text, lock_file, place));
    if (lock.Remove(stage.name)) {
      TRYV(lock.Empty() ? os::Remove(place.Disk(lock_file)) : place.Write(lock_file, lock.Text()));
      changed.push_back(lock_file);
    }
  }
  if (!os::Exists(file)) return changed;
  TRY(const std::string before, os::ReadFile(file));
  TRY(const std::string after, RemoveStageText(before, place.Shown(stage.file), stage.name));
  if (after == before) return changed;
  TRYV(after.empty() ? os::Remove(file) : place.Write(stage.file, after));
  changed.push_back(stage.file);
  return changed;
}

// ---- LockFiles

struct LockFiles::Impl {
  struct File {
    std::string location;
    fs::path disk;
    DvcLock lock;
    bool there = false;
    bool unsynced = false;  // we have written it whole, and not yet to the disk
    os::FileStat seen;      // as we left it
  };
  Place place;
  Say say;
  std::map<std::string, File> files;
  std::vector<std::string> changed;

  Result<File*> Open(const std::string& yaml) {
    const std::string location = LockOf(yaml);
    const auto found = files.find(location);
    if (found != files.end()) {
      // Somebody else may have written it while a command of ours ran.
      const Result<os::FileStat> now = os::Stat(found->second.disk);
      const os::FileStat& seen = found->second.seen;
      const bool same = now.ok() == found->second.there &&
                        (!now || (now->inode == seen.inode && now->mtime_ns == seen.mtime_ns && now->size == seen.size));
      if (same) return &found->second;
    }
    File file;
    file.location = location;
    file.disk = place.Disk(location);
    file.there = os::Exists(file.disk);
    if (file.there) {
      TRY(const std::string text, os::ReadFile(file.disk));
      TRY(file.seen, os::Stat(file.disk));
      if (!Trim(text).empty()) {
        TRY(file.lock, DvcLock::ParseCut(text, location, place));
      } else {
        file.there = false;
      }
    }
    return &files.insert_or_assign(location, std::move(file)).first->second;
  }

  Result<void> PutAll(const std::vector<const Stage*>& stages) {
    TRY(File* const file, Open(stages.front()->file));
    const std::string shown = place.Shown(file->location);
    if (!file->there) Tell(say, fmt::format("Generating lock file '{}'", shown));
    bool modified = false;
    bool grows = file->unsynced && file->lock.GrowsAtEnd();
    std::string added;
    for (const Stage* stage : stages) {
      grows = grows && file->lock.Find(stage->name) == nullptr;
      modified = file->lock.Put(*stage) || modified;
      if (grows) added += file->lock.TextOf(stage->name);
    }
    if (modified) {
      Tell(say, fmt::format("Updating lock file '{}'", shown));
      Note(changed, file->location);
    }
    bool grown = false;
    if (grows) {
      TRY(grown, os::GrowFile(file->disk, file->seen.size, added));
    }
    if (!grown) TRYV(place.Write(file->location, file->lock.Text(), false));
    file->there = true;
    file->unsynced = true;
    TRY(file->seen, os::Stat(file->disk));
    return {};
  }
};

LockFiles::LockFiles(Place place, Say say) : impl_(std::make_unique<Impl>()) {
  impl_->place = std::move(place);
  impl_->say = std::move(say);
}
LockFiles::LockFiles(LockFiles&&) noexcept = default;
LockFiles::~LockFiles() = default;

Result<DvcLock*> LockFiles::Open(const Stage& stage) {
  TRY(Impl::File* const file, impl_->Open(stage.file));
  return &file->lock;
}

Result<void> LockFiles::Put(const Stage& stage) { return impl_->PutAll({&stage}); }
Result<void> LockFiles::PutAll(const std::vector<const Stage*>& stages) { return impl_->PutAll(stages); }

Result<void> LockFiles::Finish() {
  for (auto& [location, file] : impl_->files) {
    if (!file.unsynced) continue;
    file.unsynced = false;
    const Result<void> synced = os::SyncFile(file.disk);
    if (!synced && synced.error().code != Code::kNotFound) return synced;  // somebody may have removed it meanwhile
  }
  return {};
}

const std::vector<std::string>& LockFiles::changed() const { return impl_->changed; }

}  // namespace mlean::pipeline
