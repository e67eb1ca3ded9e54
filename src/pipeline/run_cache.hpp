// RunCache: what commands gave before, keyed by what they were run with (reference/dvc.md 1.12). Files
// <dir>/<k[:2]>/<k>/<v>, each a dvc.lock entry without its name.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

class RunCache {
 public:
  explicit RunCache(std::filesystem::path dir) : dir_(std::move(dir)) {}  // ".dvc/cache/runs"

  // Whether runs of the stage may be kept: a command, deps or params and outs, all recorded and local, none persisted, not
  // always_changed.
  static bool MayKeep(const Stage& stage);
  // k and v of an entry as LockedStage() gives it.
  static std::string Key(const codec::Json& entry);
  static std::string Value(const codec::Json& entry);

  // The newest run with the stage's command, deps and params. A broken file is removed and counts as none.
  Result<std::optional<codec::Json>> Find(const Stage& stage) const;
  // Keeps the stage's run. Nothing when it is there already.
  Result<void> Save(const Stage& stage) const;

  struct File {
    std::string key;
    std::string value;
    std::string path;  // relative to the cache: "runs/ab/ab…/cd…"
  };
  // All files, sorted: what `push --run-cache` sends.
  Result<std::vector<File>> List() const;
  // The entry in one file; nullopt when it is not there or broken.
  Result<std::optional<codec::Json>> Load(const std::string& key, const std::string& value) const;
  const std::filesystem::path& dir() const { return dir_; }

 private:
  std::filesystem::path dir_;
};

}  // namespace mlean::pipeline
