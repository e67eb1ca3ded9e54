// RevisionList: the revisions that `metrics`, `params` and `plots` are asked about, the work tree among them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flows/data/revision_view.hpp"

namespace mlean::flows {

inline constexpr std::string_view kWorkspace = "workspace";

struct ListedRevision {
  std::string name;    // as DVC shows it: "workspace", "HEAD", "main,v1"
  std::string commit;  // empty: the work tree
};

// DVC's text for a command that is nothing without git.
Error NeedsGit();

class RevisionList {
 public:
  // Without git (or with core.no_scm) everything but the work tree is kInvalid, with DVC's text.
  explicit RevisionList(Repository& repository) : repository_(repository) {}

  // Whether git has a commit at all.
  Result<bool> HasCommits();
  // The work tree first, as DVC does; then what the query means.
  Result<std::vector<ListedRevision>> WithWorkTree(const repo::RevisionQuery& query);
  // The two sides of a diff, those that are revisions at all: "workspace" is the work tree. When both are one commit their names
  // are one, "HEAD,main", as in DVC.
  Result<std::vector<ListedRevision>> Sides(const std::string& old_revision, const std::string& new_revision);
  // nullptr: the commit does not have the project.
  Result<std::unique_ptr<RevisionView>> View(const ListedRevision& revision);
  // The branch that is checked out; "" when HEAD is detached.
  std::string ActiveBranch() const;
  Result<repo::GitReader*> Reader();

 private:
  Repository& repository_;
  std::optional<repo::GitReader> reader_;
};

}  // namespace mlean::flows
