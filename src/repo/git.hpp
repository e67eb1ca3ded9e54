// Git facts and the few git actions of the program, by running the `git` program. No library is linked for it.
//
// Every call runs git in `dir` with the user's own configuration, no pager, no prompt and a deadline of a minute. Errors:
// kNotFound "cannot run git: …" without the program, kNotFound "cannot read git facts of 'DIR': …" outside a work tree, kIo for
// anything else with git's own last line as cause.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace mlean::repo {

struct GitFacts {
  std::filesystem::path root;  // of the work tree
  std::string commit;          // 40 hex digits; "" before the first commit
  std::string branch;          // "" when detached
  bool dirty = false;          // tracked files differ from HEAD
  std::string diff_sha256;     // of `git diff HEAD`; "" when clean
  std::string remote_url;      // of origin; "" when there is none. Credentials in it are cut out
};
Result<GitFacts> ReadGitFacts(const std::filesystem::path& dir);

// What of the tracked files differs from HEAD, as a patch that `git apply` takes; over `max_bytes` only its first whole lines,
// and a last one that says so. "" when clean, and before the first commit.
Result<std::string> GitDiff(const std::filesystem::path& dir, std::size_t max_bytes);

// The root of the work tree around `dir`, found by looking for .git (no program run); nullopt outside.
std::optional<std::filesystem::path> GitRoot(const std::filesystem::path& dir);

Result<void> GitInit(const std::filesystem::path& dir);
// Also stages removals. Paths are relative to `dir`.
Result<void> GitAdd(const std::filesystem::path& dir, const std::vector<std::string>& paths);
// Commits what is staged; nothing staged is kConflict. `author` is "Name <mail>"; author and committer get `date`. Returns the
// commit.
Result<std::string> GitCommit(const std::filesystem::path& dir, std::string_view message, std::string_view author, TimeMs date);
// Of the repository's own config file.
Result<void> GitSetConfig(const std::filesystem::path& dir, const std::string& key, const std::string& value);
// Whether git ignores `path` (which need not exist). False outside git.
Result<bool> GitIgnores(const std::filesystem::path& dir, const std::filesystem::path& path);
// Whether `path` or something under it is tracked.
Result<bool> GitTracks(const std::filesystem::path& dir, const std::filesystem::path& path);

}  // namespace mlean::repo
