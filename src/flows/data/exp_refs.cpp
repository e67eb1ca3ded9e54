#include "flows/data/exp_refs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "flows/data/revision_list.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {
namespace {

constexpr std::string_view kBranches = "refs/heads/";
constexpr std::string_view kTags = "refs/tags/";

Error NoSuchNames(const std::vector<std::string>& names, const std::string& remote) {
  const std::string listed = Join(names, "; ");
  if (!remote.empty()) return Fail(Code::kNotFound, fmt::format("Experiment '{}' does not exist in '{}'", listed, remote));
  return Fail(Code::kNotFound, names.size() > 1 ? fmt::format("'{}' are not valid experiment names", listed)
                                                : fmt::format("'{}' is not a valid experiment name", listed));
}

Result<std::vector<Experiment>> RemoteExperiments(const ExpGit& git, const std::string& remote) {
  TRY(const os::ProcessOutcome done, git.Run({"ls-remote", "--refs", "--", remote, "refs/exps/*"}));
  if (!done.Ok()) return Fail(Code::kNotFound, fmt::format("'{}' is not a valid Git remote or URL", remote));
  std::vector<Experiment> found;
  for (const std::string& line : Split(done.output, '\n')) {
    const std::size_t tab = line.find('\t');
    if (tab == line.npos) continue;
    if (auto ref = experiments::ParseExpRef(line.substr(tab + 1))) found.push_back({*std::move(ref), line.substr(0, tab)});
  }
  return found;
}

}  // namespace

Result<ExpGit> GitOf(const Repository& repository) {
  if (repository.git_root().empty()) return NeedsGit();
  return ExpGit(repository.git_root(), repository.cancel());
}

Result<std::vector<Experiment>> ListExperiments(const ExpGit& git, const std::string& remote) {
  if (!remote.empty()) return RemoteExperiments(git, remote);
  TRY(const std::vector<repo::GitRef> refs, repo::ListRefs(git.root(), experiments::kNamespace));
  std::vector<Experiment> found;
  for (const repo::GitRef& ref : refs) {
    if (auto parsed = experiments::ParseExpRef(ref.name)) found.push_back({*std::move(parsed), ref.commit});
  }
  return found;
}

Result<std::vector<Experiment>> FindExperiments(const ExpGit& git, const std::string& remote,
                                                const std::vector<std::string>& names, bool tell_remote) {
  TRY(const std::vector<Experiment> all, ListExperiments(git, remote));
  TRY(const std::string head, git.Head());
  std::vector<Experiment> found;
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    std::vector<const Experiment*> matches;
    for (const Experiment& one : all) {
      if (one.ref.name == name || one.ref.Text() == name) matches.push_back(&one);
    }
    if (matches.size() > 1) {
      const auto here = std::find_if(matches.begin(), matches.end(), [&](const auto* one) { return one->ref.baseline == head; });
      if (here == matches.end()) {
        std::string text = fmt::format(
            "Ambiguous name '{}' refers to multiple experiments. Use one of the following full refnames instead:\n", name);
        for (const Experiment* one : matches) text += "\n\t" + one->ref.Text();
        return Fail(Code::kInvalid, std::move(text));
      }
      matches = {*here};
    }
    if (matches.empty()) {
      unknown.push_back(name);
    } else if (std::none_of(found.begin(), found.end(), [&](const Experiment& one) { return one.ref == matches[0]->ref; })) {
      found.push_back(*matches[0]);
    }
  }
  if (!unknown.empty()) return NoSuchNames(unknown, tell_remote ? remote : std::string());
  return found;
}

Result<std::vector<Experiment>> SelectExperiments(const ExpGit& git, const std::string& remote, const ExpSelection& selection,
                                                  bool tell_remote) {
  if (selection.all_commits) return ListExperiments(git, remote);
  if (!selection.names.empty()) return FindExperiments(git, remote, selection.names, tell_remote);
  TRY(repo::GitReader reader, repo::GitReader::Open(git.root()));
  repo::RevisionQuery query;
  query.revisions = selection.revisions.empty() ? std::vector<std::string>{"HEAD"} : selection.revisions;
  query.number = selection.number;
  TRY(const std::vector<repo::NamedRevision> revisions, repo::ListRevisions(reader, query));
  std::set<std::string> baselines;
  for (const repo::NamedRevision& revision : revisions) baselines.insert(revision.commit);
  TRY(std::vector<Experiment> found, ListExperiments(git, remote));
  std::erase_if(found, [&](const Experiment& one) { return !baselines.contains(one.ref.baseline); });
  return found;
}

Result<CommitNames> CommitNames::Read(const ExpGit& git) {
  CommitNames names;
  TRY(names.head_, git.Head());
  TRY(const os::ProcessOutcome branch, git.Run({"symbolic-ref", "--quiet", "HEAD"}));
  const std::string_view ref = Trim(branch.output);
  if (branch.Ok() && ref.starts_with(kBranches)) names.branch_ = ref.substr(kBranches.size());
  TRY(const std::vector<repo::GitRef> tags, repo::ListRefs(git.root(), kTags));
  for (const repo::GitRef& tag : tags) names.tags_.emplace(tag.commit, tag.name.substr(kTags.size()));
  TRY(const std::vector<repo::GitRef> branches, repo::ListRefs(git.root(), kBranches));
  for (const repo::GitRef& one : branches) names.branches_.emplace(one.commit, one.name.substr(kBranches.size()));
  return names;
}

std::string CommitNames::Of(const std::string& commit) const {
  if (commit == head_ && !branch_.empty()) return branch_;
  if (const auto tag = tags_.find(commit); tag != tags_.end()) return tag->second;
  const auto branch = branches_.find(commit);
  return branch == branches_.end() ? "" : branch->second;
}

Result<void> CheckName(std::string_view name) {
  if (experiments::IsValidName(name)) return {};
  return Fail(Code::kInvalid, fmt::format("Invalid exp name {}, the exp name must follow rules in "
                                          "https://git-scm.com/docs/git-check-ref-format",
                                          name));
}

Error NameTaken(std::string_view name) {
  return Fail(Code::kExists, fmt::format("Experiment conflicts with existing experiment '{}'. To overwrite the existing "
                                         "experiment run:\n\n\tdvc exp run -f ...\n\n",
                                         name));
}

Result<std::vector<std::string>> RemoveExperiments(const ExpGit& git, const std::string& remote, const ExpSelection& selection,
                                                   bool keep) {
  TRY(std::vector<Experiment> chosen, SelectExperiments(git, remote, selection, true));
  if (keep) {
    TRY(std::vector<Experiment> all, ListExperiments(git, remote));
    std::erase_if(all, [&](const Experiment& one) {
      return std::any_of(chosen.begin(), chosen.end(), [&](const Experiment& kept) { return kept.ref == one.ref; });
    });
    chosen = std::move(all);
  }
  std::vector<std::string> names;
  std::vector<std::string> refs;
  for (const Experiment& one : chosen) {
    names.push_back(one.ref.name);
    refs.push_back(one.ref.Text());
  }
  if (refs.empty()) return names;
  if (!remote.empty()) {
    std::vector<std::string> arguments = {"push", "--quiet", "--no-verify", "--", remote};
    for (const std::string& ref : refs) arguments.push_back(":" + ref);
    TRYV(git.Output(fmt::format("remove experiments from '{}'", remote), std::move(arguments)));
    return names;
  }
  TRY(const std::optional<std::string> applied, git.ReadRef(std::string(experiments::kExecApply)));
  const auto is_applied = [&](const Experiment& one) { return applied && one.commit == *applied; };
  if (std::any_of(chosen.begin(), chosen.end(), is_applied)) refs.emplace_back(experiments::kExecApply);
  TRYV(git.DeleteRefs(refs));
  return names;
}

Result<bool> RenameExperiment(const ExpGit& git, const std::string& remote, const std::string& name, const std::string& new_name,
                              bool force) {
  if (name == new_name) return false;
  TRY(const std::vector<Experiment> found, FindExperiments(git, remote, {name}, true));
  const Experiment& one = found.front();
  const experiments::ExpRef renamed{one.ref.baseline, new_name};
  TRY(const std::vector<Experiment> all, ListExperiments(git, remote));
  const bool taken = std::any_of(all.begin(), all.end(), [&](const Experiment& other) { return other.ref == renamed; });
  if (taken && !force) return NameTaken(new_name);
  TRYV(CheckName(new_name));
  if (remote.empty()) {
    TRYV(git.SetRef(renamed.Text(), one.commit));
    TRYV(git.DeleteRefs({one.ref.Text()}));
    return true;
  }
  // The remote gets the commit under its new name from here.
  TRYV(git.Output("read the experiment", {"fetch", "--quiet", "--no-write-fetch-head", "--", remote, one.ref.Text()}));
  TRYV(git.Output(fmt::format("rename '{}' on '{}'", name, remote),
                  {"push", "--quiet", "--no-verify", "--atomic", "--", remote, "+" + one.commit + ":" + renamed.Text(),
                   ":" + one.ref.Text()}));
  return true;
}

Result<ExpBranch> BranchOff(const ExpGit& git, repo::GitReader& reader, const std::string& revision, std::string branch) {
  const Result<std::string> commit = reader.Resolve(revision);
  if (!commit) return Fail(Code::kInvalid, revision);
  TRY(const std::vector<Experiment> all, ListExperiments(git, ""));
  std::vector<const Experiment*> found;
  for (const Experiment& one : all) {
    for (std::string at = one.commit; !at.empty() && at != one.ref.baseline;) {
      if (at == *commit) found.push_back(&one);
      if (at == *commit) break;
      TRY(at, reader.FirstParent(at));
    }
  }
  if (found.size() > 1) {
    TRY(const std::string head, git.Head());
    const auto here = std::find_if(found.begin(), found.end(), [&](const auto* one) { return one->ref.baseline == head; });
    if (here == found.end()) {
      std::string text = fmt::format(
          "Ambiguous experiment name '{}' can refer to multiple experiments. To create a branch use a full experiment ref:\n",
          revision);
      for (const Experiment* one : found) text += "\n" + one->ref.Text();
      return Fail(Code::kInvalid, std::move(text));
    }
    found = {*here};
  }
  if (found.empty()) return Fail(Code::kInvalid, fmt::format("'{}' does not appear to be an experiment commit.", revision));
  ExpBranch made{found[0]->ref.name, std::move(branch)};
  if (made.branch.empty()) made.branch = made.experiment + "-branch";
  const std::string ref = std::string(kBranches) + made.branch;
  TRY(const std::optional<std::string> there, git.ReadRef(ref));
  if (there) return Fail(Code::kExists, fmt::format("Git branch '{}' already exists.", made.branch));
  TRYV(git.SetRef(ref, found[0]->commit, fmt::format("dvc: Created from experiment '{}'", made.experiment)));
  return made;
}

std::string QuotedNames(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) codec::AppendPythonRepr(quoted.emplace_back(), name);
  if (quoted.size() < 2) return Join(quoted, "");
  return Join({quoted.begin(), quoted.end() - 1}, ", ") + " and " + quoted.back();
}

}  // namespace mlean::flows
