#include "flows/data/move.hpp"

#include <fmt/core.h>

#include <system_error>
#include <utility>
#include <vector>

#include "flows/data/data_objects.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/stage_files.hpp"
#include "pipeline/stage_graph.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

struct Found {
  pipeline::Stage* stage = nullptr;
  std::size_t output = 0;
};

Result<Found> FindOutput(Repository& repository, const std::string& location) {
  TRY(const auto* stages, repository.index().All());
  for (pipeline::Stage* stage : *stages) {
    for (std::size_t i = 0; i < stage->outs.size(); ++i) {
      if (stage->outs[i].location == location) return Found{stage, i};
    }
  }
  return Fail(Code::kNotFound, fmt::format("Unable to find DVC file with output '{}'", repository.place().Shown(location)));
}

// Paths of `stage` as they are written from another folder.
void Rebase(pipeline::Stage& stage, const std::string& wdir, const pipeline::Place& place) {
  stage.wdir = wdir;
  for (pipeline::Dependency& dependency : stage.deps) {
    const bool is_path = dependency.kind == pipeline::Dependency::Kind::kPath && !pipeline::IsUrl(dependency.location);
    if (!is_path || dependency.path.starts_with('/')) continue;
    dependency.path = place.Disk(dependency.location).lexically_relative(place.Disk(wdir)).generic_string();
  }
}

Result<void> Save(Repository& repository, const pipeline::Stage& stage) {
  TRY(const std::vector<std::string> written,
      pipeline::SaveStages({&stage}, repository.place(), {.pipeline = false, .lock = true}, repository.say()));
  for (const std::string& file : written) repository.scm().Track(repository.place().Disk(file));
  return {};
}

}  // namespace

Result<void> MoveData(Repository& repository, const std::string& from, const std::string& to) {
  const pipeline::Place& place = repository.place();
  const std::string old_location = place.Typed(from);
  std::error_code error;
  std::string new_location = place.Typed(to);
  const bool into_folder = fs::is_directory(place.Disk(new_location), error);
  if (into_folder) {
    new_location = place.Locate(new_location, pipeline::NameOf(old_location));
  }
  if (!pipeline::IsInside(new_location) || pipeline::IsUrl(new_location)) {
    return Fail(Code::kInvalid, fmt::format("file path '{}' is outside of DVC repo", place.Disk(new_location).string()));
  }
  if (pipeline::IsStageFileName(old_location)) {
    return Fail(Code::kInvalid, fmt::format("DVC file '{}' cannot be an output.", place.Shown(old_location)));
  }
  TRY(const Found found, FindOutput(repository, old_location));
  const pipeline::Stage& old = *found.stage;
  if (!old.IsDataSource()) {
    return Fail(Code::kInvalid,
                fmt::format("move is not permitted for stages that are not data sources. You need to either move '{0}' to a new "
                            "location or edit it by hand.",
                            pipeline::Addressing(old, place)));
  }
  const fs::path old_path = place.Disk(old_location);
  const fs::path new_path = place.Disk(new_location);
  // "new/" is a folder that is not there.
  const std::string folder = to.ends_with('/') && !into_folder ? new_location : pipeline::FolderOf(new_location);
  const bool renames_file = pipeline::NameOf(old.file) == pipeline::NameOf(old_location) + ".dvc";
  if (renames_file && repository.files().IsGitIgnored(new_location + ".dvc")) {
    return Fail(Code::kInvalid, fmt::format("bad DVC file name '{}' is git-ignored.", place.Shown(new_location + ".dvc")));
  }
  if (!fs::is_directory(place.Disk(folder), error)) {
    return Fail(Code::kNotFound, fmt::format("stage working dir '{}' does not exist", place.Disk(folder).string()));
  }

  pipeline::Stage moved = old;
  if (renames_file) {
    moved.file = new_location + ".dvc";
    Rebase(moved, folder, place);
    if (fs::exists(fs::symlink_status(place.Disk(moved.file), error))) {
      return Fail(Code::kExists, fmt::format("'{}' already exists", place.Shown(moved.file)));
    }
  }
  pipeline::Output& output = moved.outs[found.output];
  output.location = new_location;
  output.path = pipeline::Relative(new_location, moved.wdir);
  TRYV(repository.index().CheckWith(moved));
  if (fs::exists(fs::symlink_status(new_path, error))) {
    return Fail(Code::kExists, fmt::format("'{}' already exists", place.Shown(new_location)));
  }
  if (moved.IsImport()) moved.md5 = pipeline::StageMd5(moved, place);

  // The new `.dvc` file first, the old one last: a kill leaves the data known.
  if (output.UsesGitIgnore()) {
    TRYV(repository.RefuseTrackedByGit(new_path));
    TRYV(repository.scm().Ignore(new_path));
  }
  TRYV(Save(repository, moved));
  if (fs::exists(fs::symlink_status(old_path, error))) {
    fs::rename(old_path, new_path, error);
    if (error) return Fail(Code::kIo, fmt::format("cannot move '{}': {}", old_path.string(), error.message()));
    DataObjects objects(repository);
    // What has changed since it was added is kept, and stays a change: the file tells the content of before, as with DVC.
    if (output.cache) TRYV(objects.Store(new_path, output.content.hash_name));
  } else if (repository.say()) {
    repository.say()(pipeline::Level::kWarning, fmt::format("'{}' missing", old_path.string()));
  }
  if (output.UsesGitIgnore()) TRYV(repository.scm().Unignore(old_path));
  repository.links().Forget(old_path);
  if (renames_file) {
    TRYV(pipeline::RemoveStage(old, place));
    repository.scm().Track(place.Disk(old.file));
  }
  return {};
}

}  // namespace mlean::flows
