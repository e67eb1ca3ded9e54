#include "flows/data/exp_push.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "flows/data/exp_data.hpp"
#include "flows/data/open_remote.hpp"
#include "flows/data/push.hpp"

namespace mlean::flows {
namespace {

// One line of `git push --porcelain`: "<flag>\t<from>:<to>\t<summary>".
struct PushLine {
  char flag = ' ';
  std::string to;
  std::string summary;
};

std::optional<PushLine> ReadLine(const std::string& line) {
  const std::vector<std::string> parts = Split(line, '\t');
  if (parts.size() < 3 || parts[0].size() != 1) return std::nullopt;
  const std::size_t colon = parts[1].find(':');
  if (colon == std::string::npos) return std::nullopt;
  return PushLine{parts[0][0], parts[1].substr(colon + 1), parts[2]};
}

Result<void> PushRefs(const ExpGit& git, const ExpTransferRequest& request, const std::vector<Experiment>& chosen,
                      ExpTransferReport& report, std::vector<Experiment>& there) {
  std::vector<std::string> arguments = {"push", "--porcelain", "--no-verify"};
  if (request.force) arguments.emplace_back("--force");
  arguments.insert(arguments.end(), {"--", request.git_remote});
  for (const Experiment& one : chosen) arguments.push_back(fmt::format("{0}:{0}", one.ref.Text()));
  TRY(const os::ProcessOutcome done, git.Run(std::move(arguments)));
  std::size_t seen = 0;
  std::string other;  // what was refused for another reason
  for (const std::string& text : Split(done.output, '\n')) {
    const std::optional<PushLine> line = ReadLine(text);
    if (!line) continue;
    const auto one = std::find_if(chosen.begin(), chosen.end(), [&](const Experiment& e) { return e.ref.Text() == line->to; });
    if (one == chosen.end()) continue;
    ++seen;
    if (line->flag == '!') {
      const bool diverged = line->summary.find("non-fast-forward") != std::string::npos ||
                            line->summary.find("fetch first") != std::string::npos ||
                            line->summary.find("already exists") != std::string::npos;
      if (diverged) {
        report.diverged.push_back(one->ref.name);
      } else {
        other = line->summary;
      }
      continue;
    }
    (line->flag == '=' ? report.up_to_date : report.moved).push_back(one->ref.name);
    there.push_back(*one);
  }
  if (!other.empty()) return Fail(Code::kIo, fmt::format("cannot push experiments to '{}': git: {}", request.git_remote, other));
  if (seen > 0 || done.Ok()) return {};
  const std::string output(Trim(done.output));
  return Fail(Code::kIo,
              fmt::format("cannot push experiments to '{}': git: {}", request.git_remote, output.substr(0, output.find('\n'))));
}

}  // namespace

Result<ExpTransferReport> PushExperiments(Repository& repository, const ExpTransferRequest& request) {
  TRY(const ExpGit git, GitOf(repository));
  TRY(const std::vector<Experiment> chosen, SelectExperiments(git, "", request.selection));
  ExpTransferReport report;
  std::vector<Experiment> there;
  if (chosen.empty()) {  // a remote that is none is told all the same
    TRYV(ListExperiments(git, request.git_remote));
    return report;
  }
  TRYV(PushRefs(git, request, chosen, report, there));
  if (!request.data || there.empty() || RemoteNameOf(repository, request.move.query.remote).empty()) return report;
  PushRequest push{.move = request.move};
  TRYV(AskForData(git, there, push.move));
  Result<MoveSummary> pushed = PushData(repository, push);
  if (pushed) {
    report.data = *std::move(pushed);
  } else if (pushed.error().code == Code::kCancelled) {
    return std::move(pushed).error();
  } else {
    report.data_error = std::move(pushed).error();
  }
  return report;
}

}  // namespace mlean::flows
