// .gitignore: matching as git does, without running git, and the upkeep of the lines that DVC writes.
//
// Rules come from core.excludesFile (default $XDG_CONFIG_HOME/git/ignore), .git/info/exclude and each .gitignore on the way.
// Whether a path is tracked plays no part, as in `git check-ignore --no-index`.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "repo/ignore_folder.hpp"

namespace mlean::repo {

class GitIgnore {
 public:
  // `git_root`: of the work tree. Runs git once only when a git config file names core.excludesFile or includes another file.
  static Result<GitIgnore> Open(const std::filesystem::path& git_root);
  // After .gitignore files have changed; core.excludesFile and .git/info/exclude stay as they were when it was opened. Folders
  // that were handed out stay as they are.
  Result<void> ReadAgain();
  IgnoreFolderPtr Root() const;
  Result<IgnoreFolderPtr> Folder(std::string_view relative) const;
  // Whether the path or a folder on the way to it is ignored; `relative` to git_root.
  Result<bool> Ignored(std::string_view relative, bool is_dir) const;

 private:
  struct State;
  explicit GitIgnore(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

// Adds the line "/name" (escaped as a pattern) to the .gitignore beside `output`, unless the line is there or git ignores the
// path already. `git_root` empty: does nothing. Returns the .gitignore when it has changed. DVC's error text for an output
// outside of the work tree: "'/x/y' is outside of git repository '/repo'". `temp_dir`: where the new text is made
// (os::WriteOptions).
Result<std::optional<std::filesystem::path>> AddToGitIgnore(const std::filesystem::path& git_root,
                                                            const std::filesystem::path& output,
                                                            const std::filesystem::path& temp_dir = {});
// Takes that line out again; a file left empty is deleted. Returns the .gitignore when it is there afterwards, changed or not
// (DVC then tells the user to add it).
Result<std::optional<std::filesystem::path>> RemoveFromGitIgnore(const std::filesystem::path& git_root,
                                                                 const std::filesystem::path& output,
                                                                 const std::filesystem::path& temp_dir = {});
// The same for many outputs, each .gitignore read and written once. Returns the files changed.
Result<std::vector<std::filesystem::path>> AddAllToGitIgnore(const std::filesystem::path& git_root,
                                                             const std::vector<std::filesystem::path>& outputs,
                                                             const std::filesystem::path& temp_dir = {});

// What a command must tell git in the end: files to `git add`, or a hint to do so.
class ScmNotes {
 public:
  // `git_root` empty (no git, or core.no_scm): all calls do nothing.
  ScmNotes(std::filesystem::path git_root, std::filesystem::path temp_dir, bool autostage, bool quiet);

  // AddToGitIgnore / RemoveFromGitIgnore, and the .gitignore is noted.
  Result<void> Ignore(const std::filesystem::path& output);
  Result<void> IgnoreAll(const std::vector<std::filesystem::path>& outputs);
  Result<void> Unignore(const std::filesystem::path& output);
  // The command has written this file, which belongs to git.
  void Track(const std::filesystem::path& file);
  // Takes back what Ignore() has added: the command has failed.
  void Undo() noexcept;
  // With autostage: git add. Else the hint for stdout ("\nTo track the changes with git, run:\n\n\tgit add a b\n\nTo enable auto
  // staging, run:\n\n\tdvc config core.autostage true\n"; paths relative to `cwd`, quoted for a shell, sorted), "" when quiet or
  // nothing was noted.
  Result<std::string> Finish(const std::filesystem::path& cwd);

 private:
  std::filesystem::path git_root_;
  std::filesystem::path temp_dir_;
  std::optional<GitIgnore> git_ignore_;  // opened when first needed
  bool autostage_ = false;
  bool quiet_ = false;
  std::vector<std::filesystem::path> tracked_;
  std::vector<std::filesystem::path> ignored_;
};

}  // namespace mlean::repo
