// Project: where things lie on disk, and `init`.
//
//   TRY(const repo::Project project, repo::FindProject(fs::current_path()));
//   TRY(const repo::LoopConfig config, repo::LoadLoopConfig(project));
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace mlean::repo {

struct Project {
  std::filesystem::path root;      // absolute: the nearest folder upward with mlean.yaml, else with .dvc, else with .git
  bool has_config = false;         // mlean.yaml is there
  bool has_dvc = false;            // .dvc/ is there
  std::filesystem::path git_root;  // of the work tree around it; empty outside git

  std::filesystem::path ConfigFile() const { return root / "mlean.yaml"; }
  std::filesystem::path StateDir() const { return root / ".mlean"; }
  std::filesystem::path Database() const { return StateDir() / "mlean.db"; }
  std::filesystem::path OnlineDatabase() const { return StateDir() / "online.db"; }
  std::filesystem::path ArtifactDir() const { return StateDir() / "artifacts"; }
  std::filesystem::path LogDir() const { return StateDir() / "log"; }
  std::filesystem::path LockFile() const { return StateDir() / "lock"; }
  std::filesystem::path HashStateFile() const { return StateDir() / "hashes"; }
  std::filesystem::path DvcDir() const { return root / ".dvc"; }
  std::filesystem::path DvcTempDir() const { return DvcDir() / "tmp"; }
  std::filesystem::path CacheDir() const { return DvcDir() / "cache"; }
  // Where DVC's commands keep our own state (hashes, links): nothing of ours shows in a repository that only has DVC's files.
  std::filesystem::path DvcStateDir() const { return has_config ? StateDir() : DvcTempDir() / "mlean"; }
};

// Looks from `from` upward. kNotFound "cannot find a project: no mlean.yaml, .dvc or .git in '…' or above" with fix "mlean init".
// mlean.yaml wins over .dvc, and .dvc over .git, also when the other lies nearer, but never across the border of a git work tree.
// A folder with .mlean that lies nearer than that one wins: the root of a server that was started there.
Result<Project> FindProject(const std::filesystem::path& from);
// The project at exactly `root`, whatever is in it.
Result<Project> ProjectAt(const std::filesystem::path& root);

// DVC's own rule, for its commands: the nearest folder upward that has a folder .dvc, not beyond a mount point. kNotFound with
// DVC's texts, exit 253 (dvc_error.hpp): "you are not inside of a DVC repository (checked up to mount point '/')", "directory 'x'
// does not exist".
Result<std::filesystem::path> FindDvcRoot(const std::filesystem::path& from);

// The git work tree around a DVC repository: "" with core.no_scm. Without git kNotFound "ROOT is not a git repository", exit 255,
// which is what every DVC command says there.
Result<std::filesystem::path> FindDvcGitRoot(const std::filesystem::path& dvc_root, bool no_scm);
// What DVC sees to whenever it opens a repository: that git ignores .dvc/config.local, .dvc/tmp and .dvc/cache. Returns
// .dvc/.gitignore when it has changed. `git_root` empty: nothing.
Result<std::optional<std::filesystem::path>> KeepDvcDirIgnored(const std::filesystem::path& dvc_root,
                                                               const std::filesystem::path& git_root);

// Makes .mlean/ with a .gitignore that ignores all of it.
Result<void> EnsureStateDir(const Project& project);

struct InitOptions {
  bool subdir = false;
  bool no_scm = false;
  bool force = false;
};
// What `dvc init` does in `root`: .dvc/config, .dvc/.gitignore (not with no_scm), .dvcignore, .dvc/tmp/btime, and git add of the
// first three. Errors carry DVC's own texts (without its "ERROR: failed to initiate DVC - "): kExists "'.dvc' exists. Use `-f` to
// force.", kUsage, kNotFound (no git around), kDenied (.dvc is git-ignored). Returns the paths it has added to git's index.
Result<std::vector<std::string>> InitDvc(const std::filesystem::path& root, const InitOptions& options);

}  // namespace mlean::repo
