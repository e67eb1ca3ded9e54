// ProjectFiles: the pipeline's view of a project's files in the work tree, with the ignore rules of DVC and git
// (pipeline::Source over repo).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "pipeline/source.hpp"
#include "repo/dvc_ignore.hpp"
#include "repo/git_ignore.hpp"

namespace mlean::flows {

class ProjectFiles final : public pipeline::Source {
 public:
  // `root`: of the DVC project, absolute; `git_root`: of the work tree around it, empty without git.
  static Result<ProjectFiles> Open(std::filesystem::path root, std::filesystem::path git_root);

  Kind Look(const std::string& location) override;
  Result<std::string> Read(const std::string& location) override;
  // In the order of the directory; links to folders are not followed.
  Result<void> Walk(const std::function<Result<void>(const std::string& location)>& found,
                    const std::function<bool(const std::string& location)>& enter) override;
  bool IsGitIgnored(const std::string& location) override;
  bool IsDvcIgnored(const std::string& location) override;

  const repo::DvcIgnore& dvc_ignore() const { return dvc_ignore_; }

 private:
  ProjectFiles(std::filesystem::path root, std::filesystem::path git_root, repo::DvcIgnore dvc_ignore,
               std::optional<repo::GitIgnore> git_ignore);
  // From git's root.
  std::string InGit(const std::string& location) const;

  std::filesystem::path root_;
  std::string below_git_;  // where the project lies in the work tree; "" at its root
  repo::DvcIgnore dvc_ignore_;
  std::optional<repo::GitIgnore> git_ignore_;
};

}  // namespace mlean::flows
