// IgnorePaths: which paths below one folder DVC does not see, for a walk that asks for one entry after the other: the rules of
// the folders that were asked for are kept, so that each folder's .dvcignore is read once, not once a file. A change of those
// files during the walk may stay unseen. Thread-safe.
//
//   repo::IgnorePaths ignored(ignore, "data/raw");
//   TRY(const bool hidden, ignored.Has("2024/a.tmp", /*is_dir=*/false));   // as ignore.Ignored("data/raw/2024/a.tmp", false)
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "repo/dvc_ignore.hpp"

namespace mlean::repo {

class IgnorePaths {
 public:
  // `folder` as for DvcIgnore::Folder.
  IgnorePaths(DvcIgnore ignore, std::string folder) : ignore_(std::move(ignore)), folder_(std::move(folder)) {}

  // `path` is relative to the folder, normalised and not empty.
  Result<bool> Has(std::string_view path, bool is_dir);

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  // The rules in a folder; null when it is ignored itself.
  Result<IgnoreFolderPtr> RulesIn(std::string_view folder);
  Result<IgnoreFolderPtr> ReadRulesIn(std::string_view folder);

  DvcIgnore ignore_;
  std::string folder_;
  std::mutex mutex_;  // guards known_
  std::unordered_map<std::string, IgnoreFolderPtr, Hash, std::equal_to<>> known_;
};

}  // namespace mlean::repo
