#include "flows/data/project_files.hpp"

#include <system_error>
#include <utility>
#include <vector>

#include "os/files.hpp"
#include "repo/dvc_files.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;

ProjectFiles::ProjectFiles(fs::path root, fs::path git_root, repo::DvcIgnore dvc_ignore,
                           std::optional<repo::GitIgnore> git_ignore)
    : root_(std::move(root)), dvc_ignore_(std::move(dvc_ignore)), git_ignore_(std::move(git_ignore)) {
  if (git_ignore_ && root_ != git_root) below_git_ = root_.lexically_relative(git_root).generic_string();
}

Result<ProjectFiles> ProjectFiles::Open(fs::path root, fs::path git_root) {
  TRY(repo::DvcIgnore dvc_ignore, repo::DvcIgnore::Open(root));
  std::optional<repo::GitIgnore> git_ignore;
  if (!git_root.empty()) {
    TRY(git_ignore, repo::GitIgnore::Open(git_root));
  }
  return ProjectFiles(std::move(root), std::move(git_root), std::move(dvc_ignore), std::move(git_ignore));
}

ProjectFiles::Kind ProjectFiles::Look(const std::string& location) {
  std::error_code ignored;
  const fs::file_status status = fs::status(root_ / location, ignored);
  if (fs::is_directory(status)) return Kind::kDir;
  return fs::exists(status) ? Kind::kFile : Kind::kNone;
}

Result<std::string> ProjectFiles::Read(const std::string& location) { return os::ReadFile(root_ / location); }

std::string ProjectFiles::InGit(const std::string& location) const {
  if (below_git_.empty()) return location;
  return location == "." ? below_git_ : below_git_ + "/" + location;
}

bool ProjectFiles::IsGitIgnored(const std::string& location) {
  if (!git_ignore_) return false;
  const Result<bool> ignored = git_ignore_->Ignored(InGit(location), Look(location) == Kind::kDir);
  return ignored && *ignored;
}

bool ProjectFiles::IsDvcIgnored(const std::string& location) {
  const Result<bool> ignored = dvc_ignore_.Ignored(location, Look(location) == Kind::kDir);
  return ignored && *ignored;
}

Result<void> ProjectFiles::Walk(const std::function<Result<void>(const std::string& location)>& found,
                                const std::function<bool(const std::string& location)>& enter) {
  repo::DvcTree tree;
  tree.root = root_;
  tree.dvc_ignore = &dvc_ignore_;
  tree.git_ignore = git_ignore_ ? &*git_ignore_ : nullptr;
  tree.below_git = below_git_;
  return repo::WalkDvcFiles(tree, found, enter);
}

}  // namespace mlean::flows
