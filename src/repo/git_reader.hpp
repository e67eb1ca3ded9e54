// GitReader: reads commits, trees and files of any revision through one long-lived `git cat-file --batch` child. Some 20 µs an
// object.
//
//   TRY(GitReader reader, GitReader::Open(git_root));
//   TRY(const std::string commit, reader.Resolve("HEAD~1"));
//   TRY(const std::string text, reader.ReadFile(commit, "data/x.dvc"));
//   TRY(const std::vector<GitEntry> entries, reader.ListFolder(commit, "data"));
//
// One thread at a time; open one a thread (the child is started on first use, about 2 ms). Everything read is bounded
// (kMaxGitObjectBytes: kTooLarge).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace mlean::repo {

constexpr std::uint64_t kMaxGitObjectBytes = std::uint64_t{1} << 30;

enum class GitEntryKind : std::uint8_t { kFile, kExecutable, kLink, kFolder, kSubmodule };
struct GitEntry {
  std::string name;  // of one path component from ListFolder; the path below the given folder from ListTree
  GitEntryKind kind = GitEntryKind::kFile;
  std::string id;  // hex
};

class GitReader {
 public:
  // `git_root`: a work tree or a bare repository.
  static Result<GitReader> Open(const std::filesystem::path& git_root);
  GitReader(GitReader&&) noexcept;
  GitReader& operator=(GitReader&&) noexcept;
  ~GitReader();

  // The commit (40 hex digits) of a branch, tag, "HEAD~2", abbreviated id, branch of a remote, or name of an experiment (a ref
  // under refs/exps). kNotFound "unknown Git revision 'x'", kInvalid "ambiguous Git revision 'x'".
  Result<std::string> Resolve(std::string_view revision);
  // Only what git itself understands, neither remotes' branches nor experiments by bare name; nullopt: nothing.
  Result<std::optional<std::string>> ResolveByGit(std::string_view revision);
  // What lies at a path, the root ("") being a folder; nullopt: nothing.
  Result<std::optional<GitEntry>> Look(std::string_view commit, std::string_view path);
  // The content of a file; nullopt when there is none (or it is a folder). A symbolic link gives its target. `path` from the root
  // of the work tree, '/' between parts.
  Result<std::optional<std::string>> TryReadFile(std::string_view commit, std::string_view path);
  // The same, kNotFound "cannot read 'path' of 'commit': no such file".
  Result<std::string> ReadFile(std::string_view commit, std::string_view path);
  // A blob by its id (of GitEntry).
  Result<std::string> ReadBlob(std::string_view id);
  // The entries of one folder ("" is the root) in git's order; nullopt when there is no such folder.
  Result<std::optional<std::vector<GitEntry>>> ListFolder(std::string_view commit, std::string_view folder);
  // A folder by the id of its tree.
  Result<std::vector<GitEntry>> ListFolderById(std::string_view id);
  // Everything under `folder` that is no folder. `enter` (may be empty) says which sub-folders to go into. kTooLarge over
  // max_entries.
  Result<std::vector<GitEntry>> ListTree(std::string_view commit, std::string_view folder,
                                         const std::function<bool(std::string_view path)>& enter = {},
                                         std::size_t max_entries = 10'000'000);
  const std::filesystem::path& root() const;
  // Committer's time in seconds since 1970.
  Result<std::int64_t> CommitTime(std::string_view commit);
  // The first parent; "" for a root commit.
  Result<std::string> FirstParent(std::string_view commit);

 private:
  struct State;
  explicit GitReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// ---- which revisions a command means
struct RevisionQuery {
  std::vector<std::string> revisions;
  std::int64_t number = 1;  // of commits back from each revision and branch (-n); negative: all of them
  bool all_branches = false;
  bool all_tags = false;
  bool all_commits = false;
  bool all_experiments = false;
  std::string since;  // "YYYY-MM-DD": commits at or after that day, local time; "" none
  bool Any() const { return !revisions.empty() || all_branches || all_tags || all_commits || all_experiments || !since.empty(); }
};
struct NamedRevision {
  std::string commit;
  std::vector<std::string> names;  // as DVC shows them, joined by ','
};
// In DVC's order (of first mention), each commit once. "workspace" among the revisions is left out. kNotFound "unknown Git
// revision 'x'"; kInvalid for a bad date. Tags of what is no commit are left out, where DVC would fail.
Result<std::vector<NamedRevision>> ListRevisions(GitReader& reader, const RevisionQuery& query);

struct GitRef {
  std::string name;    // "refs/heads/main"
  std::string commit;  // tags peeled
};
// All refs under `prefix` ("refs/heads/", "refs/exps/"), sorted by name. One git process.
Result<std::vector<GitRef>> ListRefs(const std::filesystem::path& git_root, std::string_view prefix);
// Whether a ref is an experiment's: "refs/exps/12/<38 digits>/name", none of DVC's own under refs/exps.
bool IsExperimentRef(std::string_view ref);
// The commit that an experiment's ref says it began at; "" for another ref.
std::string ExperimentBaseline(std::string_view ref);

}  // namespace mlean::repo
