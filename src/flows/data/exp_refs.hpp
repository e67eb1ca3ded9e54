// The experiments of a repository and of its git remotes: finding them by name and by the commit they began at, and `exp list`,
// `exp rename`, `exp remove`, `exp branch`.
//
// Errors have DVC's texts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/refs.hpp"
#include "flows/data/exp_git.hpp"
#include "flows/data/repository.hpp"

namespace mlean::flows {

struct Experiment {
  experiments::ExpRef ref;
  std::string commit;
};

// git of the repository: kInvalid without git or with core.no_scm.
Result<ExpGit> GitOf(const Repository& repository);

// Sorted by ref. `remote`: name or URL of a git repository; "" this one.
Result<std::vector<Experiment>> ListExperiments(const ExpGit& git, const std::string& remote);

// Those of the names (or whole refs), in their order. Of several with one name the one that began at HEAD is meant. kNotFound
// "'x' is not a valid experiment name", or with tell_remote "Experiment 'x' does not exist in 'origin'"; kInvalid "Ambiguous name
// 'x' refers to …".
Result<std::vector<Experiment>> FindExperiments(const ExpGit& git, const std::string& remote,
                                                const std::vector<std::string>& names, bool tell_remote);

struct ExpSelection {
  std::vector<std::string> names;
  bool all_commits = false;
  std::vector<std::string> revisions;  // baselines; none: HEAD
  std::int64_t number = 1;             // so many commits back from each; negative: all
};
// By name, else by baseline.
Result<std::vector<Experiment>> SelectExperiments(const ExpGit& git, const std::string& remote, const ExpSelection& selection,
                                                  bool tell_remote = false);

// What commits are called: the branch that is checked out, else a tag, else a branch; "" without any of these.
class CommitNames {
 public:
  static Result<CommitNames> Read(const ExpGit& git);
  std::string Of(const std::string& commit) const;

 private:
  std::string head_;
  std::string branch_;
  std::map<std::string, std::string> tags_;
  std::map<std::string, std::string> branches_;
};

// kInvalid "Invalid exp name …".
Result<void> CheckName(std::string_view name);
// "Experiment conflicts with existing experiment 'x'. …"
Error NameTaken(std::string_view name);

// Removes the selected ones, here or on a git remote; with `keep` all but those. Their names.
Result<std::vector<std::string>> RemoveExperiments(const ExpGit& git, const std::string& remote, const ExpSelection& selection,
                                                   bool keep);
// False: both names are one. With a remote the experiment is renamed there.
Result<bool> RenameExperiment(const ExpGit& git, const std::string& remote, const std::string& name, const std::string& new_name,
                              bool force);

struct ExpBranch {
  std::string experiment;
  std::string branch;
};
// A git branch at the experiment; without `branch` "<name>-branch".
Result<ExpBranch> BranchOff(const ExpGit& git, repo::GitReader& reader, const std::string& revision, std::string branch);

// "'a', 'b' and 'c'"
std::string QuotedNames(const std::vector<std::string>& names);

}  // namespace mlean::flows
