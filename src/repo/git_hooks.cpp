#include "repo/git_hooks.hpp"

#include <fmt/core.h>

#include <array>

#include "base/text.hpp"
#include "os/files.hpp"
#include "repo/git.hpp"
#include "repo/git_run.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

// The order in which DVC looks whether they are there.
constexpr std::array<std::string_view, 3> kHooks = {"post-checkout", "pre-commit", "pre-push"};

// One shell line: mlean's when it is there, else dvc's.
std::string EitherProgram(std::string_view arguments, bool exec) {
  const std::string_view begin = exec ? "exec " : "";
  return fmt::format("if command -v mlean >/dev/null 2>&1; then {0}mlean {1}; else {0}dvc {1}; fi", begin, arguments);
}

// Linked work trees share the hooks of their repository.
Result<fs::path> HooksDir(const fs::path& git_root) {
  fs::path dir = git_root / ".git";
  if (!os::IsDir(dir)) {
    TRY(const std::string common, GitOutput("find the git folder", {git_root, {"rev-parse", "--git-common-dir"}}));
    dir = git_root / std::string(Trim(common));
  }
  return dir / "hooks";
}

}  // namespace

std::string HookScript(std::string_view name) {
  return fmt::format("#!/bin/sh\n{}\n", EitherProgram(fmt::format("git-hook {} \"$@\"", name), true));
}

Result<void> InstallGitHooks(const fs::path& git_root) {
  TRYV(InstallMergeDriver(git_root));
  TRY(const fs::path dir, HooksDir(git_root));
  for (const std::string_view name : kHooks) {
    if (!os::StatLink(dir / name)) continue;
    return Fail(Code::kExists,
                fmt::format("Hook '{}' already exists. Please refer to <https://man.dvc.org/install> for more info.", name));
  }
  TRYV(os::MakeDirs(dir));
  for (const std::string_view name : kHooks) {
    const fs::path hook = dir / name;
    TRYV(os::WriteFileAtomic(hook, HookScript(name), {.mode = 0777, .sync = false}));
    TRYV(os::Chmod(hook, 0777));
  }
  return {};
}

Result<void> InstallMergeDriver(const fs::path& git_root) {
  TRYV(GitSetConfig(git_root, "merge.dvc.name", "DVC merge driver"));
  return GitSetConfig(git_root, "merge.dvc.driver",
                      EitherProgram("git-hook merge-driver --ancestor %O --our %A --their %B", false));
}

std::string PreCommitEntry() {
  std::string text = "- repo: https://github.com/treeverse/dvc\n  rev: 3.67.1\n  hooks:\n";
  for (const std::string_view name : {"pre-commit", "pre-push", "post-checkout"}) {
    text += fmt::format(
        "  - id: dvc-{0}\n    additional_dependencies:\n    - .[all]\n    language_version: python3\n    stages:\n    - {0}\n",
        name);
  }
  return text + "    always_run: true\n";
}

}  // namespace mlean::repo
