#include "flows/data/cache_migrate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "cas/file_hash.hpp"
#include "flows/data/data_objects.hpp"
#include "flows/data/open_remote.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/place.hpp"
#include "pipeline/run_cache.hpp"
#include "pipeline/stage_files.hpp"
#include "pipeline/staleness.hpp"

namespace mlean::flows {
namespace {

using pipeline::Dependency;
using pipeline::Output;
using pipeline::Stage;

constexpr const char* kLegacy = "md5-dos2unix";

Result<std::vector<cas::ObjectId>> LegacyObjects(Repository& repository) {
  std::vector<cas::ObjectId> ids;
  TRYV(repository.store().ForEach(
      true,
      [&](const cas::ObjectId& id) -> Result<void> {
        ids.push_back(id);
        return {};
      },
      repository.work()));
  return ids;
}

bool IsLegacyDep(const Stage& stage, const Dependency& dep) {
  return !stage.IsImport() && dep.kind == Dependency::Kind::kPath && pipeline::IsInside(dep.location) && dep.content.IsLegacy();
}

bool HasLegacyEntries(const Stage& stage) {
  return std::any_of(stage.outs.begin(), stage.outs.end(), [](const Output& out) { return out.content.IsLegacy(); }) ||
         std::any_of(stage.deps.begin(), stage.deps.end(), [&](const Dependency& dep) { return IsLegacyDep(stage, dep); });
}

bool HasOwnDeps(const Stage& stage) {
  return !stage.IsImport() && std::any_of(stage.deps.begin(), stage.deps.end(), [](const Dependency& dep) {
    return dep.kind == Dependency::Kind::kParams || pipeline::IsInside(dep.location);
  });
}

// True: there was something to do.
Result<bool> Migrate(Repository& repository, DataObjects& objects, Stage& stage) {
  const bool has_legacy_outs =
      std::any_of(stage.outs.begin(), stage.outs.end(), [](const Output& out) { return out.content.IsLegacy(); });
  if (!has_legacy_outs && !HasOwnDeps(stage)) return false;
  for (Output& out : stage.outs) {
    if (out.content.hash_name == kLegacy) out.content.hash_name = "md5";
  }
  for (Dependency& dep : stage.deps) {
    if (IsLegacyDep(stage, dep)) dep.content.hash_name = "md5";
  }
  const pipeline::Place& place = repository.place();
  TRYV(pipeline::SaveDeps(stage, place, repository.files(), objects, true));
  const pipeline::TakeOptions take{.allow_missing = true, .filter = {}};
  TRYV(pipeline::SaveOuts(stage, place, objects, take, repository.say()));
  if (stage.IsImport()) stage.md5 = pipeline::StageMd5(stage, place);
  TRYV(pipeline::CommitOuts(stage, place, objects, take, repository.say()));
  if (pipeline::RunCache::MayKeep(stage)) {
    TRYV(pipeline::RunCache(CacheDir(repository) / "runs").Save(stage));
  }
  return true;
}

}  // namespace

Result<std::uint64_t> CountLegacyObjects(Repository& repository) {
  TRY(const std::vector<cas::ObjectId> ids, LegacyObjects(repository));
  return ids.size();
}

Result<std::uint64_t> MigrateCache(Repository& repository) {
  TRY(const std::vector<cas::ObjectId> ids, LegacyObjects(repository));
  std::atomic<std::uint64_t> count = 0;
  cas::ObjectStore& store = repository.store();
  const cas::Work work = repository.work();
  constexpr std::size_t kGrain = 8;
  work.Expect(ids.size(), 0);
  TRYV(cas::ParallelFor(work, ids.size(), kGrain, [&](std::size_t i, int) -> Result<void> {
    const std::filesystem::path file = store.PathOf(ids[i]);
    TRY(const cas::ObjectInfo info, cas::HashFile(file, {.state = &repository.state(), .work = {.cancelled = work.cancelled}}));
    const std::optional<cas::ObjectId> id = cas::ObjectId::Parse(info.md5 + (ids[i].is_dir ? ".dir" : ""));
    if (!id) return Fail(Code::kInternal, fmt::format("cannot migrate '{}': it has no md5", file.string()));
    TRY(const bool there, store.HasObject(*id));
    if (!there) {
      TRYV(store.Adopt(file, *id));
      ++count;
    }
    work.Done(1, 0);
    return {};
  }));
  return count.load();
}

Result<std::vector<std::string>> LegacyDvcFiles(Repository& repository) {
  TRY(const auto* stages, repository.index().All());
  std::set<std::string> files;
  for (const Stage* stage : *stages) {
    if (!HasLegacyEntries(*stage)) continue;
    std::string shown = repository.place().Shown(stage->file);
    if (stage->InYaml()) {
      shown += fmt::format(" ({})", repository.place().Shown(pipeline::FolderOf(stage->file) == "."
                                                                 ? "dvc.lock"
                                                                 : pipeline::FolderOf(stage->file) + "/dvc.lock"));
    }
    files.insert(std::move(shown));
  }
  return std::vector<std::string>(files.begin(), files.end());
}

Result<void> MigrateDvcFiles(Repository& repository) {
  TRY(const auto* stages, repository.index().All());
  DataObjects objects(repository);
  for (Stage* stage : *stages) {
    TRY(const bool done, Migrate(repository, objects, *stage));
    if (!done) continue;
    if (!stage->InYaml() && repository.say()) {
      repository.say()(pipeline::Level::kInfo, fmt::format("Updating DVC file '{}'", repository.place().Shown(stage->file)));
    }
    TRY(const std::vector<std::string> written,
        pipeline::SaveStages({stage}, repository.place(), {.pipeline = false, .lock = true}, repository.say()));
    for (const std::string& file : written) repository.scm().Track(repository.place().Disk(file));
  }
  return {};
}

}  // namespace mlean::flows
