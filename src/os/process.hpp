// Child processes. Each leads its own process group, reads /dev/null unless told otherwise, and has every descriptor but 0, 1, 2
// closed. When this program ends while a child runs, however it ends (kill -9 too), the child's whole group gets SIGKILL within
// moments: a guardian process beside each child sees to it (guardian.hpp); the next child takes it over. Only what left the group
// by setsid or setpgid is beyond that. The child itself also gets SIGKILL when the thread that started it ends.
//
//   TRY(const os::ProcessOutcome done, os::RunProcess({.shell = "python train.py", .cwd = dir, .log_file = log, .timeout_ms =
//   60'000})); if (done.exit_code != 0) …
//
// An Error means that the program never ran (kNotFound: no such program or folder; kInvalid: empty command; kIo). Whatever it did
// afterwards is in ProcessOutcome.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace mlean::os {

class Guardian;
struct Spawned;

struct ProcessSpec {
  std::vector<std::string> argv;                         // program (searched in PATH when it has no '/') and arguments
  std::string shell;                                     // used when argv is empty: run by /bin/sh -c
  std::filesystem::path cwd;                             // empty: ours
  std::vector<std::pair<std::string, std::string>> env;  // added to ours, or in place of ours
  bool own_stdin = false;  // reads our stdin; not when that is a terminal, of which a process group of its own gets nothing
  // Where stdout and stderr go, in the order written. Nothing set: to our own stdout and stderr. A full disk under the log file
  // loses log lines, never the child.
  std::filesystem::path log_file;                      // appended to
  bool capture = false;                                // kept in ProcessOutcome::output
  std::size_t capture_bytes = std::size_t{1} << 20;    // the last so many bytes
  std::function<void(std::string_view line)> on_line;  // each line without '\n', on the calling thread; 64 KiB a line at most
  // What it writes, as it arrives and stdout and stderr apart (`error`), on the calling thread; the other three see both as well.
  std::function<void(bool error, std::string_view bytes)> on_bytes;
  // How it is stopped: SIGTERM to the group, SIGKILL after grace_ms.
  std::int64_t timeout_ms = 0;  // 0: none
  std::int64_t grace_ms = 5000;
  const std::atomic<bool>* cancel = nullptr;  // stopped within 50 ms after this turns true; not owned
  // A signal's number put here is taken out within 50 ms and sent to the group, which may do with it what it likes; not owned.
  std::atomic<int>* forward = nullptr;
};

struct ProcessOutcome {
  int exit_code = 0;  // -1 when ended by a signal
  int signal = 0;     // 0 when it ended by itself
  bool timed_out = false;
  bool cancelled = false;
  std::string output;       // with capture: the tail of stdout + stderr
  bool output_cut = false;  // something was dropped in front of it
  std::int64_t wall_ms = 0;
  std::int64_t user_ms = 0;  // with all descendants that were waited for
  std::int64_t system_ms = 0;
  std::int64_t max_rss_kb = 0;  // of the largest one
  bool Ok() const { return exit_code == 0 && signal == 0; }
  // "exit status 3", "signal 9 (Killed)", "timed out", "cancelled", "ok"
  std::string Describe() const;
};

// Runs to the end. When the first process has ended, what its own background children still write is not waited for; after a
// timeout or cancel the whole group is killed.
Result<ProcessOutcome> RunProcess(const ProcessSpec& spec);

// A long-lived child, started by a thread that outlives it. The destructor kills its group and waits for it. Of the spec are
// used: argv or shell, cwd, env, log_file. One thread at a time.
class Child {
 public:
  static Result<Child> Start(const ProcessSpec& spec);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  int pid() const { return pid_; }
  int pid_fd() const { return pid_fd_; }  // readable when it has ended; owned by this
  // Sends `signal` to its process group; nothing when it has been waited for.
  void Kill(int signal) const;
  // The outcome, or kTimeout when it still runs after `wait_ms`. May be asked again: the outcome stays.
  Result<ProcessOutcome> Wait(std::int64_t wait_ms);

 private:
  Child(Spawned spawned, std::string name, std::int64_t started_ms);
  void Stop() noexcept;
  int pid_ = -1;
  int pid_fd_ = -1;
  std::unique_ptr<Guardian> guardian_;  // there while pid_fd_ is
  std::string name_;
  std::int64_t started_ms_ = 0;
  std::optional<ProcessOutcome> outcome_;
};

}  // namespace mlean::os
