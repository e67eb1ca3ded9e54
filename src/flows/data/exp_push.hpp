// ExpPush: what `dvc exp push` does: sends experiments to a git remote, and the data they use to a DVC remote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flows/data/exp_refs.hpp"
#include "flows/data/move_objects.hpp"

namespace mlean::flows {

struct ExpTransferRequest {
  std::string git_remote;  // name or URL
  ExpSelection selection;
  bool force = false;  // replace an experiment of the same name that is another one
  bool data = true;    // the data too
  MoveOptions move;    // its query's remote is the DVC remote; targets and revisions are set here
};

struct ExpTransferReport {
  std::vector<std::string> diverged;    // other experiments of these names are there; nothing was done to them
  std::vector<std::string> up_to_date;  // were there already
  std::vector<std::string> moved;
  std::optional<Error> data_error;  // the data could not be moved as a whole; the refs were
  MoveSummary data;
};

// Experiments are refs of git; without any DVC remote their data stays here, as in DVC. Errors of git: "cannot push experiments
// to 'origin': git: …".
Result<ExpTransferReport> PushExperiments(Repository& repository, const ExpTransferRequest& request);

}  // namespace mlean::flows
