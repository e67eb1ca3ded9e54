// RevisionView: the files of a project as `metrics`, `params` and `plots` read them: those of the work tree or of a commit, and
// in place of what is not there tracked data from the cache.
//
//   TRY(const auto view, RevisionView::OfCommit(repository, reader, commit));
//   TRY(const std::string text, view->Read("eval/metrics.json"));
//
// All paths are locations (pipeline/place.hpp). One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flows/data/data_view.hpp"
#include "flows/data/repository.hpp"
#include "flows/data/revision_index.hpp"

namespace mlean::flows {

class RevisionView {
 public:
  using Kind = pipeline::Source::Kind;

  // The repository outlives the view.
  static Result<std::unique_ptr<RevisionView>> OfWorkTree(Repository& repository);
  // The reader, of repository.git_root(), outlives it too. kNotFound "Commit '1234567' does not contain a DVC repo".
  static Result<std::unique_ptr<RevisionView>> OfCommit(Repository& repository, repo::GitReader& reader, std::string commit);

  pipeline::Index& index() { return revision_ ? revision_->index() : repository_.index(); }
  pipeline::Source& source();
  Repository& repository() { return repository_; }

  // kNone also when the stages cannot be read and there is no such file.
  Kind Look(const std::string& location);
  // The file, or every file in the folder at any depth, sorted; DVC's own files and what .dvcignore hides are left out.
  Result<std::vector<std::string>> Files(const std::string& location);
  // Fetched into the cache from the default remote when it is only there. kNotFound; "No storage files available: 'x'" for a file
  // that is tracked.
  Result<std::string> Read(const std::string& location);

 private:
  explicit RevisionView(Repository& repository) : repository_(repository) {}
  Result<std::vector<std::string>> FilesOfSource(const std::string& folder);
  Result<const DataView*> Tracked();
  // The output at or around a location; nullptr when there is none.
  Result<const DataOut*> Around(const std::string& location);
  // The object of a tracked file; nullopt: there is no such file.
  Result<std::optional<cas::ObjectId>> Object(const std::string& location);

  Repository& repository_;
  std::unique_ptr<RevisionIndex> revision_;  // null: the work tree
  std::optional<DataView> tracked_;
};

}  // namespace mlean::flows
