#include "os/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/text.hpp"
#include "os/files.hpp"
#include "os/guardian.hpp"

namespace mlean::os {
namespace {

namespace fs = std::filesystem;

// Alive and no zombie.
bool Alive(std::int64_t pid) {
  const auto stat = ReadFile(fmt::format("/proc/{}/stat", pid));
  if (!stat) return false;
  const char state = stat->at(stat->rfind(')') + 2);
  return state != 'Z' && state != 'X';
}

// Until `pid` is gone, at most 10 s: the kernel ends a killed process a moment later.
bool Gone(std::int64_t pid) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (Alive(pid)) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

class ProcessTest : public testing::Test {
 protected:
  ProcessOutcome Run(ProcessSpec spec) {
    auto done = RunProcess(spec);
    EXPECT_TRUE(done) << done.error().what;
    return done ? *done : ProcessOutcome{};
  }
  TempDir temp_ = *TempDir::Make("process");
  fs::path dir_ = temp_.path();
};

TEST_F(ProcessTest, StatusOutputAndEnvironment) {
  const ProcessOutcome done = Run({.shell = "echo out; echo err >&2; echo $A-$HOME; pwd; cat; exit 3",
                                   .cwd = dir_,
                                   .env = {{"A", "b c"}, {"HOME", "/h"}},
                                   .capture = true});
  EXPECT_EQ(done.exit_code, 3);
  EXPECT_EQ(done.signal, 0);
  EXPECT_FALSE(done.Ok());
  EXPECT_EQ(done.output, fmt::format("out\nerr\nb c-/h\n{}\n", dir_.string()));
  EXPECT_FALSE(done.output_cut);
  EXPECT_EQ(done.Describe(), "exit status 3");
  EXPECT_GT(done.max_rss_kb, 100);
  const ProcessOutcome words = Run({.argv = {"printf", "%s|", "a b", "", "$x"}, .capture = true});
  EXPECT_EQ(words.output, "a b||$x|");
  EXPECT_TRUE(words.Ok());
}

TEST_F(ProcessTest, TimesAreMeasured) {
  const ProcessOutcome done = Run({.shell = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"});
  EXPECT_GT(done.user_ms + done.system_ms, 20);
  EXPECT_GE(done.wall_ms + 20, done.user_ms + done.system_ms);
}

TEST_F(ProcessTest, WhatCannotStartIsAnError) {
  EXPECT_EQ(RunProcess({.argv = {"no-such-program"}}).error().what, "cannot run 'no-such-program': no such program in PATH");
  EXPECT_EQ(RunProcess({.argv = {"/no/such"}}).error().code, Code::kNotFound);
  EXPECT_EQ(RunProcess({.argv = {"/no/such"}}).error().what, "cannot run '/no/such': No such file or directory");
  EXPECT_EQ(RunProcess({.argv = {"/etc/passwd"}}).error().code, Code::kIo);
  EXPECT_EQ(RunProcess({.argv = {"true"}, .cwd = dir_ / "none"}).error().code, Code::kNotFound);
  EXPECT_EQ(RunProcess({}).error().code, Code::kInvalid);
  EXPECT_EQ(RunProcess({.argv = {"echo", std::string("a\0b", 3)}}).error().code, Code::kInvalid);
  EXPECT_EQ(RunProcess({.argv = {"true"}, .log_file = dir_ / "no/log"}).error().code, Code::kNotFound);
  // The PATH that counts is the one that the child gets.
  ASSERT_TRUE(WriteFileAtomic(dir_ / "own-program", "#!/bin/sh\necho mine\n", {.mode = 0755}));
  EXPECT_EQ(Run({.argv = {"own-program"}, .env = {{"PATH", dir_.string()}}, .capture = true}).output, "mine\n");
}

TEST_F(ProcessTest, LogFileIsAppendedWithAndWithoutCapture) {
  ASSERT_TRUE(WriteFileAtomic(dir_ / "log", "before\n"));
  Run({.shell = "echo one; echo two >&2", .log_file = dir_ / "log"});
  const ProcessOutcome done = Run({.shell = "echo three", .log_file = dir_ / "log", .capture = true});
  EXPECT_EQ(done.output, "three\n");
  EXPECT_EQ(*ReadFile(dir_ / "log"), "before\none\ntwo\nthree\n");
}

TEST_F(ProcessTest, CaptureKeepsTheTail) {
  const ProcessOutcome done =
      Run({.shell = "i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done", .capture = true, .capture_bytes = 20});
  EXPECT_EQ(done.output, "ne 29998\nline 29999\n");
  EXPECT_TRUE(done.output_cut);
}

TEST_F(ProcessTest, LinesAreHandedOver) {
  std::vector<std::string> lines;
  Run({.shell = "printf 'a\\n\\nb'; printf 'c\\nlast'; head -c 70000 /dev/zero | tr '\\0' x",
       .on_line = [&](std::string_view line) { lines.emplace_back(line); }});
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0] + "|" + lines[1] + "|" + lines[2], "a||bc");
  EXPECT_EQ(lines[3].size(), 65536U);
  EXPECT_EQ(lines[3].size() + lines[4].size(), 70004U);
}

TEST_F(ProcessTest, BytesArriveApart) {
  std::string out;
  std::string error;
  ProcessSpec spec{.shell = "printf 'no newline'; printf 'to stderr\\n' >&2"};
  spec.on_bytes = [&](bool is_error, std::string_view bytes) { (is_error ? error : out) += bytes; };
  ASSERT_TRUE(RunProcess(spec));
  EXPECT_EQ(out, "no newline");
  EXPECT_EQ(error, "to stderr\n");
}

TEST_F(ProcessTest, ForwardedSignalsAreTheChildsToAnswer) {
  std::atomic<int> forward = 0;
  ProcessSpec spec{.shell = "trap 'echo got it; exit 7' INT; echo ready; while :; do sleep 0.01; done"};
  std::string out;
  spec.forward = &forward;
  spec.on_line = [&](std::string_view line) {
    out += line;
    if (line == "ready") forward = SIGINT;
  };
  const Result<ProcessOutcome> done = RunProcess(spec);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->exit_code, 7);
  EXPECT_EQ(out, "readygot it");
}

TEST_F(ProcessTest, TimeoutKillsTheGroupWithGrandchildren) {
  std::vector<std::string> pids;
  const auto started = std::chrono::steady_clock::now();
  // The shell dies of SIGTERM; one grandchild ignores it and has left its parent.
  const ProcessOutcome done = Run({.shell = "sleep 1000 & echo $!; (trap '' TERM; sleep 1000) & echo $!; wait",
                                   .on_line = [&](std::string_view line) { pids.emplace_back(line); },
                                   .timeout_ms = 200,
                                   .grace_ms = 30000});
  EXPECT_TRUE(done.timed_out);
  EXPECT_EQ(done.signal, SIGTERM);
  EXPECT_EQ(done.exit_code, -1);
  EXPECT_EQ(done.Describe(), "timed out");
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
  ASSERT_EQ(pids.size(), 2U);
  for (const std::string& pid : pids) EXPECT_TRUE(Gone(*ParseInt(pid))) << pid;
}

TEST_F(ProcessTest, SigkillAfterTheGrace) {
  const ProcessOutcome done = Run(
      {.shell = "trap '' TERM; echo ready; while :; do sleep 0.05; done", .capture = true, .timeout_ms = 300, .grace_ms = 100});
  EXPECT_EQ(done.signal, SIGKILL);
  EXPECT_TRUE(done.timed_out);
  EXPECT_GE(done.wall_ms, 390);
  EXPECT_EQ(done.output, "ready\n");
  const ProcessOutcome polite =
      Run({.shell = "trap 'echo bye; exit 0' TERM; while :; do sleep 0.02; done", .capture = true, .timeout_ms = 200});
  EXPECT_TRUE(polite.output.ends_with("bye\n")) << polite.output;
  EXPECT_EQ(polite.exit_code, 0);
  EXPECT_TRUE(polite.timed_out);
}

TEST_F(ProcessTest, Cancel) {
  std::atomic<bool> cancel = false;
  const ProcessOutcome done =
      Run({.shell = "echo up; sleep 1000", .on_line = [&](std::string_view) { cancel = true; }, .cancel = &cancel});
  EXPECT_TRUE(done.cancelled);
  EXPECT_FALSE(done.timed_out);
  EXPECT_EQ(done.Describe(), "cancelled");
}

TEST_F(ProcessTest, ABackgroundChildDoesNotHoldUpTheEnd) {
  const ProcessOutcome done = Run({.shell = "sleep 1000 & echo $!", .capture = true});
  EXPECT_TRUE(done.Ok());
  const std::int64_t pid = *ParseInt(Trim(done.output));
  EXPECT_TRUE(Alive(pid));
  kill(static_cast<pid_t>(pid), SIGKILL);
}

TEST_F(ProcessTest, TheChildGetsACleanStart) {
  const int fd = open("/dev/null", O_RDONLY);  // not close-on-exec
  ASSERT_GE(fd, 3);
  sigset_t mask;
  sigset_t before;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &mask, &before);
  signal(SIGPIPE, SIG_IGN);
  const ProcessOutcome done =
      Run({.shell = "grep -E 'Sig(Blk|Ign)' /proc/self/status; cut -d' ' -f5 /proc/self/stat; echo $$", .capture = true});
  const ProcessOutcome fds = Run({.argv = {"ls", "/proc/self/fd"}, .capture = true});
  signal(SIGPIPE, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  close(fd);
  EXPECT_THAT(done.output, testing::HasSubstr("SigBlk:\t0000000000000000\n"));
  EXPECT_THAT(done.output, testing::HasSubstr("SigIgn:\t0000000000000000\n"));
  const std::vector<std::string> lines = Split(done.output, '\n');
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[2], lines[3]);          // leads its own process group
  EXPECT_EQ(fds.output, "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST_F(ProcessTest, Kill9OfTheParentTakesTheChildAlong) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    const auto child = Child::Start({.argv = {"sleep", "1000"}});
    const int pid = child ? child->pid() : -1;
    if (write(pipe_ends[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    pause();
    _exit(1);
  }
  int grandchild = -1;
  ASSERT_EQ(read(pipe_ends[0], &grandchild, sizeof grandchild), static_cast<ssize_t>(sizeof grandchild));
  ASSERT_GT(grandchild, 0);
  EXPECT_TRUE(Alive(grandchild));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(Gone(grandchild));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

// What a killed stage leaves running must not write its outputs later. Every descendant holds the pipe, so its end says that all
// of them are gone; SIGTERM and SIGHUP would not do.
TEST_F(ProcessTest, Kill9OfTheParentTakesTheGrandchildrenAlong) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    dup2(pipe_ends[1], 1);
    static_cast<void>(RunProcess({.shell = "(trap '' TERM HUP INT; echo up; sleep 30; echo late >late) & wait", .cwd = dir_}));
    _exit(1);
  }
  close(pipe_ends[1]);
  char text[4] = {};
  ASSERT_EQ(read(pipe_ends[0], text, sizeof text), 3);
  EXPECT_STREQ(text, "up\n");
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  pollfd end{pipe_ends[0], 0, 0};  // POLLHUP only
  ASSERT_EQ(poll(&end, 1, 10'000), 1) << "a grandchild lives on";
  EXPECT_EQ(read(pipe_ends[0], text, sizeof text), 0);
  EXPECT_FALSE(Exists(dir_ / "late"));
  close(pipe_ends[0]);
}

TEST_F(ProcessTest, OneGuardianServesManyChildren) {
  Guardian::EndIdle();
  for (int i = 0; i < 3; ++i) Run({.shell = "exit 3"});
  EXPECT_EQ(Guardian::EndIdle(), 1u);
  {
    auto one = Child::Start({.argv = {"sleep", "1000"}});
    auto two = Child::Start({.argv = {"sleep", "1000"}});
    ASSERT_TRUE(one && two);
    EXPECT_EQ(Guardian::EndIdle(), 0u);
  }
  EXPECT_EQ(Guardian::EndIdle(), 2u);
}

// A guardian that waits has nothing to kill any more.
TEST_F(ProcessTest, EndedGroupsAreLeftAlone) {
  const std::string text = R"(sleep 1000 >/dev/null & echo $!)";
  const int left = std::stoi(Run({.shell = text, .capture = true}).output);
  Guardian::EndIdle();
  const int worker = fork();
  if (worker == 0) {
    // The same with a process that dies while its guardian waits.
    const auto done = RunProcess({.shell = text, .log_file = dir_ / "left"});
    _exit(done && done->Ok() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(worker, &status, 0), worker);
  EXPECT_EQ(status, 0);
  const int other = std::stoi(*ReadFile(dir_ / "left"));
  EXPECT_TRUE(Alive(left));
  EXPECT_TRUE(Alive(other));
  kill(left, SIGKILL);
  kill(other, SIGKILL);
}

// A guardian that somebody has killed while it waited is not used.
TEST_F(ProcessTest, DeadGuardiansAreReplaced) {
  Guardian::EndIdle();
  Run({.shell = "exit 3"});
  const std::string pids = *ReadFile(fmt::format("/proc/self/task/{}/children", gettid()));
  const int guardian = std::stoi(pids);
  kill(guardian, SIGKILL);
  ASSERT_TRUE(Gone(guardian));
  Run({.shell = "exit 3"});
  EXPECT_EQ(Guardian::EndIdle(), 1u);
}

TEST_F(ProcessTest, NoGuardianIsLeftBehind) {
  Run({.shell = "exit 3"});
  EXPECT_FALSE(RunProcess({.argv = {"/etc/passwd"}}));
  {
    auto ended = Child::Start({.shell = "exit 3"});
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->Wait(10'000)->exit_code, 3);
    Guardian::EndIdle();
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
    auto dropped = Child::Start({.argv = {"sleep", "1000"}});
    ASSERT_TRUE(dropped);
    *dropped = *std::move(ended);
  }
  Guardian::EndIdle();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(ProcessTest, LongLivedChild) {
  auto child = Child::Start({.shell = "echo started; exec sleep 1000", .log_file = dir_ / "log"});
  ASSERT_TRUE(child) << child.error().what;
  EXPECT_TRUE(Alive(child->pid()));
  EXPECT_EQ(child->Wait(0).error().code, Code::kTimeout);
  EXPECT_EQ(child->Wait(20).error().code, Code::kTimeout);
  child->Kill(SIGTERM);
  const auto done = child->Wait(10000);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->signal, SIGTERM);
  EXPECT_EQ(done->Describe(), "signal 15 (Terminated)");
  EXPECT_EQ(child->Wait(0)->signal, SIGTERM);
  child->Kill(SIGKILL);  // nothing: it has been waited for
  EXPECT_EQ(Child::Start({.argv = {"no-such-program"}}).error().code, Code::kNotFound);
}

TEST_F(ProcessTest, DroppingAChildKillsIt) {
  int pid = -1;
  {
    auto child = Child::Start({.shell = "trap '' TERM; sleep 1000 & wait"});
    ASSERT_TRUE(child);
    Child moved = *std::move(child);
    pid = moved.pid();
    EXPECT_TRUE(Alive(pid));
  }
  EXPECT_EQ(kill(pid, 0), -1);  // reaped
}

TEST_F(ProcessTest, ManyThreadsRunProcesses) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 20; ++i) {
        const std::string text = fmt::format("{}-{}", t, i);
        const auto done = RunProcess({.argv = {"echo", text}, .capture = true});
        ASSERT_TRUE(done);
        ASSERT_EQ(done->output, text + "\n");
      }
    });
  }
}

}  // namespace
}  // namespace mlean::os
