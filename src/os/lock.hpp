// FileLock: mutual exclusion between processes by flock(2) on a file. The kernel frees it when the holder dies, however it dies.
// The file holds the holder's text and pid, so that the one who waits can say whom for; it stays there, empty, after the release.
//
//   TRY(os::FileLock lock, os::FileLock::TryAcquire(dir / "repo.lock", "mlean repro"));
//   // held elsewhere: kBusy "cannot lock '.mlean/repo.lock': held by mlean repro (pid 4711)"
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace mlean::os {

// Movable; one object is one hold. Two holds in one process exclude each other too.
class FileLock {
 public:
  // `holder`: one line for people, at most 200 bytes are kept.
  static Result<FileLock> TryAcquire(const std::filesystem::path& path, std::string_view holder);
  // Tries for `wait_ms` milliseconds; then the kBusy of TryAcquire.
  static Result<FileLock> Acquire(const std::filesystem::path& path, std::string_view holder, std::int64_t wait_ms);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  void Release() noexcept;
  int fd_ = -1;
};

// Locks on numbers, kept in one file for all processes: shared by many or held alone. The kernel frees them when the holder dies;
// one object's locks end with it. Two objects in one process exclude each other too.
class NumberLocks {
 public:
  static Result<NumberLocks> Open(const std::filesystem::path& path);
  NumberLocks(NumberLocks&& other) noexcept;
  NumberLocks& operator=(NumberLocks&& other) noexcept;
  ~NumberLocks();

  // `number` from 0 to 2^62. False: somebody else holds it in a way that excludes ours.
  Result<bool> TryShare(std::int64_t number);
  Result<bool> TryHoldAlone(std::int64_t number);

 private:
  NumberLocks(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  Result<bool> Try(short kind, std::int64_t number);
  int fd_ = -1;
  std::filesystem::path path_;
};

}  // namespace mlean::os
