#include "os/lock.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "os/files.hpp"

namespace mlean::os {
namespace {

constexpr std::size_t kMaxHolder = 200;

// The holder as the lock file tells; any process may have written it, so it is cut and made printable.
std::string HolderOf(int fd) {
  char bytes[kMaxHolder + 40];
  const ssize_t n = ::pread(fd, bytes, sizeof bytes, 0);
  std::string text(Trim(std::string_view(bytes, n > 0 ? static_cast<std::size_t>(n) : 0)));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  if (text.empty() || !IsValidUtf8(text)) return "another process";
  return text;
}

Result<void> WriteHolder(int fd, const std::filesystem::path& path, std::string_view holder) {
  const std::string text = fmt::format("{} (pid {})\n", holder.substr(0, kMaxHolder), ::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return FileError("write lock", path, errno);
  }
  return {};
}

}  // namespace

Result<FileLock> FileLock::TryAcquire(const std::filesystem::path& path, std::string_view holder) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return FileError("lock", path, errno);
  FileLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    lock.fd_ = -1;
    const int number = errno;
    const std::string held_by = number == EWOULDBLOCK ? HolderOf(fd) : "";
    ::close(fd);
    if (number != EWOULDBLOCK) return FileError("lock", path, number);
    return Fail(Code::kBusy, fmt::format("cannot lock '{}': held by {}", path.string(), held_by));
  }
  TRYV(WriteHolder(fd, path, holder));
  return lock;
}

Result<FileLock> FileLock::Acquire(const std::filesystem::path& path, std::string_view holder, std::int64_t wait_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(wait_ms);
  auto pause = std::chrono::milliseconds(1);
  for (;;) {
    auto lock = TryAcquire(path, holder);
    if (lock || lock.error().code != Code::kBusy || std::chrono::steady_clock::now() >= deadline) return lock;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::milliseconds(50));
  }
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this == &other) return *this;
  Release();
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

FileLock::~FileLock() { Release(); }

void FileLock::Release() noexcept {
  if (fd_ < 0) return;
  // Emptied while still held. The file stays: removing it would let two processes lock two files of the same name.
  [[maybe_unused]] const int ignored = ::ftruncate(fd_, 0);
  ::close(fd_);
  fd_ = -1;
}

Result<NumberLocks> NumberLocks::Open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return FileError("lock", path, errno);
  return NumberLocks(fd, path);
}

NumberLocks::NumberLocks(NumberLocks&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

NumberLocks& NumberLocks::operator=(NumberLocks&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

NumberLocks::~NumberLocks() {
  if (fd_ >= 0) ::close(fd_);
}

Result<bool> NumberLocks::TryShare(std::int64_t number) { return Try(F_RDLCK, number); }
Result<bool> NumberLocks::TryHoldAlone(std::int64_t number) { return Try(F_WRLCK, number); }

// Locks of an open file, not of the process: threads exclude each other, and closing another descriptor frees nothing.
Result<bool> NumberLocks::Try(short kind, std::int64_t number) {
  struct flock one = {};
  one.l_type = kind;
  one.l_whence = SEEK_SET;
  one.l_start = number;
  one.l_len = 1;
  while (::fcntl(fd_, F_OFD_SETLK, &one) != 0) {
    if (errno == EAGAIN || errno == EACCES) return false;
    if (errno != EINTR) return FileError("lock", path_, errno);
  }
  return true;
}

}  // namespace mlean::os
