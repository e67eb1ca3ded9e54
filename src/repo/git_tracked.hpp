// TrackedPaths: what git's index holds, read once, for commands that ask about many outputs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mlean::repo {

class TrackedPaths {
 public:
  // `git_root`: of the work tree; empty: nothing is tracked. Runs `git ls-files` once.
  static Result<TrackedPaths> Load(const std::filesystem::path& git_root);

  // Whether `path` (absolute), or something under it, is tracked.
  bool Holds(const std::filesystem::path& path) const;

 private:
  std::filesystem::path git_root_;
  std::vector<std::string> paths_;  // from git's root, sorted by byte
};

}  // namespace mlean::repo
