// What the commands of experiments do with git beside reading: commits that no branch knows, made from a copy of the index, so
// that the user's own index, HEAD and stash stay as they are; refs; and other repositories.
//
// All by running git, without a deadline, stopped by the flag `cancel`. Errors: kIo "cannot …: git: <its last line>"; kCancelled.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/process.hpp"

namespace mlean::flows {

class ExpGit {
 public:
  // `root`: of the work tree.
  explicit ExpGit(std::filesystem::path root, const std::atomic<bool>* cancel = nullptr)
      : root_(std::move(root)), cancel_(cancel) {}

  const std::filesystem::path& root() const { return root_; }

  using Env = std::vector<std::pair<std::string, std::string>>;
  // What git printed, stderr too.
  Result<os::ProcessOutcome> Run(std::vector<std::string> arguments, const Env& env = {}) const;
  // stdout and stderr of a call that must not fail; `what` as in "cannot <what>: …".
  Result<std::string> Output(std::string_view what, std::vector<std::string> arguments, const Env& env = {}) const;

  // 40 hex digits. Errors with DVC's texts where there are no commits: "unexpected error - Empty git repo"
  Result<std::string> Head() const;
  Result<std::filesystem::path> GitDir() const;  // of this work tree
  // The commit that a ref names; nullopt: none.
  Result<std::optional<std::string>> ReadRef(const std::string& ref) const;
  // `reason`: kept in the ref's log, which is made; "": no log.
  Result<void> SetRef(const std::string& ref, const std::string& commit, const std::string& reason = {}) const;
  Result<void> DeleteRefs(const std::vector<std::string>& refs) const;
  // A commit without a ref.
  Result<std::string> CommitTree(const std::string& tree, const std::vector<std::string>& parents,
                                 const std::string& message) const;
  // Paths of git status' untracked files, from the root; ignored ones are left out.
  Result<std::vector<std::string>> Untracked() const;
  // What differs between two trees: paths from the root. `filter`: "D" what only the first has, "ACMRT" the others.
  Result<std::vector<std::string>> Differing(const std::string& from, const std::string& to, const std::string& filter) const;

 private:
  std::filesystem::path root_;
  const std::atomic<bool>* cancel_ = nullptr;
};

// A copy of a work tree's index, in a file of its own that goes with this.
class IndexCopy {
 public:
  static Result<IndexCopy> Make(const ExpGit& git);
  IndexCopy(IndexCopy&& other) noexcept;
  IndexCopy& operator=(IndexCopy&&) = delete;
  ~IndexCopy();

  ExpGit::Env env() const;
  // What is tracked, as it stands in the work tree.
  Result<void> AddTracked() const;
  // Files and folders, from the root; `force`: ignored ones too. What is not there is passed over.
  Result<void> Add(const std::vector<std::string>& paths, bool force) const;
  Result<std::string> WriteTree() const;
  // Files of a commit to the work tree, over whatever is there.
  Result<void> CheckOut(const std::string& commit, const std::vector<std::string>& paths) const;

 private:
  IndexCopy(const ExpGit& git, std::filesystem::path file) : git_(&git), file_(std::move(file)) {}
  const ExpGit* git_;
  std::filesystem::path file_;
};

}  // namespace mlean::flows
