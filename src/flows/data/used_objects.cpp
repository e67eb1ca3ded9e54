#include "flows/data/used_objects.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include "flows/data/open_remote.hpp"
#include "flows/data/revision_index.hpp"
#include "pipeline/stage_graph.hpp"
#include "pipeline/staleness.hpp"
#include "remotes/transfer.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

using pipeline::Output;
using pipeline::Stage;

// Adds each object once for each remote.
class Objects {
 public:
  void Add(UsedObject object) {
    const auto [at, is_new] = index_.emplace(std::pair(object.id, object.remote), objects_.size());
    if (is_new) {
      objects_.push_back(std::move(object));
      return;
    }
    UsedObject& known = objects_[at->second];
    if (known.parts.empty() || object.parts.empty()) {
      known.parts.clear();
    } else {
      known.parts.insert(known.parts.end(), object.parts.begin(), object.parts.end());
    }
  }
  // `part`: a path in the output's folder; empty: all.
  void Add(const Output& output, std::string name, const std::string& part) {
    const pipeline::Content& content = output.content;
    if (output.files) {
      for (const pipeline::FileRecord& file : *output.files) AddFile(output, file, name, part);
    }
    const std::optional<cas::ObjectId> id = IdOf(content);
    if (!id) return;
    UsedObject object{.id = *id, .size = content.size.value_or(0), .name = std::move(name), .remote = output.remote, .parts = {}};
    if (!part.empty()) object.parts.push_back(part);
    Add(std::move(object));
  }
  std::vector<UsedObject> Take() { return std::move(objects_); }

 private:
  static std::optional<cas::ObjectId> IdOf(const pipeline::Content& content) {
    if (content.hash_name != "md5" && !content.IsLegacy()) return std::nullopt;
    return cas::ObjectId::Parse(content.hash, content.IsLegacy());
  }

  // Of a folder whose files are listed one by one.
  void AddFile(const Output& output, const pipeline::FileRecord& file, const std::string& name, const std::string& part) {
    if (!part.empty() && !pipeline::IsAtOrBelow(file.relpath, part)) return;
    if (const std::optional<cas::ObjectId> id = IdOf(file.content)) {
      Add({.id = *id,
           .size = file.content.size.value_or(0),
           .name = name + "/" + file.relpath,
           .remote = output.remote,
           .parts = {}});
    }
  }

  std::vector<UsedObject> objects_;
  std::map<std::pair<cas::ObjectId, std::string>, std::size_t> index_;
};

// DVC tells a .dvc file that is not there by its whole path.
Error WithWholePath(Error error, const Repository& repository, const std::string& target) {
  if (target.ends_with(".dvc") && error.what == fmt::format("'{}' does not exist", target)) {
    const pipeline::Place& place = repository.place();
    error.what = fmt::format("'{}' does not exist", place.Disk(place.Typed(target)).string());
  }
  return error;
}

Result<std::vector<pipeline::Target>> CollectTargets(const Repository& repository, pipeline::Index& index,
                                                     const ObjectQuery& query) {
  std::vector<pipeline::Target> targets;
  if (query.targets.empty()) {
    TRY(const std::vector<Stage*>* const all, index.All());
    for (Stage* stage : *all) targets.push_back({stage, ""});
    return targets;
  }
  for (const std::string& typed : query.targets) {
    Result<std::vector<pipeline::Target>> found =
        index.CollectGranular(typed, {.with_deps = query.with_deps, .recursive = query.recursive});
    if (!found) return WithWholePath(std::move(found).error(), repository, typed);
    targets.insert(targets.end(), found->begin(), found->end());
  }
  return targets;
}

// Calls `use` with each output of the targets, and with the part of it that is meant.
void ForEachOutput(const std::vector<pipeline::Target>& targets,
                   const std::function<void(const Stage& stage, const Output& output, const std::string& part)>& use) {
  for (const pipeline::Target& target : targets) {
    for (const Output& output : target.stage->outs) {
      if (!output.cache) continue;
      if (!target.filter.empty() && !pipeline::IsAtOrBelow(target.filter, output.location)) continue;
      const bool whole = target.filter.empty() || target.filter == output.location;
      use(*target.stage, output, whole ? std::string() : pipeline::Relative(target.filter, output.location));
    }
  }
}

// ---- --type
// The data files of one entry of a top-level `plots`: {id: {x, y, …}} or an id alone.
void AddPlotSources(const codec::Json& entry, std::vector<std::string>& paths) {
  if (entry.IsString()) paths.push_back(entry.AsString());
  if (!entry.IsObject()) return;
  for (const auto& [id, props] : entry.AsObject()) {
    const codec::Json* y = props.IsObject() ? props.Find("y") : nullptr;
    if (y == nullptr || !y->IsObject()) {
      paths.push_back(id);
      continue;
    }
    for (const codec::Json* side : {y, props.Find("x")}) {
      if (side == nullptr || !side->IsObject()) continue;
      for (const auto& [path, field] : side->AsObject()) paths.push_back(path);
    }
  }
}

// Locations of what the top-level sections of all dvc.yaml call metrics or plots.
Result<std::vector<std::string>> TypedLocations(pipeline::Index& index, bool metrics) {
  std::vector<std::string> locations;
  TRY(const auto* const sections, index.TopLevels());
  for (const auto& [file, section] : *sections) {
    std::vector<std::string> paths;
    const codec::Json& list = metrics ? section.metrics : section.plots;
    if (list.IsArray()) {
      for (const codec::Json& entry : list.AsArray()) AddPlotSources(entry, paths);
    } else if (!metrics) {
      AddPlotSources(list, paths);
    }
    for (const std::string& path : paths) locations.push_back(index.place().Locate(pipeline::FolderOf(file), path));
  }
  return locations;
}

using OutputFilter = std::function<bool(const Output& output)>;

Result<OutputFilter> TypeFilter(pipeline::Index& index, const std::vector<std::string>& types) {
  if (types.empty()) return OutputFilter([](const Output&) { return true; });
  const bool metrics = std::find(types.begin(), types.end(), "metrics") != types.end();
  const bool plots = std::find(types.begin(), types.end(), "plots") != types.end();
  std::vector<std::string> named;
  for (const bool is_metrics : {true, false}) {
    if (is_metrics ? !metrics : !plots) continue;
    TRY(const std::vector<std::string> more, TypedLocations(index, is_metrics));
    named.insert(named.end(), more.begin(), more.end());
  }
  return OutputFilter([metrics, plots, named = std::move(named)](const Output& output) {
    if ((metrics && output.metric) || (plots && output.plot)) return true;
    return std::any_of(named.begin(), named.end(), [&](const std::string& location) {
      return pipeline::IsAtOrBelow(location, output.location) || pipeline::IsAtOrBelow(output.location, location);
    });
  });
}

// ---- one revision
Result<void> Select(const Repository& repository, pipeline::Index& index, const ObjectQuery& query, Objects& objects) {
  TRY(const std::vector<pipeline::Target> targets, CollectTargets(repository, index, query));
  TRY(const OutputFilter has_type, TypeFilter(index, query.types));
  ForEachOutput(targets, [&](const Stage& stage, const Output& output, const std::string& part) {
    if (!output.Inside() || stage.IsRepoImport()) return;
    if (query.push && !output.push) return;
    if (!query.remote.empty() && !output.remote.empty() && output.remote != query.remote) return;
    const std::uint64_t size = output.content.size.value_or(0);
    if (query.max_size.value_or(0) > 0 && size >= *query.max_size && size > 0) return;
    if (has_type(output)) objects.Add(output, repository.place().Shown(output.location), part);
  });
  return {};
}

void WarnUnknown(const Repository& repository, const Stage& stage, const Output& output, bool workspace) {
  if (!repository.say()) return;
  const pipeline::Place& place = repository.place();
  const std::string shown = place.Shown(output.location);
  const std::string described = pipeline::Described(stage, place);
  std::string text = fmt::format(
      "Output '{}'({}) is missing version info. Cache for it will not be collected. Use `dvc repro` to get your pipeline up to "
      "date.",
      shown, described);
  std::error_code ignored;
  if (workspace && output.Inside() && fs::exists(place.Disk(output.location), ignored)) {
    text += fmt::format("\nYou can also use `dvc commit {}` to associate existing '{}' with {}.",
                        pipeline::Addressing(stage, place), shown, described);
  }
  repository.say()(pipeline::Level::kWarning, text);
}

Result<void> FindUsed(const Repository& repository, pipeline::Index& index, const ObjectQuery& query, bool workspace,
                      Objects& objects) {
  TRY(const std::vector<pipeline::Target> targets, CollectTargets(repository, index, query));
  for (const pipeline::Target& target : targets) {
    for (const Output& output : target.stage->outs) {
      if (workspace) TRYV(pipeline::RefuseExternal(output, repository.place()));
    }
  }
  ForEachOutput(targets, [&](const Stage& stage, const Output& output, const std::string& part) {
    if (stage.IsRepoImport() || stage.IsPartialImport()) return;
    if (query.push && !output.push) return;
    if (output.content.Known() || output.files) {
      objects.Add(output, repository.place().Shown(output.location), part);
    } else {
      WarnUnknown(repository, stage, output, workspace);
    }
  });
  return {};
}

}  // namespace

Result<void> VisitRevisions(Repository& repository, const repo::RevisionQuery& query, const RevisionVisit& visit,
                            bool workspace) {
  if (workspace) TRYV(visit("workspace", repository.index()));
  if (!query.Any() || repository.git_root().empty()) return {};
  TRY(repo::GitReader reader, repo::GitReader::Open(repository.git_root()));
  TRY(const std::vector<repo::NamedRevision> revisions, repo::ListRevisions(reader, query));
  const std::string below = BelowGit(repository);
  for (const repo::NamedRevision& revision : revisions) {
    if (repository.cancel() != nullptr && repository.cancel()->load()) return cas::Cancelled();
    std::string names;
    for (const std::string& name : revision.names) names += (names.empty() ? "" : ",") + name;
    TRY(const std::optional<repo::GitEntry> root, reader.Look(revision.commit, below));
    if (!root || root->kind != repo::GitEntryKind::kFolder) continue;
    TRY(const std::unique_ptr<RevisionIndex> index, RevisionIndex::Open(repository, reader, revision.commit));
    TRYV(visit(names, index->index()));
  }
  return {};
}

Result<std::vector<UsedObject>> SelectObjects(Repository& repository, const ObjectQuery& query) {
  Objects objects;
  std::optional<Error> failed;
  bool any = false;
  TRYV(VisitRevisions(
      repository, query.revisions,
      [&](const std::string& name, pipeline::Index& index) -> Result<void> {
        const Result<void> selected = Select(repository, index, query, objects);
        if (selected) {
          any = true;
          return {};
        }
        if (selected.error().code == Code::kCancelled) return selected.error();
        failed = selected.error();
        if (repository.say()) {
          repository.say()(pipeline::Level::kWarning, fmt::format("failed to collect '{}', skipping", name));
        }
        return {};
      },
      query.workspace));
  if (!any && failed) return *std::move(failed);
  return objects.Take();
}

Result<std::vector<UsedObject>> FindUsedObjects(Repository& repository, const ObjectQuery& query) {
  Objects objects;
  TRYV(VisitRevisions(repository, query.revisions, [&](const std::string& name, pipeline::Index& index) -> Result<void> {
    const Result<void> found = FindUsed(repository, index, query, &index == &repository.index(), objects);
    if (found || found.error().code == Code::kCancelled) return found;
    if (!query.skip_failed) return Fail(found.error().code, fmt::format("Failed to collect '{}': {}", name, found.error().what));
    if (repository.say()) {
      repository.say()(pipeline::Level::kWarning, fmt::format("Failed to collect '{}', skipping", name));
    }
    return {};
  }));
  return objects.Take();
}

Result<std::vector<Stage*>> SelectImports(Repository& repository, pipeline::Index& index, const ObjectQuery& query) {
  TRY(const std::vector<pipeline::Target> targets, CollectTargets(repository, index, query));
  std::vector<Stage*> imports;
  for (const pipeline::Target& target : targets) {
    const bool known = std::find(imports.begin(), imports.end(), target.stage) != imports.end();
    if (!known && (target.stage->IsRepoImport() || target.stage->IsPartialImport())) imports.push_back(target.stage);
  }
  return imports;
}

Result<cas::Tree> LoadFolder(const Repository& repository, remotes::Remote* remote, const cas::ObjectId& id) {
  // From the cache piece by piece: the text of a large folder takes more than its tree.
  Result<cas::Tree> cached = cas::Tree::Read(CacheDir(repository) / ToRemote(id).Key(), &id.md5);
  if (cached) return cached;
  TRY(const std::string body, remotes::LoadTree(remote, CacheDir(repository), ToRemote(id)));
  return cas::Tree::Parse(body);
}

bool IsPart(const UsedObject& used, std::string_view path) {
  if (used.parts.empty()) return true;
  return std::any_of(used.parts.begin(), used.parts.end(),
                     [&](const std::string& part) { return pipeline::IsAtOrBelow(path, part); });
}

}  // namespace mlean::flows
