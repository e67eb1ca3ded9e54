#include "repo/rw_lock.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>

#include "os/files.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

class RwLockTest : public testing::Test {
 protected:
  os::TempDir temp_ = *os::TempDir::Make();
  fs::path dir_ = fs::canonical(temp_.path());
  std::vector<std::string> notes_;

  Result<RwLock> Take(std::string command, std::vector<std::string> read, std::vector<std::string> write) {
    notes_.clear();
    return RwLock::Acquire(dir_, {.command = std::move(command), .read = std::move(read), .write = std::move(write)}, &notes_);
  }
  std::string Text() { return *os::ReadFile(dir_ / "rwlock"); }
  void Put(std::string_view text) { ASSERT_TRUE(os::WriteFileAtomic(dir_ / "rwlock", text)); }
  // A number that no process has any more.
  static int DeadPid() {
    const int pid = ::fork();
    if (pid == 0) ::_exit(0);
    ::waitpid(pid, nullptr, 0);
    return pid;
  }
};

TEST_F(RwLockTest, WritesWhatDvcWrites) {
  const int pid = ::getpid();
  {
    const Result<RwLock> lock = Take("dvc repro \xc3\xa9", {"/r/in", "/r/in2"}, {"/r/out"});
    ASSERT_TRUE(lock) << lock.error().what;
    EXPECT_EQ(Text(), fmt::format(R"({{"write": {{"/r/out": {{"pid": {0}, "cmd": "dvc repro \u00e9"}}}}, )"
                                  R"("read": {{"/r/in": [{{"pid": {0}, "cmd": "dvc repro \u00e9"}}], )"
                                  R"("/r/in2": [{{"pid": {0}, "cmd": "dvc repro \u00e9"}}]}}}})",
                                  pid));
    const Result<RwLock> reader = Take("other", {"/r/in"}, {});
    ASSERT_TRUE(reader);
    EXPECT_THAT(Text(), testing::HasSubstr(fmt::format(
                            R"("/r/in": [{{"pid": {0}, "cmd": "dvc repro \u00e9"}}, {{"pid": {0}, "cmd": "other"}}])", pid)));
  }
  EXPECT_EQ(Text(), "{}");
  EXPECT_TRUE(notes_.empty());
  EXPECT_EQ(*os::ListDir(dir_), (std::vector<std::string>{"rwlock", "rwlock.lock"}));
}

TEST_F(RwLockTest, ExchangesWhatItHolds) {
  RwLock lock = *Take("first", {"/r/in"}, {"/r/out"});
  const RwLock other = *Take("second", {}, {"/r/other"});
  const std::string before = Text();
  EXPECT_EQ(lock.Exchange({.command = "first", .read = {"/r/other"}, .write = {}}, nullptr).error().code, Code::kBusy);
  EXPECT_EQ(Text(), before);
  // What it gives back does not block what it takes, under whatever name.
  ASSERT_TRUE(lock.Exchange({.command = "next", .read = {"/r/out"}, .write = {"/r/in"}}, nullptr));
  EXPECT_EQ(Text(), fmt::format(R"({{"write": {{"/r/other": {{"pid": {0}, "cmd": "second"}}, "/r/in": {{"pid": {0}, "cmd": )"
                                R"("next"}}}}, "read": {{"/r/out": [{{"pid": {0}, "cmd": "next"}}]}}}})",
                                ::getpid()));
  ASSERT_TRUE(lock.Release());
  EXPECT_EQ(Text(), fmt::format(R"({{"write": {{"/r/other": {{"pid": {0}, "cmd": "second"}}}}}})", ::getpid()));
}

TEST_F(RwLockTest, BlocksWhatOverlaps) {
  RwLock lock = *Take("first", {"/r/in"}, {"/r/out"});
  const std::string before = Text();
  for (const char* path : {"/r/out", "/r/out/deep/x", "/r", "/"}) {
    EXPECT_EQ(Take("second", {path}, {}).error().code, Code::kBusy) << path;
    EXPECT_EQ(Take("second", {}, {path}).error().code, Code::kBusy) << path;
  }
  EXPECT_EQ(
      Take("second", {}, {"/r/in"}).error().what,
      fmt::format(
          "'/r/in' is busy, it is being blocked by:\n  (PID {}): first\n\nIf there are no processes with such PIDs, you can "
          "manually remove '{}/rwlock' and try again.",
          ::getpid(), dir_.string()));
  EXPECT_EQ(Text(), before);
  EXPECT_TRUE(Take("second", {"/r/in", "/r/out2", "/r/ou"}, {"/r/in2"}));
  EXPECT_TRUE(Take("first", {"/r/out"}, {"/r/in"}));  // the same process and command, as in DVC
  ASSERT_TRUE(lock.Release());
  ASSERT_TRUE(lock.Release());
  EXPECT_TRUE(Take("second", {}, {"/r/out"}));
}

TEST_F(RwLockTest, DropsTheDead) {
  const int dead = DeadPid();
  Put(fmt::format(
      R"({{"write": {{"/r/out": {{"pid": {0}, "cmd": "gone"}}, "/r/b": {{"pid": {0}, "cmd": "gone"}}, )"
      R"("/else": {{"pid": {0}, "cmd": "gone"}}}}, "read": {{"/r/out": [{{"pid": {0}, "cmd": "gone"}}, {{"pid": {1}, "cmd": "live"}}]}}}})",
      dead, ::getppid()));
  EXPECT_EQ(Take("new", {}, {"/r/out"}).error().code, Code::kBusy);
  Put(fmt::format(
      R"({{"write": {{"/r/out": {{"pid": {0}, "cmd": "gone"}}, "/r/b": {{"pid": {0}, "cmd": "gone"}}, "/else": {{"pid": {0}, "cmd": "gone"}}}}}})",
      dead));
  const Result<RwLock> lock = Take("new", {"/r/b"}, {"/r/out"});
  ASSERT_TRUE(lock) << lock.error().what;
  ASSERT_EQ(notes_.size(), 1u);  // once a process
  EXPECT_THAT(notes_[0], testing::StartsWith(fmt::format("Process 'gone' with (Pid {}), in RWLock-file '", dead)));
  EXPECT_THAT(notes_[0], testing::EndsWith("r/out' had been killed. Auto removed it from the lock file."));
  EXPECT_THAT(Text(), testing::HasSubstr("/else"));
  EXPECT_THAT(Text(), testing::Not(testing::HasSubstr("/r/b\": {")));
  // Numbers that no process can have.
  Put(R"({"write": {"/r/n": {"pid": 0, "cmd": "a"}, "/r/m": {"pid": -1, "cmd": "a"}, "/r/o": {"pid": 99999999999, "cmd": "a"}}})");
  EXPECT_TRUE(Take("new", {}, {"/r/n", "/r/m", "/r/o"}));
}

TEST_F(RwLockTest, StartsABrokenFileAnew) {
  for (const char* text : {"", "{\"write\": {\"/r/o", "[]", "{\"write\": []}", "{\"read\": {\"/r\": {}}}", "{\"x\": {}}",
                           "{\"write\": {\"/r/o\": {\"pid\": \"1\", \"cmd\": \"x\"}}}",
                           "{\"write\": {\"/r/o\": {\"pid\": 1, \"cmd\": \"x\", \"y\": 1}}}"}) {
    Put(text);
    ASSERT_TRUE(Take("new", {}, {"/r/o"})) << text;
    ASSERT_EQ(notes_.size(), 1u) << text;
    EXPECT_THAT(notes_[0], testing::HasSubstr("it has been started anew"));
    EXPECT_EQ(Text(), "{}") << text;
  }
  Put("{}");
  EXPECT_TRUE(Take("new", {}, {}));
  EXPECT_TRUE(notes_.empty());
}

TEST_F(RwLockTest, KeepsItsFileWhileItIsSmall) {
  Put("{}                ");
  const std::uint64_t inode = os::Stat(dir_ / "rwlock")->inode;
  {
    const Result<RwLock> lock = Take("new", {}, {"/r/o"});
    ASSERT_TRUE(lock);
    EXPECT_EQ(os::Stat(dir_ / "rwlock")->inode, inode);
    EXPECT_TRUE(Text().ends_with("}}}")) << Text();
    std::vector<std::string> many;
    for (int i = 0; i < 100; ++i) many.push_back("/r/some/longer/path/" + std::to_string(i));
    const Result<RwLock> large = Take("new", many, {});
    ASSERT_TRUE(large);
    EXPECT_THAT(Text(), testing::HasSubstr("path/99"));
    EXPECT_NE(os::Stat(dir_ / "rwlock")->inode, inode);
  }
  EXPECT_EQ(Text(), "{}");
  EXPECT_TRUE(notes_.empty());
}

TEST_F(RwLockTest, WaitsOnItsGuard) {
  const RepoLock guard = *RepoLock::Acquire(dir_, {.hardlink = true}, "rwlock.lock");
  std::atomic<bool> cancel = true;
  EXPECT_EQ(RwLock::Acquire(dir_, {.command = "x", .read = {}, .write = {"/a"}, .hardlink = true, .cancel = &cancel}, nullptr)
                .error()
                .code,
            Code::kCancelled);
}

}  // namespace
}  // namespace mlean::repo
