// RevisionSource: the pipeline's view of a project's files in a commit of git (pipeline::Source over repo), with the .dvcignore
// files of that commit. As in DVC, .gitignore plays no part and links are not followed: a link is a file.
//
//   TRY(repo::GitReader reader, repo::GitReader::Open(git_root));
//   TRY(const std::string commit, reader.Resolve("HEAD"));
//   TRY(const auto source, RevisionSource::Open(reader, commit, below_git));
//   pipeline::Index index(*source, options);
//
// One thread, the reader's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "pipeline/source.hpp"
#include "repo/dvc_ignore.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {

class RevisionSource final : public pipeline::Source {
 public:
  // `commit`: 40 hex digits; `below_git`: where the project lies in the git repository, "" (or ".") at its root. The reader
  // outlives this. kInvalid for an unsound .dvcignore. A project that is not in the commit is told by Walk: kNotFound "Commit
  // '1234567' does not contain a DVC repo".
  static Result<std::unique_ptr<RevisionSource>> Open(repo::GitReader& reader, std::string commit, std::string below_git);

  // Nothing outside of the project is in a commit: kNone, kNotFound.
  Kind Look(const std::string& location) override;
  Result<std::string> Read(const std::string& location) override;
  Result<void> Walk(const std::function<Result<void>(const std::string& location)>& found,
                    const std::function<bool(const std::string& location)>& enter) override;
  bool IsDvcIgnored(const std::string& location) override;

  const std::string& commit() const { return commit_; }
  const std::string& below_git() const { return below_git_; }  // "" at git's root
  const repo::DvcIgnore& dvc_ignore() const { return dvc_ignore_; }
  repo::GitReader& reader() { return reader_; }
  // The entry at a location of the project; nullopt: nothing.
  Result<std::optional<repo::GitEntry>> Entry(const std::string& location);
  // A location of the project as a path from git's root ("" is the root).
  std::string InGit(const std::string& location) const;

 private:
  RevisionSource(repo::GitReader& reader, std::string commit, std::string below_git, repo::DvcIgnore dvc_ignore);

  repo::GitReader& reader_;
  std::string commit_;
  std::string below_git_;
  repo::DvcIgnore dvc_ignore_;
};

}  // namespace mlean::flows
