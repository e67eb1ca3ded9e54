// Staleness: whether a stage's command, deps, params and outs are what was recorded, by DVC's rules.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "pipeline/objects.hpp"
#include "pipeline/place.hpp"
#include "pipeline/source.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

struct PathChange {
  std::string path;   // as shown: relative to the working directory; a URL as it is
  std::string state;  // "modified", "deleted", "new", "not in cache", "update available"; empty when `params` tells
  std::vector<std::pair<std::string, std::string>> params;  // key -> state, of a parameter file
  std::string location;
};

// What `dvc status` says of one stage.
struct StageStatus {
  std::string stage;  // its addressing
  std::vector<PathChange> deps;
  std::vector<PathChange> outs;
  bool always_changed = false;
  bool changed_command = false;
  bool changed_checksum = false;  // the md5 of an import

  bool Empty() const { return deps.empty() && outs.empty() && !always_changed && !changed_command && !changed_checksum; }
  // [{"changed deps": {"params.yaml": {"lr": "modified"}}}, {"changed outs": {"x": "deleted"}}, "always changed", …]
  codec::Json ToJson() const;
};

struct StatusOptions {
  bool check_updates = true;  // ask the source of an import
  std::string filter;         // location: only the output that is it or that it lies in
};

// `dvc status` of one stage. Errors: unreadable files, RefuseExternal.
Result<StageStatus> Status(const Stage& stage, const Place& place, Source& source, Objects& objects,
                           const StatusOptions& options = {});

Result<std::vector<PathChange>> ChangedDeps(const Stage& stage, const Place& place, Source& source, Objects& objects);
Result<std::vector<PathChange>> ChangedOuts(const Stage& stage, const Place& place, Objects& objects,
                                            std::string_view filter = {});
// The same without a look into the cache: what `dvc commit` asks before it takes changes over.
Result<std::vector<PathChange>> ChangedEntries(const Stage& stage, const Place& place, Source& source, Objects& objects,
                                               bool outs);
// The command of a stage, or the md5 of an import.
bool ChangedStage(const Stage& stage, const Place& place);

// kUnsupported with DVC's text for an output with a recorded content that the cache shall hold and that lies outside of the
// project: DVC 2 had those, and DVC 3 breaks on them.
Result<void> RefuseExternal(const Output& output, const Place& place);

// How DVC names an output or dependency in its texts: a path relative to the working directory, a URL, "path (url)" of an import.
std::string ShownOutput(const Output& output, const Place& place);
std::string ShownDependency(const Dependency& dependency, const Place& place);

// Reads deps or params as they are now into the stage. Errors with DVC's texts: "dependency 'x' does not exist", "Parameters 'a'
// are missing from 'params.yaml'.".
Result<void> SaveDeps(Stage& stage, const Place& place, Source& source, Objects& objects, bool allow_missing = false,
                      const Say& say = {});
struct TakeOptions {
  bool allow_missing = false;  // an output that is not there keeps its record
  std::string filter;          // only the output at this location, or above it (Target::filter); empty: all
};
// Hashes the outputs as they are into the stage, storing none. "output 'x' does not exist".
Result<void> SaveOuts(Stage& stage, const Place& place, Objects& objects, const TakeOptions& options = {}, const Say& say = {});
// Stores the outputs (SaveOuts and keep); git ignores them first.
Result<void> CommitOuts(Stage& stage, const Place& place, Objects& objects, const TakeOptions& options = {}, const Say& say = {});
// For an output read anew: what a remote with versions knows of a content that has not changed stays (version_id, etag,
// `cloud:`); of a folder with `files:`, file by file.
Result<void> KeepVersions(const Content& before, Output& output, const std::filesystem::path& path, Objects& objects);

}  // namespace mlean::pipeline
