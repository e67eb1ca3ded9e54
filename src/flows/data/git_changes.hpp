// What `git status` says, as far as DVC's commands tell it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace mlean::flows {

struct GitChanges {
  bool dirty = false;                  // anything staged, changed, or untracked when that was asked for
  std::vector<std::string> untracked;  // files, from git's root; ignored ones are left out
};
Result<GitChanges> ReadGitChanges(const std::filesystem::path& git_root, bool untracked);

}  // namespace mlean::flows
