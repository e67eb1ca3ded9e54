#include "flows/data/exp_data.hpp"

#include <string>

#include "repo/git_reader.hpp"

namespace mlean::flows {

Result<void> AskForData(const ExpGit& git, const std::vector<Experiment>& experiments, MoveOptions& move) {
  TRY(repo::GitReader reader, repo::GitReader::Open(git.root()));
  move.query.targets.clear();
  move.query.workspace = false;
  move.query.revisions = {};
  for (const Experiment& one : experiments) {
    for (std::string commit = one.commit; !commit.empty() && commit != one.ref.baseline;) {
      move.query.revisions.revisions.push_back(commit);
      TRY(commit, reader.FirstParent(commit));
    }
  }
  return {};
}

}  // namespace mlean::flows
