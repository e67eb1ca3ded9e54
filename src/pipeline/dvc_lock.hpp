// dvc.lock, schema 2.0: what each stage was run with and gave. Written with DVC's bytes (reference/dvc.md 1.5).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::pipeline {

struct LockedPath {
  std::string path;  // as written in dvc.yaml
  std::string md5;   // "….dir" for a folder
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> nfiles;
  bool is_exec = false;
  bool has_hash_key = true;  // "hash: md5"; absent in entries of DVC 2
};

struct LockedStage {
  std::string name;
  codec::Json cmd;  // string or list
  std::vector<LockedPath> deps;
  std::vector<std::pair<std::string, codec::Json>> params;  // file -> object of key -> value
  std::vector<LockedPath> outs;
};

struct DvcLock {
  std::vector<LockedStage> stages;  // in the order of the file
  codec::Json datasets;             // passed through

  const LockedStage* Find(std::string_view name) const;
  // In place when it is there, else at the end. Sorts deps, outs and params as DVC does.
  void Put(LockedStage stage);
};

// Errors: kCorrupt "FILE:LINE:COLUMN: …".
Result<DvcLock> ParseDvcLock(std::string_view text, std::string_view file);
// `root`/dvc.lock; a missing file is an empty lock.
Result<DvcLock> LoadDvcLock(const std::filesystem::path& root);
std::string WriteDvcLock(const DvcLock& lock);
// The same in parts, for a writer that changes one stage of many: the text of one entry, and the file made of them.
std::string WriteLockedStage(const LockedStage& stage);
std::string DvcLockText(const std::vector<std::string>& stage_texts, const codec::Json& datasets);
// Atomically, keeping nothing of the old text but what `lock` holds.
Result<void> SaveDvcLock(const std::filesystem::path& root, const DvcLock& lock);

}  // namespace mlean::pipeline
