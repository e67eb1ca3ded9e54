#include "repo/repo_lock.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "os/files.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNotToBeHad =
    "Unable to acquire lock. Most likely another DVC process is running or was terminated abruptly. Check the page "
    "<https://dvc.org/doc/user-guide/troubleshooting#lock-issue> for other possible reasons and to learn how to resolve this.";
constexpr auto kLongestPause = std::chrono::milliseconds(50);
constexpr std::int64_t kClaimSeconds = std::int64_t{365} * 24 * 3600;

// A descriptor with the exclusive flock(2) on it; -1: somebody else holds it.
Result<int> TryFlock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return os::FileError("open lock", path, errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int number = errno;
    ::close(fd);
    if (number == EWOULDBLOCK || number == EINTR) return -1;
    return os::FileError("lock", path, number);
  }
  const std::string holder = fmt::format(" {}\n", ::getpid());
  if (::pwrite(fd, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size()) ||
      ::ftruncate(fd, static_cast<off_t>(holder.size())) != 0) {
    const int number = errno;
    ::close(fd);
    return os::FileError("write lock", path, number);
  }
  return fd;
}

// The file whose hard link the lock will be: a name of its own in the lock's folder, holding that name. flufl.lock derives the
// name from host, process and chance; DVC takes the MD5 of that.
Result<std::string> MakeClaim(const std::string& lock) {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  const std::string claim =
      (fs::path(lock).parent_path() / (Md5Hex(fmt::format("{}|{}|{}|{}", lock, host, ::getpid(), NewHex32())) + ".lock"))
          .string();
  const int fd = ::open(claim.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return os::FileError("write", claim, errno);
  // Others break a lock whose time is over, so it is set a year ahead, as DVC does.
  const std::timespec times[2] = {{std::time(nullptr) + kClaimSeconds, 0}, {std::time(nullptr) + kClaimSeconds, 0}};
  const bool ok = ::write(fd, claim.data(), claim.size()) == static_cast<ssize_t>(claim.size()) && ::futimens(fd, times) == 0;
  const int number = errno;
  ::close(fd);
  if (ok) return claim;
  ::unlink(claim.c_str());
  return os::FileError("write", claim, number);
}

// Over NFS link(2) may have worked though it says that it has not: the number of links tells.
Result<bool> TryLink(const std::string& claim, const std::string& lock) {
  const int number = ::link(claim.c_str(), lock.c_str()) == 0 ? 0 : errno;
  if (number == 0) return true;
  struct stat info {};
  if (::stat(claim.c_str(), &info) == 0 && info.st_nlink == 2) return true;
  if (number == EEXIST || number == ENOENT || number == ESTALE) return false;
  return os::FileError("lock", lock, number);
}

}  // namespace

struct RepoLock::State {
  std::string path;
  RepoLockOptions options;
  int fd = -1;        // of flock
  std::string claim;  // of the hard link; "" not held

  Result<bool> Try() {
    if (!options.hardlink) {
      TRY(fd, TryFlock(path));
      return fd >= 0;
    }
    if (claim.empty()) {
      TRY(claim, MakeClaim(path));
    }
    Result<bool> linked = TryLink(claim, path);
    if (!linked) DropClaim();
    return linked;
  }

  // Tries until it is held, cancelled or too late.
  Result<void> Take() {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::milliseconds(options.wait_ms);
    std::chrono::milliseconds pause(1);
    for (bool first = true;; first = false) {
      TRY(const bool held, Try());
      if (held) return {};
      const bool cancelled = options.cancel != nullptr && options.cancel->load();
      if (cancelled || (!options.wait_forever && Clock::now() >= deadline)) {
        DropClaim();
        if (cancelled) return Fail(Code::kCancelled, fmt::format("cannot lock '{}': cancelled", path));
        return Fail(Code::kBusy, std::string(kNotToBeHad));
      }
      if (first && options.on_wait) options.on_wait();
      std::this_thread::sleep_for(pause);
      pause = std::min<std::chrono::milliseconds>(2 * pause, kLongestPause);
    }
  }

  void DropClaim() noexcept {
    if (!claim.empty()) ::unlink(claim.c_str());
    claim.clear();
  }

  void Drop() noexcept {
    if (fd >= 0) {
      // Said explicitly: a child that has just been forked may still have the descriptor.
      ::flock(fd, LOCK_UN);
      ::close(fd);
      fd = -1;
    }
    struct stat info {};
    if (!claim.empty() && ::stat(claim.c_str(), &info) == 0 && info.st_nlink == 2) ::unlink(path.c_str());
    DropClaim();
  }
};

Result<RepoLock> RepoLock::Acquire(const fs::path& tmp_dir, const RepoLockOptions& options, std::string_view name) {
  TRYV(os::MakeDirs(tmp_dir));
  std::error_code error;
  auto state = std::make_unique<State>();
  state->path = (fs::absolute(tmp_dir, error).lexically_normal() / name).string();
  state->options = options;
  TRYV(state->Take());
  return RepoLock(std::move(state));
}

RepoLock::RepoLock(std::unique_ptr<State> state) : state_(std::move(state)) {}
RepoLock::RepoLock(RepoLock&&) noexcept = default;

RepoLock& RepoLock::operator=(RepoLock&& other) noexcept {
  if (this == &other) return *this;
  Release();
  state_ = std::move(other.state_);
  return *this;
}

RepoLock::~RepoLock() { Release(); }

void RepoLock::Release() noexcept {
  if (state_) state_->Drop();
}

Result<void> RepoLock::Reacquire() {
  CHECK_BUG(state_ != nullptr);
  if (held()) return {};
  return state_->Take();
}

bool RepoLock::held() const { return state_ != nullptr && (state_->fd >= 0 || !state_->claim.empty()); }

}  // namespace mlean::repo
