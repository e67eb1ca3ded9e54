#include "flows/data/repository.hpp"

#include <fmt/core.h>

#include <chrono>
#include <utility>

#include "base/log.hpp"
#include "os/files.hpp"
#include "repo/git.hpp"
#include "repo/ignore_paths.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

// No verb is that long at writing one text.
constexpr std::chrono::hours kLeftoverAge(1);

std::vector<cas::LinkType> LinkTypes(const repo::CacheConfig& cache) {
  std::vector<cas::LinkType> types;
  for (const std::string& name : cache.type) {
    if (const std::optional<cas::LinkType> type = cas::ParseLinkType(name)) types.push_back(*type);
  }
  if (types.empty()) return {cas::LinkType::kReflink, cas::LinkType::kCopy};
  return types;
}

}  // namespace

Result<std::unique_ptr<Repository>> Repository::Open(const fs::path& directory, const RepositoryOptions& options) {
  std::unique_ptr<Repository> repository(new Repository(directory, options));
  TRYV(repository->Load());
  return repository;
}

Result<void> Repository::LoadRoot() {
  Result<fs::path> root = repo::FindDvcRoot(directory_);
  const bool found = root.ok();
  if (!found && options_.uninitialized) root = repo::GitRoot(directory_).value_or(directory_);
  if (!root) return std::move(root).error();
  TRY(project_, repo::ProjectAt(*root));
  TRY(config_, repo::LoadDvcConfig(found ? project_.DvcDir() : fs::path()));
  return {};
}

void Repository::Reload() {
  pipeline::IndexOptions options;
  options.place = place_;
  options.parsing = {.boolean_optional = config_.parsing.boolean == "boolean_optional",
                     .list_append = config_.parsing.list == "append"};
  options.say = options_.say;
  if (options_.skip_broken_files) options.on_error = [](const std::string&, const Error&) { return Result<void>(); };
  index_.emplace(*files_, std::move(options));
}

Result<void> Repository::Load() {
  TRYV(LoadRoot());
  const fs::path& root = project_.root;
  if (project_.has_dvc) {
    TRY(git_root_, repo::FindDvcGitRoot(root, config_.core.no_scm));
  } else if (!config_.core.no_scm) {
    git_root_ = project_.git_root;
  }
  if (options_.lock) {
    TRY(lock_, repo::RepoLock::Acquire(
                   project_.DvcTempDir(),
                   {.wait_forever = options_.wait_for_lock, .hardlink = config_.core.hardlink_lock, .cancel = options_.cancel}));
    os::RemoveLeftovers(project_.DvcTempDir(), kLeftoverAge);
  }
  place_.root = root;
  place_.cwd = directory_ == root ? "." : directory_.lexically_relative(root).generic_string();
  TRY(files_, ProjectFiles::Open(root, git_root_));
  Reload();

  if (project_.has_dvc) {
    TRY(state_, cas::HashState::Open(project_.DvcStateDir() / "hashes"));
    TRY(links_, cas::LinkRecord::Open(project_.DvcStateDir() / "links", root));
  }
  store_.emplace(cas::StoreOptions{.cache_dir = config_.CacheDir(project_.DvcDir()),
                                   .state = &state_,
                                   .link_types = LinkTypes(config_.cache),
                                   .temp_dir = project_.DvcTempDir(),
                                   .group_shared = config_.cache.shared_group});
  scm_.emplace(git_root_, project_.DvcTempDir(), config_.core.autostage, options_.quiet);
  if (project_.has_dvc) {
    TRY(const auto changed, repo::KeepDvcDirIgnored(root, git_root_));
    if (changed) scm_->Track(*changed);
  }
  return {};
}

void Repository::Warn(const std::vector<cas::ScanWarning>& warnings, const fs::path& folder) const {
  if (!options_.say) return;
  const std::string shown = place_.Shown(folder.lexically_relative(root()).generic_string());
  for (cas::ScanWarning warning : warnings) {
    warning.path = shown + "/" + warning.path;
    options_.say(pipeline::Level::kWarning, warning.Text());
  }
}

cas::IgnoreRule Repository::IgnoredBelow(const fs::path& output) const {
  const std::string front = output.lexically_relative(project_.root).generic_string();
  if (front.empty() || front.starts_with("..")) return {};  // outside: no rules hold
  return [paths = std::make_shared<repo::IgnorePaths>(files_->dvc_ignore(), front)](std::string_view path, bool is_dir) {
    const Result<bool> ignored = paths->Has(path, is_dir);
    return ignored && *ignored;
  };
}

Result<void> Repository::RefuseTrackedByGit(const fs::path& output) {
  if (!tracked_) {
    TRY(tracked_, repo::TrackedPaths::Load(git_root_));
  }
  if (!tracked_->Holds(output)) return {};
  const std::string shown = place_.Shown(output.lexically_relative(root()).generic_string());
  return Fail(Code::kConflict, fmt::format(" output '{0}' is already tracked by SCM (e.g. Git).\n"
                                           "    You can remove it from Git, then add to DVC.\n"
                                           "        To stop tracking from Git:\n"
                                           "            git rm -r --cached '{0}'\n"
                                           "            git commit -m \"stop tracking {0}\" ",
                                           shown));
}

Result<void> Repository::Finish() {
  if (!project_.has_dvc) return {};
  for (const Result<void>& saved : {state_.Save(), links_.Save()}) {
    if (!saved) log::Warn("state.save", {{"error", saved.error().what}});
  }
  return {};
}

}  // namespace mlean::flows
