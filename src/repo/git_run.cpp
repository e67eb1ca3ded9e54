#include "repo/git_run.hpp"

#include <fmt/core.h>

#include "base/text.hpp"

namespace mlean::repo {
namespace {

constexpr std::int64_t kGitTimeoutMs = 60'000;

std::string LastLine(std::string_view output) {
  output = Trim(output);
  const std::size_t at = output.rfind('\n');
  return std::string(at == output.npos ? output : output.substr(at + 1));
}

}  // namespace

Result<os::ProcessOutcome> Git(GitCall call) {
  os::ProcessSpec spec;
  spec.argv = {"git", "--no-pager"};
  spec.argv.insert(spec.argv.end(), call.arguments.begin(), call.arguments.end());
  spec.cwd = call.dir.empty() ? std::filesystem::path(".") : call.dir;
  spec.env = std::move(call.env);
  // Reading must not take the index lock from the user's own git, nor ask for anything.
  for (const char* name : {"GIT_OPTIONAL_LOCKS", "GIT_TERMINAL_PROMPT"}) spec.env.emplace_back(name, "0");
  spec.env.emplace_back("LC_ALL", "C");
  spec.capture = !call.on_line;
  spec.on_line = std::move(call.on_line);
  spec.timeout_ms = kGitTimeoutMs;
  Result<os::ProcessOutcome> done = os::RunProcess(spec);
  if (!done) return std::move(done).error().With("cannot run git");
  if (done->timed_out)
    return Fail(Code::kTimeout, fmt::format("cannot run git {}: no answer in a minute", call.arguments.front()));
  return done;
}

Error GitFailed(std::string_view what, const os::ProcessOutcome& done) {
  const std::string line = LastLine(done.output);
  return Fail(Code::kIo, fmt::format("cannot {}: git: {}", what, line.empty() ? done.Describe() : line));
}

Result<std::string> GitOutput(std::string_view what, GitCall call) {
  TRY(os::ProcessOutcome done, Git(std::move(call)));
  if (!done.Ok()) return GitFailed(what, done);
  return std::move(done.output);
}

}  // namespace mlean::repo
