// RevisionIndex: the stages of a project as a commit of git has them, read with the configuration of the work tree, as DVC does.
#pragma once

#include <memory>
#include <string>

#include "flows/data/repository.hpp"
#include "flows/data/revision_source.hpp"
#include "pipeline/index.hpp"

namespace mlean::flows {

class RevisionIndex {
 public:
  // `reader`: of the repository's git_root(); it and the repository outlive this. `commit`: 40 hex digits.
  static Result<std::unique_ptr<RevisionIndex>> Open(Repository& repository, repo::GitReader& reader, std::string commit);

  RevisionSource& source() { return *source_; }
  pipeline::Index& index() { return *index_; }

 private:
  RevisionIndex() = default;
  std::unique_ptr<RevisionSource> source_;
  std::unique_ptr<pipeline::Index> index_;
};

// Where the project lies in its git repository, "" at its root.
std::string BelowGit(const Repository& repository);

}  // namespace mlean::flows
