// Source: where the files of a project are read from: the work tree, or a revision of git (room flows implements that one).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace mlean::pipeline {

class Source {
 public:
  enum class Kind : std::uint8_t { kNone, kFile, kDir };

  virtual ~Source() = default;
  // `location`: see place.hpp; links are followed.
  virtual Kind Look(const std::string& location) = 0;
  // The whole file; kNotFound when it is not there.
  virtual Result<std::string> Read(const std::string& location) = 0;
  // Calls `found` for each "*.dvc" and "dvc.yaml" that neither git nor .dvcignore ignores; the files of a folder first, then its
  // folders, in the order of the directory (DVC's order of stages follows from it). Before it goes into a folder it asks `enter`,
  // which is false for outputs. Nested projects (a folder with ".dvc" in it) are not entered. An error of `found` ends the walk.
  virtual Result<void> Walk(const std::function<Result<void>(const std::string& location)>& found,
                            const std::function<bool(const std::string& location)>& enter) = 0;
  // Refuses a file that git ignores ("'dvc.lock' is git-ignored."), asked before each dvc.yaml, .dvc and dvc.lock is read. The
  // default allows all.
  virtual bool IsGitIgnored(const std::string& location);
  virtual bool IsDvcIgnored(const std::string& location);
};

// The files on disk, with no ignore rules: for tests and for callers whose projects have none. Folders are walked in the order of
// the directory.
class WorkTree : public Source {
 public:
  explicit WorkTree(std::filesystem::path root) : root_(std::move(root)) {}
  Kind Look(const std::string& location) override;
  Result<std::string> Read(const std::string& location) override;
  Result<void> Walk(const std::function<Result<void>(const std::string& location)>& found,
                    const std::function<bool(const std::string& location)>& enter) override;

 private:
  std::filesystem::path root_;
};

}  // namespace mlean::pipeline
