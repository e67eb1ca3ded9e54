#include "os/guardian.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "os/files.hpp"
#include "os/spawn.hpp"

namespace mlean::os {
namespace {

constexpr const char* kShell = "/bin/sh";
// A line is the group of a child, an empty one tells that it has ended. The socket ends when its last holder, us, is gone.
constexpr const char* kScript =
    "while read -r line; do group=$line; done\n"
    "test -z \"$group\" || kill -s KILL -- \"-$group\"";
constexpr std::size_t kMaxIdle = 16;

struct Ends {
  int socket = -1;
  int null_fd = -1;
};

// Runs on our memory (ForkInto): system calls only. All signals stay blocked through exec: nothing but SIGKILL ends it early. It
// keeps nothing of ours: no descriptor that a reader waits on, no folder, no terminal's process group.
void BecomeGuardian(const void* argument) {
  const Ends& ends = *static_cast<const Ends*>(argument);
  const char* const argv[] = {"mlean-guardian", "-c", kScript, nullptr};
  const char* const env[] = {nullptr};
  ::setpgid(0, 0);
  const bool ok = ::chdir("/") == 0 && ::dup2(ends.socket, 0) >= 0 && ::dup2(ends.null_fd, 1) >= 0 &&
                  ::dup2(ends.null_fd, 2) >= 0 && ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
  if (ok) ::execve(kShell, const_cast<char* const*>(argv), const_cast<char* const*>(env));
  ::_exit(127);
}

}  // namespace

// Those that wait for a child. Never destroyed: threads may end children while the program exits.
struct Guardian::Idle {
  std::mutex mutex;  // guards all below
  std::array<Guardian, kMaxIdle> guardians;
  std::size_t count = 0;
  pid_t owner = ::getpid();

  // Those of the process that we were forked from are not ours, nor is it for us to keep them from seeing its end.
  void CheckOwner() noexcept {
    if (owner == ::getpid()) return;
    for (std::size_t i = 0; i < count; ++i) ::close(guardians[i].socket_);
    for (std::size_t i = 0; i < count; ++i) guardians[i].pid_ = guardians[i].socket_ = -1;
    count = 0;
    owner = ::getpid();
  }
};

Guardian::Idle& Guardian::TheIdle() {
  static Idle* const idle = [] {
    std::atexit([] { EndIdle(); });
    return new Idle;
  }();
  return *idle;
}

Result<Guardian> Guardian::Start() {
  Idle& idle = TheIdle();
  for (;;) {
    Guardian guardian;
    {
      const std::lock_guard lock(idle.mutex);
      idle.CheckOwner();
      if (idle.count == 0) break;
      guardian = std::move(idle.guardians[--idle.count]);
    }
    if (guardian.IsAlive()) return guardian;
    guardian.Kill();
  }
  return StartNew();
}

Result<Guardian> Guardian::StartNew() {
  if (::access(kShell, X_OK) != 0) return FileError("run", kShell, errno);
  const Fd null_fd = AboveStandard(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null_fd.get() < 0) return FileError("open", "/dev/null", errno);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return FileError("make socket for", kShell, errno);
  Fd ours = AboveStandard(ends[0]);
  const Fd theirs = AboveStandard(ends[1]);
  const Ends plan{theirs.get(), null_fd.get()};
  Guardian guardian(-1, ours.Release());
  guardian.pid_ = ForkInto(BecomeGuardian, &plan);
  if (guardian.pid_ < 0) return FileError("run", kShell, errno);
  return guardian;
}

Guardian::Guardian(Guardian&& other) noexcept : pid_(std::exchange(other.pid_, -1)), socket_(std::exchange(other.socket_, -1)) {}

Guardian& Guardian::operator=(Guardian&& other) noexcept {
  if (this == &other) return *this;
  End();
  pid_ = std::exchange(other.pid_, -1);
  socket_ = std::exchange(other.socket_, -1);
  return *this;
}

bool Guardian::Watch(int socket) {
  char line[16];
  char* at = line + sizeof line;
  *--at = '\n';
  for (int pid = ::getpid(); pid > 0; pid /= 10) *--at = static_cast<char>('0' + pid % 10);
  const auto size = static_cast<std::size_t>(line + sizeof line - at);
  return ::send(socket, at, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

bool Guardian::IsAlive() const { return ::kill(pid_, 0) == 0 && ::waitpid(pid_, nullptr, WNOHANG) == 0; }

void Guardian::End() noexcept {
  if (pid_ > 0 && ::send(socket_, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 && Park()) return;
  Kill();
}

bool Guardian::Park() noexcept {
  Idle& idle = TheIdle();
  const std::lock_guard lock(idle.mutex);
  idle.CheckOwner();
  if (idle.count == kMaxIdle) return false;
  Guardian& place = idle.guardians[idle.count++];
  place.pid_ = std::exchange(pid_, -1);
  place.socket_ = std::exchange(socket_, -1);
  return true;
}

void Guardian::Kill() noexcept {
  // Killed before the socket is closed: else it would take the end of the socket for ours.
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  if (socket_ >= 0) ::close(socket_);
  while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  socket_ = -1;
}

std::size_t Guardian::EndIdle() noexcept {
  Idle& idle = TheIdle();
  const std::lock_guard lock(idle.mutex);
  idle.CheckOwner();
  const std::size_t count = std::exchange(idle.count, 0);
  for (std::size_t i = 0; i < count; ++i) idle.guardians[i].Kill();
  return count;
}

}  // namespace mlean::os
