// Repository: a DVC project opened for one of DVC's commands: its configuration, lock, ignore rules, stages and cache.
//
//   TRY(const std::unique_ptr<Repository> repo, Repository::Open(directory, {.lock = true}));
//   TRY(const auto* stages, repo->index().All());
//   …
//   TRYV(repo->Finish());
//
// Errors carry DVC's texts (repo/dvc_error.hpp). One thread; not moved once open, its parts point to each other.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cas/hash_state.hpp"
#include "cas/link_record.hpp"
#include "cas/object_store.hpp"
#include "flows/data/project_files.hpp"
#include "pipeline/index.hpp"
#include "repo/dvc_config.hpp"
#include "repo/git_ignore.hpp"
#include "repo/git_tracked.hpp"
#include "repo/project.hpp"
#include "repo/repo_lock.hpp"

namespace mlean::flows {

struct RepositoryOptions {
  bool lock = true;            // hold .dvc/tmp/lock until the Repository goes
  bool wait_for_lock = false;  // for ever; else 3 s
  bool quiet = false;
  // Also where there is no .dvc: the root is git's, else the directory, and nothing is written. With lock = false only.
  bool uninitialized = false;
  bool skip_broken_files = false;  // dvc files that cannot be read count as absent when all are read
  pipeline::Say say;
  const std::atomic<bool>* cancel = nullptr;
  cas::Progress* progress = nullptr;  // outlives the Repository
};

class Repository {
 public:
  // `directory`: where the command was called, absolute. Exit 253 outside a project, 251 with an unsound configuration, 255 when
  // another process holds the lock.
  static Result<std::unique_ptr<Repository>> Open(const std::filesystem::path& directory, const RepositoryOptions& options);
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;

  const repo::Project& project() const { return project_; }
  const std::filesystem::path& root() const { return project_.root; }
  const std::filesystem::path& directory() const { return directory_; }
  // Empty without git, or with core.no_scm.
  const std::filesystem::path& git_root() const { return git_root_; }
  const repo::DvcConfig& config() const { return config_; }
  const pipeline::Place& place() const { return place_; }
  ProjectFiles& files() { return *files_; }
  pipeline::Index& index() { return *index_; }
  cas::ObjectStore& store() { return *store_; }
  cas::HashState& state() { return state_; }
  cas::LinkRecord& links() { return links_; }
  repo::ScmNotes& scm() { return *scm_; }
  const pipeline::Say& say() const { return options_.say; }
  const std::atomic<bool>* cancel() const { return options_.cancel; }
  cas::Work work() const { return {.progress = options_.progress, .cancelled = options_.cancel}; }
  repo::RepoLock* lock() { return lock_ ? &*lock_ : nullptr; }
  // Tells what was left out of a folder, with paths as shown.
  void Warn(const std::vector<cas::ScanWarning>& warnings, const std::filesystem::path& folder) const;
  // .dvcignore below one output, for the cas room; for one walk (repo/ignore_paths.hpp).
  cas::IgnoreRule IgnoredBelow(const std::filesystem::path& output) const;

  // Refuses an output that git tracks, with DVC's text. Asks git once a command.
  Result<void> RefuseTrackedByGit(const std::filesystem::path& output);

  // Forgets the stages read so far, which are gone then: dvc files were written.
  void Reload();

  // Saves what was remembered. A state that cannot be written costs time only and is no error.
  Result<void> Finish();

 private:
  Repository(std::filesystem::path directory, RepositoryOptions options)
      : directory_(std::move(directory)), options_(std::move(options)) {}
  Result<void> Load();
  Result<void> LoadRoot();

  std::filesystem::path directory_;
  RepositoryOptions options_;
  repo::Project project_;
  std::filesystem::path git_root_;
  repo::DvcConfig config_;
  std::optional<repo::RepoLock> lock_;
  pipeline::Place place_;
  std::optional<ProjectFiles> files_;
  std::optional<pipeline::Index> index_;
  cas::HashState state_;
  cas::LinkRecord links_;
  std::optional<cas::ObjectStore> store_;
  std::optional<repo::ScmNotes> scm_;
  std::optional<repo::TrackedPaths> tracked_;
};

}  // namespace mlean::flows
