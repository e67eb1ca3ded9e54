#include "os/signals.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "os/files.hpp"

namespace mlean::os {

void IgnoreSigpipe() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
}

Result<StopSignals> StopSignals::Block() {
  IgnoreSigpipe();
  sigset_t stop;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGINT);
  ::sigaddset(&stop, SIGTERM);
  if (const int number = ::pthread_sigmask(SIG_BLOCK, &stop, nullptr); number != 0) return FileError("block", "SIGINT", number);
  const int fd = ::signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return FileError("open", "signalfd", errno);
  return StopSignals(fd);
}

StopSignals::StopSignals(StopSignals&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), count_(other.count_), last_(other.last_) {}

StopSignals& StopSignals::operator=(StopSignals&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(count_, other.count_);
  std::swap(last_, other.last_);
  return *this;
}

StopSignals::~StopSignals() {
  if (fd_ >= 0) ::close(fd_);
}

int StopSignals::Wait(std::int64_t wait_ms) {
  pollfd fd{fd_, POLLIN, 0};
  ::poll(&fd, 1, static_cast<int>(std::clamp<std::int64_t>(wait_ms, -1, 1 << 30)));
  signalfd_siginfo info{};
  while (::read(fd_, &info, sizeof info) == sizeof info) {
    ++count_;
    last_ = static_cast<int>(info.ssi_signo);
  }
  return count_;
}

}  // namespace mlean::os
