// The smaller files of the room: lock, dynlib, terminal, machine, signals, clock_file.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "os/clock_file.hpp"
#include "os/dynlib.hpp"
#include "os/files.hpp"
#include "os/lock.hpp"
#include "os/machine.hpp"
#include "os/process.hpp"
#include "os/signals.hpp"
#include "os/terminal.hpp"

namespace mlean::os {
namespace {

namespace fs = std::filesystem;

class LockTest : public testing::Test {
 protected:
  TempDir temp_ = *TempDir::Make("lock");
  fs::path path_ = temp_.path() / "repo.lock";
};

TEST_F(LockTest, TheSecondIsToldWhoHoldsIt) {
  auto first = FileLock::TryAcquire(path_, "mlean repro");
  ASSERT_TRUE(first) << first.error().what;
  const auto second = FileLock::TryAcquire(path_, "mlean gc");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kBusy);
  EXPECT_EQ(second.error().what, fmt::format("cannot lock '{}': held by mlean repro (pid {})", path_.string(), getpid()));
  FileLock moved = *std::move(first);
  EXPECT_FALSE(FileLock::TryAcquire(path_, "x"));
  { const FileLock gone = std::move(moved); }
  EXPECT_EQ(*ReadFile(path_), "");
  EXPECT_TRUE(FileLock::TryAcquire(path_, std::string(1000, 'y')));
  EXPECT_EQ(FileLock::TryAcquire(temp_.path() / "no/lock", "x").error().code, Code::kNotFound);
}

TEST_F(LockTest, ANumberIsSharedByManyOrHeldAlone) {
  auto first = NumberLocks::Open(path_);
  auto second = NumberLocks::Open(path_);
  ASSERT_TRUE(first && second);
  constexpr std::int64_t kHigh = std::int64_t{1} << 60;
  EXPECT_TRUE(*first->TryShare(kHigh));
  EXPECT_TRUE(*second->TryShare(kHigh));
  EXPECT_FALSE(*second->TryHoldAlone(kHigh));
  EXPECT_TRUE(*second->TryHoldAlone(kHigh + 1));
  EXPECT_FALSE(*first->TryShare(kHigh + 1));
  { const NumberLocks gone = *std::move(second); }
  EXPECT_TRUE(*first->TryShare(kHigh + 1));
  EXPECT_TRUE(*first->TryHoldAlone(kHigh));
  EXPECT_EQ(NumberLocks::Open(temp_.path() / "no/lock").error().code, Code::kNotFound);
}

TEST_F(LockTest, AcquireWaitsForTheRelease) {
  auto held = FileLock::TryAcquire(path_, "first");
  ASSERT_TRUE(held);
  EXPECT_EQ(FileLock::Acquire(path_, "second", 30).error().code, Code::kBusy);
  std::jthread waiter([&] {
    const auto lock = FileLock::Acquire(path_, "second", 60'000);
    EXPECT_TRUE(lock);
  });
  { const FileLock gone = *std::move(held); }
}

TEST_F(LockTest, IsFreedWhenTheHolderIsKilled) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = FileLock::TryAcquire(path_, "child\nwith a line");
    if (write(ends[1], "x", 1) != 1) _exit(1);
    pause();
  }
  char ready = 0;
  ASSERT_EQ(read(ends[0], &ready, 1), 1);
  EXPECT_THAT(FileLock::TryAcquire(path_, "me").error().what, testing::HasSubstr("held by child with a line (pid "));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileLock::TryAcquire(path_, "me"));
  close(ends[0]);
  close(ends[1]);
}

TEST(LibraryTest, OpensFromTheSystemAndFindsSymbols) {
  constexpr std::string_view kNames[] = {"libnone.so.7", "libm.so.6"};
  const auto library = Library::Open(kNames, "compute", "./dev setup");
  ASSERT_TRUE(library) << library.error().what;
  const auto cosine = library->Symbol<double (*)(double)>("cos");
  ASSERT_TRUE(cosine);
  EXPECT_EQ((*cosine)(0.0), 1.0);
  EXPECT_EQ(library->Symbol<double (*)(double)>("no_such_symbol").error().code, Code::kUnsupported);
}

TEST(LibraryTest, ErrorsSayWhereItLookedAndWhatMendsIt) {
  constexpr std::string_view kNames[] = {"libnone.so.7"};
  const TempDir temp = *TempDir::Make("lib");
  setenv("MLEAN_LIB_DIR", temp.path().c_str(), 1);
  const auto missing = Library::Open(kNames, "read tables", "./dev setup");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_THAT(missing.error().what,
              testing::StartsWith(fmt::format("cannot open library 'libnone.so.7' (needed to read tables): not found "
                                              "in {}, {}",
                                              temp.path().string(), ExecutablePath().parent_path().string())));
  EXPECT_EQ(missing.error().fix, "./dev setup");
  ASSERT_TRUE(WriteFileAtomic(temp.path() / "libnone.so.7", "no library"));
  const auto broken = Library::Open(kNames, "read tables", "./dev setup");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Code::kIo);
  unsetenv("MLEAN_LIB_DIR");
}

TEST(TerminalTest, ProgressLines) {
  EXPECT_EQ(ProgressLine("hash", 43, 100, 1, 80), "hash  43 %  [############..................]  43/s  ETA 0:01");
  EXPECT_EQ(ProgressLine("hash", 0, 100, 0, 80), "hash   0 %  [..............................]  0/s  ETA -:--");
  EXPECT_EQ(ProgressLine("hash", 100, 100, 1, 80), "hash  100 %  [##############################]  100/s  ETA 0:00");
  EXPECT_EQ(ProgressLine("hash", 1000, 100, 1, 40), "hash  100 %  [######]  1,000/s  ETA 0:00");
  EXPECT_EQ(ProgressLine("pull", 12345, 0, 2, 80), "pull  12,345  6,172/s");
  EXPECT_EQ(ProgressLine("größer", 1, 3, 1, 20), "größer  33 %  1/s  E");
  EXPECT_THAT(ProgressLine("x", 1, 10'000'000, 1, 80), testing::HasSubstr("ETA -:--"));
  EXPECT_THAT(ProgressLine("x", 1, 7262, 1, 80), testing::HasSubstr("ETA 2:01:01"));
  for (int width = 1; width < 100; ++width) {
    EXPECT_LE(ProgressLine("label", 43, 100, 1, width).size(), static_cast<std::size_t>(width));
  }
}

TEST(TerminalTest, NoTerminalNoColourNoOutput) {
  const TempDir temp = *TempDir::Make("tty");
  EXPECT_FALSE(IsTerminal(-1));
  EXPECT_FALSE(ColourWanted(-1));
  EXPECT_GT(Width(), 0);
  Progress progress("quiet", 10);
  progress.Advance(5);
  progress.Finish();
}

TEST(MachineTest, Facts) {
  const Machine machine = DescribeMachine();
  EXPECT_FALSE(machine.hostname.empty());
  EXPECT_FALSE(machine.user.empty());
  EXPECT_FALSE(machine.os_name.empty());
  EXPECT_THAT(machine.os_name, testing::Not(testing::HasSubstr("\"")));
  EXPECT_FALSE(machine.kernel.empty());
  EXPECT_GE(machine.cores, 1);
  EXPECT_LE(machine.cores, static_cast<int>(std::thread::hardware_concurrency()));
  EXPECT_GT(machine.memory_bytes, 64U << 20);
  EXPECT_EQ(ExecutablePath().filename().string().substr(0, 6), "mlean_");
  EXPECT_GT(FreeDiskBytes("/"), 0U);
  EXPECT_EQ(FreeDiskBytes("/no/such"), 0U);
  const std::uint64_t before = RssBytes();
  EXPECT_GT(before, 1U << 20);
  EXPECT_GE(PeakRssBytes() + (1 << 20), before);
  const std::string ballast(64 << 20, 'x');
  EXPECT_GT(RssBytes() + ballast.size() / 4, before + (48 << 20));
}

TEST(MachineTest, CoresUnderACgroupLimit) {
  EXPECT_EQ(CoresUnderLimit("max 100000", 8), 8);
  EXPECT_EQ(CoresUnderLimit("150000 100000", 8), 2);
  EXPECT_EQ(CoresUnderLimit("200000 100000", 8), 2);
  EXPECT_EQ(CoresUnderLimit("10000 100000", 8), 1);
  EXPECT_EQ(CoresUnderLimit("9900000 100000", 8), 8);
  EXPECT_EQ(CoresUnderLimit("", 8), 8);
  EXPECT_EQ(CoresUnderLimit("1 0", 8), 8);
  EXPECT_EQ(CoresUnderLimit("x y", 8), 8);
}

TEST(SignalsTest, StopSignalsAreCounted) {
  const pid_t child = fork();  // the mask is for the whole process
  if (child == 0) {
    auto stop = StopSignals::Block();
    if (!stop) _exit(1);
    if (stop->Wait(0) != 0) _exit(2);
    std::jthread([] { kill(getpid(), SIGTERM); }).join();
    if (stop->Wait(10000) != 1) _exit(3);
    kill(getpid(), SIGINT);
    if (stop->Wait(10000) != 2 || stop->count() != 2) _exit(4);
    int ends[2];
    if (pipe(ends) != 0) _exit(5);
    close(ends[0]);
    if (write(ends[1], "x", 1) != -1) _exit(6);  // and SIGPIPE did not end us
    const auto done = RunProcess({.shell = "kill -TERM $$; exit 0"});
    _exit(done && done->signal == SIGTERM ? 0 : 7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(FileClockTest, IsSharedByProcesses) {
  const TempDir temp = *TempDir::Make("clock");
  const fs::path path = temp.path() / "clock";
  EXPECT_EQ(FileClock::Open(path).error().code, Code::kNotFound);
  auto clock = FileClock::Create(path, 1365000000000);
  ASSERT_TRUE(clock) << clock.error().what;
  EXPECT_EQ((*clock)->Now(), 1365000000000);
  const pid_t child = fork();
  if (child == 0) {
    auto other = FileClock::Open(path);
    if (!other || (*other)->Now() != 1365000000000) _exit(1);
    (*other)->Set(42);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ((*clock)->Now(), 42);
  ASSERT_TRUE(FileClock::Create(path, 7));
  EXPECT_EQ((*clock)->Now(), 7);
  ASSERT_TRUE(WriteFileAtomic(path, "short"));
  EXPECT_EQ(FileClock::Open(path).error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace mlean::os
