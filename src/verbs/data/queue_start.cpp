// mlean queue start: a worker in the background that runs the experiments of the queue.
#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "os/files.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/data/exp_options.hpp"
#include "verbs/data/exp_queue.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

// A process of its own session, which outlives this one. Its pid.
Result<pid_t> StartWorker(const flows::Repository& repository) {
  const std::string root = repository.root().string();
  const std::filesystem::path folder = repository.project().DvcTempDir() / "mlean" / "queue";
  TRYV(os::MakeDirs(folder));
  const std::string log = (folder / "worker.log").string();
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  ::posix_spawn_file_actions_adddup2(&files, 1, 2);
  ::posix_spawn_file_actions_addchdir_np(&files, root.c_str());
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::array<std::string, 3> words = {"mlean", "queue", "worker"};
  std::array<char*, 4> argv = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t pid = -1;
  const int failure = ::posix_spawn(&pid, "/proc/self/exe", &files, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (failure != 0) return os::FileError("start", "/proc/self/exe", failure);
  return pid;
}

Result<int> QueueStart(const Arguments&, Context& context) {
  TRY(const std::unique_ptr<flows::Repository> repository, OpenAtRoot(context));
  TRYV(flows::GitOf(*repository));
  const flows::ExpQueue queue(*repository);
  int started = 0;
  if (!queue.HasWorker()) {
    TRY(const pid_t pid, StartWorker(*repository));
    // Until it holds its lock, so that `queue status` knows of it at once; it may be done already.
    while (!queue.HasWorker() && ::waitpid(pid, nullptr, WNOHANG) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    started = 1;
  }
  Inform(context, fmt::format("Started '{}' new experiments task queue worker.", started));
  return 0;
}

}  // namespace

VerbSpec QueueStartVerb() {
  VerbSpec spec;
  spec.words = {"queue", "start"};
  spec.summary = "run the experiments of the queue in the background, one after the other";
  spec.options = {ValueOption("-j,--jobs", "N", "accepted for DVC's sake: there is one worker", "1")};
  spec.examples = {"mlean queue start"};
  spec.exit_codes = "0 done · 253 not in a project · 254 usage · 255 failed";
  spec.run = QueueStart;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
