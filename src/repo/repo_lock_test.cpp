#include "repo/repo_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <ctime>
#include <thread>

#include "os/files.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

class RepoLockTest : public testing::TestWithParam<bool> {
 protected:
  os::TempDir temp_ = *os::TempDir::Make();
  fs::path dir_ = fs::canonical(temp_.path()) / ".dvc" / "tmp";
  RepoLockOptions Options(std::int64_t wait_ms = 0) const { return {.hardlink = GetParam(), .wait_ms = wait_ms}; }
};

TEST_P(RepoLockTest, ExcludesAndIsFreeAgain) {
  Result<RepoLock> lock = RepoLock::Acquire(dir_, Options());
  ASSERT_TRUE(lock) << lock.error().what;
  EXPECT_TRUE(lock->held());
  const Result<RepoLock> second = RepoLock::Acquire(dir_, Options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kBusy);
  EXPECT_EQ(
      second.error().what,
      "Unable to acquire lock. Most likely another DVC process is running or was terminated abruptly. Check the page "
      "<https://dvc.org/doc/user-guide/troubleshooting#lock-issue> for other possible reasons and to learn how to resolve this.");
  EXPECT_EQ(UncaughtFailure(second.error()).exit, kDvcFailedExit);
  EXPECT_TRUE(RepoLock::Acquire(dir_, Options(), "rwlock.lock"));  // another lock

  lock->Release();
  EXPECT_FALSE(lock->held());
  lock->Release();
  {
    const Result<RepoLock> third = RepoLock::Acquire(dir_, Options());
    ASSERT_TRUE(third);
    EXPECT_EQ(lock->Reacquire().error().code, Code::kBusy);
    EXPECT_FALSE(lock->held());
  }
  EXPECT_TRUE(lock->Reacquire());
  EXPECT_TRUE(lock->Reacquire());
  EXPECT_TRUE(lock->held());
  RepoLock moved = *std::move(lock);
  EXPECT_TRUE(moved.held());
  EXPECT_FALSE(RepoLock::Acquire(dir_, Options()));
}

TEST_P(RepoLockTest, WaitsForTheOther) {
  RepoLock lock = *RepoLock::Acquire(dir_, Options());
  int waits = 0;
  std::thread other;
  RepoLockOptions options = Options(60'000);
  // The other one lets go when, and only when, this one waits.
  options.on_wait = [&] {
    ++waits;
    other = std::thread([&lock] { lock.Release(); });
  };
  EXPECT_TRUE(RepoLock::Acquire(dir_, options));
  other.join();
  EXPECT_EQ(waits, 1);
}

TEST_P(RepoLockTest, IsCancelled) {
  const RepoLock lock = *RepoLock::Acquire(dir_, Options());
  std::atomic<bool> cancel = false;
  RepoLockOptions options = Options();
  options.wait_forever = true;
  options.cancel = &cancel;
  options.on_wait = [&] { cancel = true; };
  EXPECT_EQ(RepoLock::Acquire(dir_, options).error().code, Code::kCancelled);
  std::size_t claims = 0;
  const std::vector<std::string> names = *os::ListDir(dir_);
  for (const std::string& name : names) claims += name.ends_with(".lock") ? 1 : 0;
  EXPECT_EQ(claims, GetParam() ? 1u : 0u);  // the holder's
}

INSTANTIATE_TEST_SUITE_P(Ways, RepoLockTest, testing::Bool(), [](const auto& way) { return way.param ? "Hardlink" : "Flock"; });

// As zc.lockfile has it, which DVC uses.
TEST_F(RepoLockTest, FlockIsThatOfDvc) {
  ASSERT_TRUE(os::MakeDirs(dir_));
  ASSERT_TRUE(os::WriteFileAtomic(dir_ / "lock", " 1234567890123456789\n"));
  {
    const RepoLock lock = *RepoLock::Acquire(dir_, {});
    EXPECT_EQ(*os::ReadFile(dir_ / "lock"), " " + std::to_string(::getpid()) + "\n");
    const int fd = ::open((dir_ / "lock").c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_NE(::flock(fd, LOCK_EX | LOCK_NB), 0);
    ::close(fd);
  }
  const int fd = ::open((dir_ / "lock").c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(::flock(fd, LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(RepoLock::Acquire(dir_, {.wait_ms = 0}).error().code, Code::kBusy);
  ::close(fd);
  EXPECT_TRUE(RepoLock::Acquire(dir_, {.wait_ms = 0}));
}

// As flufl.lock has it: two names of one file, which holds the name of the claim and lives in the future.
TEST_F(RepoLockTest, HardlinkIsThatOfDvc) {
  {
    const RepoLock lock = *RepoLock::Acquire(dir_, {.hardlink = true});
    const std::string claim = *os::ReadFile(dir_ / "lock");
    EXPECT_EQ(fs::path(claim).parent_path(), dir_);
    EXPECT_EQ(fs::path(claim).filename().string().size(), 32u + 5u);
    EXPECT_EQ(fs::path(claim).extension(), ".lock");
    EXPECT_EQ(os::Stat(claim)->links, 2u);
    EXPECT_EQ(os::Stat(claim)->inode, os::Stat(dir_ / "lock")->inode);
    EXPECT_GT(os::Stat(dir_ / "lock")->mtime_ns / 1'000'000'000, std::time(nullptr) + 300 * 86400);
  }
  EXPECT_TRUE(os::ListDir(dir_)->empty());
}

}  // namespace
}  // namespace mlean::repo
