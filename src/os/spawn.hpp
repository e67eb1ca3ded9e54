// Inside of the os room: starting one child process. Other rooms use process.hpp.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

#include "base/result.hpp"
#include "os/guardian.hpp"
#include "os/process.hpp"

namespace mlean::os {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }  // the caller's from now on

 private:
  int fd_ = -1;
};

// The descriptor, moved to 3 or above: 0 to 2 are there for the child's own. Keeps errno and -1.
Fd AboveStandard(int fd);

// Forks without copying our memory: `child` runs on it, on this thread, and we go on when it has executed a program or ended. It
// makes system calls only and never returns; all signals are blocked in it. -1 with errno, else the child's pid.
pid_t ForkInto(void (*child)(const void* argument), const void* argument);

struct Spawned {
  int pid = -1;
  int pid_fd = -1;    // owned by the caller
  Guardian guardian;  // to be ended before the program is reaped, while its pid cannot be another's
};
// Starts the program with its stdout and stderr on these (-1: ours) in a process group of its own. The caller reaps it.
Result<Spawned> Spawn(const ProcessSpec& spec, int out_fd, int error_fd);

// For messages: the program, or the shell command cut to 80 bytes.
std::string CommandName(const ProcessSpec& spec);

}  // namespace mlean::os
