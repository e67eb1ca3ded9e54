#include "flows/data/exp_auto_push.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/text.hpp"
#include "flows/data/exp_push.hpp"
#include "flows/data/open_remote.hpp"

namespace mlean::flows {
namespace {

void Tell(const Repository& repository, pipeline::Level level, const std::string& text) {
  if (repository.say()) repository.say()(level, text);
}

bool Enabled(const Repository& repository) {
  const char* const wish = std::getenv("DVC_EXP_AUTO_PUSH");
  if (wish == nullptr) return repository.config().exp.auto_push.value_or(false);
  const std::string text = ToLower(wish);
  constexpr std::array<std::string_view, 3> kYes = {"1", "y", "true"};
  return std::any_of(kYes.begin(), kYes.end(), [&](std::string_view yes) { return text.find(yes) != std::string::npos; });
}

std::string GitRemote(const Repository& repository) {
  if (const char* const named = std::getenv("DVC_EXP_GIT_REMOTE")) return named;
  const std::string& configured = repository.config().exp.git_remote;
  return configured.empty() ? "origin" : configured;
}

// Without asking anybody: a remote by its name, or what looks like a URL or is a folder.
Result<void> CheckRemotes(Repository& repository, const std::string& remote) {
  TRY(const ExpGit git, GitOf(repository));
  TRY(const os::ProcessOutcome named, git.Run({"remote", "get-url", "--", remote}));
  const bool is_url = remote.find(':') != std::string::npos;
  std::error_code ignored;
  if (!named.Ok() && !is_url && !std::filesystem::is_directory(git.root() / remote, ignored)) {
    return Fail(Code::kNotFound, fmt::format("'{}' is not a valid Git remote or URL", remote));
  }
  TRYV(OpenDataRemote(repository, "", "<command>"));
  return {};
}

}  // namespace

bool WantsAutoPush(Repository& repository) {
  if (!Enabled(repository)) return false;
  const Result<void> sound = CheckRemotes(repository, GitRemote(repository));
  if (!sound) {
    Tell(repository, pipeline::Level::kWarning,
         fmt::format("Failed to validate remotes. Disabling auto push: {}", sound.error().what));
  }
  return sound.ok();
}

Result<void> AutoPush(Repository& repository, const std::string& ref) {
  const std::string remote = GitRemote(repository);
  Tell(repository, pipeline::Level::kInfo,
       fmt::format("Pushing experiment to '{}'. Cancel with CTRL+C. See "
                   "<https://dvc.org/doc/user-guide/experiment-management/sharing-experiments> for more info.",
                   remote));
  ExpTransferRequest request;
  request.git_remote = remote;
  request.selection.names = {ref};
  request.move.run_cache = true;
  const Result<ExpTransferReport> pushed = PushExperiments(repository, request);
  if (!pushed && pushed.error().code == Code::kCancelled) return pushed.error();
  std::string why;
  if (!pushed) {
    why = pushed.error().what;
  } else if (pushed->data_error) {
    why = "failed to push cache: " + pushed->data_error->what;
  } else if (pushed->data.failed > 0) {
    why = fmt::format("failed to push cache: {} files failed to upload", pushed->data.failed);
  }
  if (!why.empty()) {
    Tell(repository, pipeline::Level::kWarning,
         fmt::format("Something went wrong while auto pushing experiment to the remote '{}': {}", remote, why));
  }
  return {};
}

}  // namespace mlean::flows
