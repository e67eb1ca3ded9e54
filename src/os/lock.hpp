// FileLock: mutual exclusion between processes by flock(2) on a file. The kernel frees it when the holder dies, however it dies.
// The file holds the holder's text and pid, so that the one who waits can say whom for; it stays there, empty, after the release.
//
//   TRY(os::FileLock lock, os::FileLock::TryAcquire(dir / "repo.lock", "mlean repro"));
//   // held elsewhere: kBusy "cannot lock '.mlean/repo.lock': held by mlean repro (pid 4711)"
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

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

}  // namespace mlean::os
