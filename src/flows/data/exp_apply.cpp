#include "flows/data/exp_apply.hpp"

#include <fmt/core.h>

#include <utility>
#include <vector>

#include "base/text.hpp"
#include "experiments/refs.hpp"
#include "flows/data/checkout.hpp"
#include "flows/data/exp_git.hpp"
#include "flows/data/exp_refs.hpp"
#include "os/files.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {
namespace {

// How git names a commit in a stash: "main: 1234567 subject".
Result<std::string> Described(const ExpGit& git, const std::string& head) {
  TRY(const os::ProcessOutcome branch, git.Run({"symbolic-ref", "--quiet", "--short", "HEAD"}));
  TRY(const std::string subject, git.Output("read HEAD", {"log", "-1", "--format=%h %s", head}));
  return fmt::format("{}: {}", branch.Ok() ? std::string(Trim(branch.output)) : "(no branch)", Trim(subject));
}

// The tree that holds these files and nothing else.
Result<std::string> TreeOf(const ExpGit& git, const std::vector<std::string>& paths) {
  TRY(const IndexCopy index, IndexCopy::Make(git));
  TRYV(git.Output("set untracked files aside", {"read-tree", "--empty"}, index.env()));
  TRYV(index.Add(paths, false));
  return index.WriteTree();
}

// The work tree as git's stash would keep it; "" when there is nothing to keep.
Result<std::string> Stash(const ExpGit& git, const IndexCopy& index, const std::string& head, const std::string& message) {
  TRY(const std::string staged, index.WriteTree());
  TRYV(index.AddTracked());
  TRY(const std::string tree, index.WriteTree());
  TRY(const std::vector<std::string> untracked, git.Untracked());
  TRY(const std::string committed, git.Output("read HEAD", {"rev-parse", head + "^{tree}"}));
  if (Trim(committed) == tree && staged == tree && untracked.empty()) return std::string();
  TRY(const std::string described, Described(git, head));
  TRY(const std::string staged_commit, git.CommitTree(staged, {head}, "index on " + described));
  std::vector<std::string> parents = {head, staged_commit};
  if (!untracked.empty()) {
    TRY(const std::string untracked_tree, TreeOf(git, untracked));
    TRY(std::string untracked_commit, git.CommitTree(untracked_tree, {}, "untracked files on " + described));
    parents.push_back(std::move(untracked_commit));
  }
  return git.CommitTree(tree, parents, fmt::format("On {}: {}", described.substr(0, described.find(": ")), message));
}

}  // namespace

Result<void> ApplyExperiment(Repository& repository, const std::string& revision) {
  TRY(const ExpGit git, GitOf(repository));
  TRY(const std::string head, git.Head());
  TRY(repo::GitReader reader, repo::GitReader::Open(git.root()));
  const Result<std::string> commit = reader.Resolve(revision);
  if (!commit) {
    return Fail(Code::kNotFound,
                fmt::format("'{}' does not appear to be an experiment commit.: {}", revision, commit.error().what));
  }
  const std::string stash_ref(experiments::kApplyStash);
  TRY(const std::optional<std::string> older, git.ReadRef(stash_ref));
  if (older) TRYV(git.DeleteRefs({stash_ref}));
  TRYV(git.SetRef(std::string(experiments::kApplyHead), head));
  const std::string message = experiments::ApplyMessage(head, *commit, revision);
  TRY(const IndexCopy index, IndexCopy::Make(git));
  TRY(const std::string stash, Stash(git, index, head, message));
  if (!stash.empty()) TRYV(git.SetRef(stash_ref, stash, "commit: " + message));

  const std::string& from = stash.empty() ? head : stash;
  TRY(const std::vector<std::string> changed, git.Differing(from, *commit, "ACMRT"));
  TRYV(index.CheckOut(*commit, changed));
  if (stash.empty()) {
    TRY(const std::vector<std::string> gone, git.Differing(from, *commit, "D"));
    for (const std::string& path : gone) TRYV(os::Remove(git.root() / path));
  }
  repository.Reload();
  TRY(const CheckoutReport report, CheckoutData(repository, {.targets = {}, .force = true}));
  if (!report.failed.empty()) return Fail(Code::kNotFound, CheckoutFailedText(report.failed));
  return git.SetRef(std::string(experiments::kExecApply), *commit);
}

}  // namespace mlean::flows
