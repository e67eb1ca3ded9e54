// OpenedFile: a file descriptor or socket that closes itself. Internal to this room.
#pragma once

#include <unistd.h>

#include <utility>

namespace mlean::net {

class OpenedFile {
 public:
  explicit OpenedFile(int fd = -1) : fd_(fd) {}
  ~OpenedFile() { Reset(-1); }
  OpenedFile(OpenedFile&& other) noexcept : fd_(other.Release()) {}
  OpenedFile& operator=(OpenedFile&&) = delete;
  void Reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  int Release() { return std::exchange(fd_, -1); }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace mlean::net
