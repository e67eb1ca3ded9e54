// The DVC files of a repository: every NAME.dvc and dvc.yaml that DVC would load, in the working tree or in a git revision.
//
// Skipped are what .dvcignore or .gitignore hides, sub-repositories, and links to folders. What lies inside outputs is skipped
// too, but only the caller can read outputs: before the walk goes into a folder it asks. The order is DVC's, top down: the files
// of a folder, then its folders, both as the directory (or git's tree) gives them, so whoever reads a file when it is found knows
// the outputs above.
//
//   TRYV(WalkDvcFiles(tree, [&](const std::string& path) { return Load(path); },
//                     [&](const std::string& folder) { return !outputs.contains(folder); }));
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "repo/dvc_ignore.hpp"
#include "repo/git_ignore.hpp"
#include "repo/git_reader.hpp"

namespace mlean::repo {

// Whether a path names a DVC file: ends with ".dvc", or its last part is "dvc.yaml".
bool IsDvcFileName(std::string_view path);

// Paths are relative to the root of the DVC repository, '/' between the parts. An error ends the walk.
using DvcFileFound = std::function<Result<void>(const std::string& path)>;
using DvcFolderEnter = std::function<bool(const std::string& folder)>;

struct DvcTree {
  std::filesystem::path root;             // of the DVC repository, absolute
  const DvcIgnore* dvc_ignore = nullptr;  // null: none
  const GitIgnore* git_ignore = nullptr;  // null: none (no git, or core.no_scm)
  std::string below_git;                  // where `root` lies in the work tree of `git_ignore`; "" at its root
};
// A folder that may not be read is passed over, as in DVC; kIo when it is `root`. kTooLarge over 1000 folders deep.
Result<void> WalkDvcFiles(const DvcTree& tree, const DvcFileFound& found, const DvcFolderEnter& enter);

// The same of a commit: `folder` is the root of the DVC repository inside the git repository ("" when they are the same),
// `dvc_ignore` the rules of that commit (null: none). As in DVC .gitignore plays no part in revisions, and the folders right in
// the root of the git repository are gone into without asking. kNotFound "Commit '1234567' does not contain a DVC repo" when the
// folder is not there.
Result<void> WalkDvcFilesAt(GitReader& reader, std::string_view commit, std::string_view folder, const DvcIgnore* dvc_ignore,
                            const DvcFileFound& found, const DvcFolderEnter& enter);

}  // namespace mlean::repo
