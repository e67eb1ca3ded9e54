#include "os/process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "os/files.hpp"
#include "os/spawn.hpp"

namespace mlean::os {
namespace {

constexpr std::int64_t kCancelPollMs = 50;
constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxLine = std::size_t{64} << 10;
constexpr std::int64_t kNever = INT64_MAX;

std::int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::int64_t Milliseconds(const timeval& time) { return time.tv_sec * 1000 + time.tv_usec / 1000; }

// Takes what the child writes and hands it to the log file, the captured tail and the line callback.
class OutputSink {
 public:
  OutputSink(const ProcessSpec& spec, int log_fd) : spec_(spec), log_fd_(log_fd) {}

  void Take(bool error, std::string_view bytes) {
    if (spec_.on_bytes) spec_.on_bytes(error, bytes);
    if (log_fd_ >= 0) WriteLog(bytes);
    if (spec_.capture) {
      tail_ += bytes;
      if (tail_.size() > 2 * spec_.capture_bytes + kReadBytes) CutTail();
    }
    if (spec_.on_line) TakeLines(bytes);
  }
  void Finish(ProcessOutcome& outcome) {
    if (spec_.on_line && !line_.empty()) spec_.on_line(line_);
    if (!spec_.capture) return;
    CutTail();
    outcome.output = std::move(tail_);
    outcome.output_cut = cut_;
  }

 private:
  // A log that cannot take more must not stop the child.
  void WriteLog(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::write(log_fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void CutTail() {
    if (tail_.size() <= spec_.capture_bytes) return;
    tail_.erase(0, tail_.size() - spec_.capture_bytes);
    cut_ = true;
  }
  void TakeLines(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const bool whole = end != bytes.npos;
      const std::size_t size = std::min(whole ? end : bytes.size(), kMaxLine - line_.size());
      line_ += bytes.substr(0, size);
      bytes.remove_prefix(size);
      const bool ended = whole && size == end;
      if (ended) bytes.remove_prefix(1);
      if (ended || line_.size() == kMaxLine) {
        spec_.on_line(line_);
        line_.clear();
      }
    }
  }

  const ProcessSpec& spec_;
  int log_fd_;
  std::string tail_;
  std::string line_;
  bool cut_ = false;
};

// When to stop the child, and how far that has come.
class Stopper {
 public:
  Stopper(const ProcessSpec& spec, int pid)
      : spec_(spec), pid_(pid), deadline_(spec.timeout_ms > 0 ? NowMs() + spec.timeout_ms : kNever) {}

  // Sends what is due; returns for how long to wait at most, -1 for ever.
  int Advance(ProcessOutcome& outcome) {
    const std::int64_t now = NowMs();
    if (spec_.forward != nullptr) {
      if (const int signal = spec_.forward->exchange(0); signal != 0) ::kill(-pid_, signal);
    }
    if (!asked_) {
      outcome.cancelled = spec_.cancel != nullptr && spec_.cancel->load(std::memory_order_relaxed);
      outcome.timed_out = !outcome.cancelled && now >= deadline_;
      asked_ = outcome.cancelled || outcome.timed_out;
      if (asked_) {
        ::kill(-pid_, SIGTERM);
        deadline_ = now + std::max<std::int64_t>(spec_.grace_ms, 0);
      }
    } else if (now >= deadline_) {
      ::kill(-pid_, SIGKILL);
      deadline_ = kNever;
    }
    std::int64_t wait = deadline_ == kNever ? kNever : std::max<std::int64_t>(deadline_ - now, 0);
    if ((!asked_ && spec_.cancel != nullptr) || spec_.forward != nullptr) wait = std::min(wait, kCancelPollMs);
    return wait == kNever ? -1 : static_cast<int>(std::min<std::int64_t>(wait, 1 << 30));
  }
  bool asked() const { return asked_; }

 private:
  const ProcessSpec& spec_;
  int pid_;
  std::int64_t deadline_;
  bool asked_ = false;
};

// False at the end of the output, or when there is nothing more to read for now.
bool ReadSome(const pollfd& pipe, bool error, std::string& buffer, OutputSink& sink) {
  for (;;) {
    const ssize_t n = ::read(pipe.fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sink.Take(error, std::string_view(buffer.data(), static_cast<std::size_t>(n)));
    return true;
  }
}

// Waits for the end of the child, reading its output meanwhile. The pipes may be -1.
void Pump(const ProcessSpec& spec, const Spawned& child, int out_pipe, int error_pipe, OutputSink& sink,
          ProcessOutcome& outcome) {
  std::string buffer(out_pipe >= 0 ? kReadBytes : 0, '\0');
  Stopper stopper(spec, child.pid);
  pollfd fds[3] = {{child.pid_fd, POLLIN, 0}, {out_pipe, POLLIN, 0}, {error_pipe, POLLIN, 0}};
  for (;;) {
    const int wait = stopper.Advance(outcome);
    if (::poll(fds, 3, wait) < 0) continue;  // EINTR
    for (pollfd* pipe : {&fds[1], &fds[2]}) {
      if ((pipe->revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !ReadSome(*pipe, pipe == &fds[2], buffer, sink)) pipe->fd = -1;
    }
    if (fds[0].revents != 0) break;
  }
  // Before the child is reaped its pid cannot be another's.
  if (stopper.asked()) ::kill(-child.pid, SIGKILL);
  // What is left in the pipes; bounded, for a grandchild may go on writing.
  for (const pollfd* pipe : {&fds[1], &fds[2]}) {
    for (int i = 0; pipe->fd >= 0 && i < 32 && ReadSome(*pipe, pipe == &fds[2], buffer, sink); ++i) {
    }
  }
}

void Reap(int pid, ProcessOutcome& outcome) {
  int status = 0;
  rusage used{};
  while (::wait4(pid, &status, 0, &used) < 0 && errno == EINTR) {
  }
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  outcome.user_ms = Milliseconds(used.ru_utime);
  outcome.system_ms = Milliseconds(used.ru_stime);
  outcome.max_rss_kb = used.ru_maxrss;
}

Result<Fd> OpenLog(const std::filesystem::path& path) {
  if (path.empty()) return Fd();
  Fd fd = AboveStandard(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (fd.get() < 0) return FileError("open log", path, errno);
  return fd;
}

// Of a child's output: its end is never waited for.
struct Pipe {
  Fd read_end;
  Fd write_end;
  static Result<Pipe> Make(const ProcessSpec& spec, bool wanted) {
    if (!wanted) return Pipe();
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return FileError("make pipe for", CommandName(spec), errno);
    Pipe pipe{Fd(ends[0]), AboveStandard(ends[1])};
    ::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK);
    return pipe;
  }
};

}  // namespace

std::string ProcessOutcome::Describe() const {
  if (timed_out) return "timed out";
  if (cancelled) return "cancelled";
  if (signal != 0) {
    const char* const name = ::sigdescr_np(signal);
    return fmt::format("signal {} ({})", signal, name != nullptr ? name : "unknown");
  }
  return exit_code == 0 ? "ok" : fmt::format("exit status {}", exit_code);
}

Result<ProcessOutcome> RunProcess(const ProcessSpec& spec) {
  TRY(Fd log, OpenLog(spec.log_file));
  TRY(Pipe out, Pipe::Make(spec, spec.capture || spec.on_line || spec.on_bytes));
  TRY(Pipe error, Pipe::Make(spec, spec.on_bytes != nullptr));
  const int out_fd = out.write_end.get() >= 0 ? out.write_end.get() : log.get();
  const std::int64_t started = NowMs();
  TRY(Spawned child, Spawn(spec, out_fd, error.write_end.get() >= 0 ? error.write_end.get() : out_fd));
  const Fd pid_fd(child.pid_fd);
  out.write_end = Fd();
  error.write_end = Fd();
  ProcessOutcome outcome;
  OutputSink sink(spec, log.get());
  Pump(spec, child, out.read_end.get(), error.read_end.get(), sink, outcome);
  child.guardian.End();
  Reap(child.pid, outcome);
  outcome.wall_ms = NowMs() - started;
  sink.Finish(outcome);
  return outcome;
}

// ---- Child

Child::Child(Spawned spawned, std::string name, std::int64_t started_ms)
    : pid_(spawned.pid),
      pid_fd_(spawned.pid_fd),
      guardian_(std::make_unique<Guardian>(std::move(spawned.guardian))),
      name_(std::move(name)),
      started_ms_(started_ms) {}

Result<Child> Child::Start(const ProcessSpec& spec) {
  CHECK_BUG(!spec.capture && !spec.on_line && !spec.on_bytes);
  TRY(Fd log, OpenLog(spec.log_file));
  const std::int64_t started = NowMs();
  TRY(Spawned child, Spawn(spec, log.get(), log.get()));
  return Child(std::move(child), CommandName(spec), started);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pid_fd_(std::exchange(other.pid_fd_, -1)),
      guardian_(std::move(other.guardian_)),
      name_(std::move(other.name_)),
      started_ms_(other.started_ms_),
      outcome_(std::exchange(other.outcome_, std::nullopt)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  Stop();
  pid_ = std::exchange(other.pid_, -1);
  pid_fd_ = std::exchange(other.pid_fd_, -1);
  guardian_ = std::move(other.guardian_);
  name_ = std::move(other.name_);
  started_ms_ = other.started_ms_;
  outcome_ = std::exchange(other.outcome_, std::nullopt);
  return *this;
}

Child::~Child() { Stop(); }

void Child::Stop() noexcept {
  if (pid_fd_ < 0) return;
  if (!outcome_) {
    ::kill(-pid_, SIGKILL);
    guardian_->End();
    ProcessOutcome unused;
    Reap(pid_, unused);
  }
  ::close(pid_fd_);
  pid_fd_ = -1;
}

void Child::Kill(int signal) const {
  if (pid_fd_ >= 0 && !outcome_) ::kill(-pid_, signal);
}

Result<ProcessOutcome> Child::Wait(std::int64_t wait_ms) {
  CHECK_BUG(pid_fd_ >= 0);
  if (outcome_) return *outcome_;
  const std::int64_t deadline = NowMs() + wait_ms;
  for (;;) {
    pollfd fd{pid_fd_, POLLIN, 0};
    const std::int64_t left = std::clamp<std::int64_t>(deadline - NowMs(), 0, 1 << 30);
    const int ready = ::poll(&fd, 1, static_cast<int>(left));
    if (ready > 0) break;
    if (ready == 0) return Fail(Code::kTimeout, fmt::format("cannot wait for '{}': still runs after {} ms", name_, wait_ms));
  }
  guardian_->End();
  outcome_.emplace();
  Reap(pid_, *outcome_);
  outcome_->wall_ms = NowMs() - started_ms_;
  return *outcome_;
}

}  // namespace mlean::os
