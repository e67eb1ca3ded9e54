#include "flows/data/revision_list.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;

Error NeedsGit() {
  return Fail(
      Code::kInvalid,
      "Only supported for Git repositories. If you're seeing this error in a Git repo, try updating the DVC configuration "
      "with `dvc config core.no_scm false`.");
}

Result<repo::GitReader*> RevisionList::Reader() {
  if (repository_.git_root().empty()) return NeedsGit();
  if (!reader_) {
    TRY(reader_, repo::GitReader::Open(repository_.git_root()));
  }
  return &*reader_;
}

Result<bool> RevisionList::HasCommits() {
  TRY(repo::GitReader* const reader, Reader());
  TRY(const std::optional<std::string> head, reader->ResolveByGit("HEAD"));
  return head.has_value();
}

Result<std::vector<ListedRevision>> RevisionList::WithWorkTree(const repo::RevisionQuery& query) {
  std::vector<ListedRevision> revisions = {{std::string(kWorkspace), ""}};
  TRY(repo::GitReader* const reader, Reader());
  TRY(const std::vector<repo::NamedRevision> named, repo::ListRevisions(*reader, query));
  for (const repo::NamedRevision& revision : named) revisions.push_back({Join(revision.names, ","), revision.commit});
  return revisions;
}

Result<std::vector<ListedRevision>> RevisionList::Sides(const std::string& old_revision, const std::string& new_revision) {
  repo::RevisionQuery query;
  query.revisions = {old_revision, new_revision};
  TRY(std::vector<ListedRevision> revisions, WithWorkTree(query));
  if (old_revision != kWorkspace && new_revision != kWorkspace) revisions.erase(revisions.begin());
  return revisions;
}

Result<std::unique_ptr<RevisionView>> RevisionList::View(const ListedRevision& revision) {
  if (revision.commit.empty()) return RevisionView::OfWorkTree(repository_);
  TRY(repo::GitReader* const reader, Reader());
  Result<std::unique_ptr<RevisionView>> view = RevisionView::OfCommit(repository_, *reader, revision.commit);
  if (!view && view.error().code == Code::kNotFound) return std::unique_ptr<RevisionView>();
  return view;
}

std::string RevisionList::ActiveBranch() const {
  constexpr std::string_view kBranch = "ref: refs/heads/";
  fs::path git = repository_.git_root() / ".git";
  if (!os::IsDir(git)) {  // of another work tree: "gitdir: PATH"
    constexpr std::string_view kLink = "gitdir: ";
    const Result<std::string> link = os::ReadFile(git);
    if (!link || !link->starts_with(kLink)) return {};
    git = repository_.git_root() / Trim(std::string_view(*link).substr(kLink.size()));
  }
  const Result<std::string> head = os::ReadFile(git / "HEAD");
  if (!head || !head->starts_with(kBranch)) return {};
  return std::string(Trim(std::string_view(*head).substr(kBranch.size())));
}

}  // namespace mlean::flows
