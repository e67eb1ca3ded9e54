// `install`: git hooks that run DVC commands at pre-commit (status), pre-push (push) and post-checkout (checkout), and the merge
// driver of .dvc files.
//
// The files are DVC's own, with "dvc" replaced by the program that a colleague surely has: the hook runs mlean when it is there
// and dvc otherwise, so a repository shared over a common hooks folder works for both.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::repo {

// Writes .git/hooks/{post-checkout,pre-commit,pre-push} and sets merge.dvc.{name,driver}. kExists, before anything but the merge
// driver is touched: "Hook 'pre-push' already exists. Please refer to <https://man.dvc.org/install> for more info."
Result<void> InstallGitHooks(const std::filesystem::path& git_root);
// The merge driver alone, which is all that `install --use-pre-commit-tool` sets in git.
Result<void> InstallMergeDriver(const std::filesystem::path& git_root);
// The text of `.git/hooks/NAME`.
std::string HookScript(std::string_view name);
// `install --use-pre-commit-tool`: the entry that DVC adds to `repos` of .pre-commit-config.yaml, as YAML text to put at the end
// of the list, items not indented.
std::string PreCommitEntry();

}  // namespace mlean::repo
