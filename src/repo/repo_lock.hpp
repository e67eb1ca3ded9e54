// RepoLock: DVC's lock of a whole repository, `.dvc/tmp/lock`. Taking it makes DVC and this program exclude each other.
// (dvc.lock, the record of a pipeline, is something else.)
//
//   TRY(RepoLock lock, RepoLock::Acquire(root / ".dvc" / "tmp", {}));
//   lock.Release();               // while a stage's command runs
//   TRYV(lock.Reacquire());
//
// Two ways, as core.hardlink_lock says: flock(2) on the file, which then holds " <pid>\n" (the kernel frees it when the holder
// dies); or the NFS-safe way of the flufl.lock library: the file is a hard link to a claim file in the same folder. Not to be had
// within 3 s: kBusy with DVC's text ("Unable to acquire lock. Most likely another DVC process is running or was terminated
// abruptly. …").
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace mlean::repo {

struct RepoLockOptions {
  bool wait_forever = false;  // --wait-for-lock
  bool hardlink = false;      // core.hardlink_lock
  std::int64_t wait_ms = 3000;
  const std::atomic<bool>* cancel = nullptr;  // kCancelled within 50 ms after this turns true; not owned
  std::function<void()> on_wait = {};         // once, when the first try has failed
};

class RepoLock {
 public:
  // Makes `tmp_dir` (".dvc/tmp") when it is missing. The lock is `tmp_dir`/`name`.
  static Result<RepoLock> Acquire(const std::filesystem::path& tmp_dir, const RepoLockOptions& options,
                                  std::string_view name = "lock");
  RepoLock(RepoLock&&) noexcept;
  RepoLock& operator=(RepoLock&&) noexcept;
  ~RepoLock();

  void Release() noexcept;
  Result<void> Reacquire();
  bool held() const;

 private:
  struct State;
  explicit RepoLock(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mlean::repo
