#include "flows/data/exp_pull.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "flows/data/exp_data.hpp"
#include "flows/data/fetch.hpp"

namespace mlean::flows {
namespace {

// Sorts what is to be fetched from what is here. Experiments of a name with another commit are one of both: grown, or diverged.
Result<std::vector<Experiment>> Missing(const ExpGit& git, const std::vector<Experiment>& chosen, bool force,
                                        ExpTransferReport& report, std::vector<Experiment>& here) {
  TRY(const std::vector<Experiment> known, ListExperiments(git, ""));
  std::vector<Experiment> missing;
  for (const Experiment& one : chosen) {
    const auto same = std::find_if(known.begin(), known.end(), [&](const Experiment& other) { return other.ref == one.ref; });
    if (same != known.end() && same->commit == one.commit) {
      report.up_to_date.push_back(one.ref.name);
      here.push_back(one);
    } else if (same != known.end() && !force) {
      report.diverged.push_back(one.ref.name);
    } else {
      missing.push_back(one);
    }
  }
  return missing;
}

}  // namespace

Result<ExpTransferReport> PullExperiments(Repository& repository, const ExpTransferRequest& request) {
  TRY(const ExpGit git, GitOf(repository));
  TRY(const std::vector<Experiment> chosen, SelectExperiments(git, request.git_remote, request.selection));
  ExpTransferReport report;
  std::vector<Experiment> here;
  TRY(const std::vector<Experiment> missing, Missing(git, chosen, request.force, report, here));
  if (!missing.empty()) {
    std::vector<std::string> arguments = {"fetch", "--quiet", "--no-write-fetch-head", "--no-tags", "--", request.git_remote};
    for (const Experiment& one : missing) arguments.push_back(fmt::format("+{0}:{0}", one.ref.Text()));
    TRYV(git.Output(fmt::format("pull experiments from '{}'", request.git_remote), std::move(arguments)));
    for (const Experiment& one : missing) {
      report.moved.push_back(one.ref.name);
      here.push_back(one);
    }
  }
  if (!request.data || here.empty()) return report;
  MoveOptions move = request.move;
  TRYV(AskForData(git, here, move));
  TRY(report.data, FetchData(repository, move));
  return report;
}

}  // namespace mlean::flows
