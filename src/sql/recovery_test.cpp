// What stays after kill -9 and on a full disk. The work happens in a child process; the parent looks at the file.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "base/ids.hpp"
#include "sql/database.hpp"

namespace mlean::sql {
namespace {

namespace fs = std::filesystem;

const std::vector<Migration> kSchema = {
    {"test", 1, "CREATE TABLE rows(thread INTEGER NOT NULL, number INTEGER NOT NULL, filler BLOB);"}};

struct Ack {
  std::int32_t thread;
  std::int32_t number;
};

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() : folder_(fs::path(testing::TempDir()) / ("sql" + NewHex32())) { fs::create_directories(folder_); }
  ~RecoveryTest() override { fs::remove_all(folder_); }
  fs::path folder_;
};

[[noreturn]] void WriteUntilKilled(const fs::path& path, int pipe) {
  auto db = Database::Open({.path = path}, kSchema);
  if (!db) _exit(1);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0;; ++n) {
        const Result<void> done =
            (*db)->Write([&](Txn& txn) { return txn.Exec("INSERT INTO rows VALUES(?1, ?2, zeroblob(200))", t, n); });
        const Ack ack{t, n};
        if (!done || write(pipe, &ack, sizeof ack) != sizeof ack) _exit(1);
      }
    });
  }
  threads.clear();
  _exit(1);
}

TEST_F(RecoveryTest, AcknowledgedRowsSurviveKill9ExactlyOnce) {
  std::mt19937 random(20130401);
  for (int round = 0; round < 8; ++round) {
    const fs::path path = folder_ / fmt::format("{}.db", round);
    int pipe[2];
    ASSERT_EQ(pipe2(pipe, O_CLOEXEC), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) WriteUntilKilled(path, pipe[1]);
    close(pipe[1]);
    const int wanted = std::uniform_int_distribution(1, 4000)(random);
    std::vector<int> last(8, -1);
    int acknowledged = 0;
    for (Ack ack{}; read(pipe[0], &ack, sizeof ack) == sizeof ack;) {
      ASSERT_EQ(ack.number, last.at(static_cast<std::size_t>(ack.thread)) + 1);
      last.at(static_cast<std::size_t>(ack.thread)) = ack.number;
      if (++acknowledged == wanted) kill(child, SIGKILL);
    }
    close(pipe[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "round " << round;
    ASSERT_GE(acknowledged, wanted);

    auto db = Database::Open({.path = path}, kSchema);
    ASSERT_TRUE(db) << db.error().what;
    const Result<void> checked = (*db)->Read([&](Conn& conn) -> Result<void> {
      TRY(Stmt stmt, conn.Prepare("SELECT thread, count(*), count(DISTINCT number), max(number) FROM rows GROUP BY thread"));
      std::vector<std::int64_t> kept(8, -1);
      for (;;) {
        TRY(const bool row, stmt.Step());
        if (!row) break;
        EXPECT_EQ(stmt.Int(1), stmt.Int(2));
        EXPECT_EQ(stmt.Int(1), stmt.Int(3) + 1);  // without gaps from 0
        kept.at(static_cast<std::size_t>(stmt.Int(0))) = stmt.Int(3);
      }
      for (std::size_t t = 0; t < kept.size(); ++t) {
        EXPECT_GE(kept[t], last[t]);
        EXPECT_LE(kept[t], last[t] + 1);  // at most the one in flight
      }
      TRY(Stmt check, conn.Prepare("PRAGMA integrity_check"));
      TRYV(check.Step());
      EXPECT_EQ(check.Text(0), "ok");
      return {};
    });
    ASSERT_TRUE(checked) << checked.error().what;
  }
}

// Writes until it fails, then makes room; after that writes must work again. 0 when all was as it should be, else the
// number of the check that was not.
int FillTheDisk(const fs::path& path, const std::string& expected_text, const std::function<void()>& make_room) {
  auto db = Database::Open({.path = path}, kSchema);
  if (!db) return 1;
  const auto write_row = [&](int i) {
    return (*db)->Write([&](Txn& txn) { return txn.Exec("INSERT INTO rows VALUES(0, ?1, zeroblob(20000))", i); });
  };
  int written = 0;
  Result<void> done;
  while (written < 10000 && (done = write_row(written))) ++written;
  if (written == 0 || done) return 2;
  if (done.error().code != Code::kFull) return 3;
  if (done.error().what.find(expected_text) == std::string::npos) {
    fmt::print(stderr, "{}\n", done.error().what);
    return 4;
  }
  const auto count = [&] {
    return *(*db)->Read([](Conn& conn) -> Result<std::int64_t> {
      TRY(Stmt stmt, conn.Prepare("SELECT count(*) FROM rows"));
      TRYV(stmt.Step());
      return stmt.Int(0);
    });
  };
  if (count() != written) return 5;
  make_room();
  if (!write_row(written)) return 6;
  return count() == written + 1 ? 0 : 7;
}

int StatusOfChild(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_F(RecoveryTest, AFullDiskFailsWritesAndNothingElse) {
  constexpr int kNoMount = 77;
  const int status = StatusOfChild([&] {
    // A mount of this process alone, gone with it.
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=2m") != 0) {
      return kNoMount;
    }
    const fs::path ballast = folder_ / "ballast";
    const int fd = open(ballast.c_str(), O_CREAT | O_WRONLY, 0644);
    if (fd < 0 || posix_fallocate(fd, 0, 512 << 10) != 0) return 10;
    close(fd);
    return FillTheDisk(folder_ / "full.db", "disk full", [&] { fs::remove(ballast); });
  });
  if (status == kNoMount) GTEST_SKIP() << "needs the right to mount";
  EXPECT_EQ(status, 0);
}

TEST_F(RecoveryTest, ALimitOnTheSizeOfFilesDoesTheSame) {
  const int status = StatusOfChild([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 20, RLIM_INFINITY};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 10;
    return FillTheDisk(folder_ / "limit.db", "must not grow", [] {
      const rlimit more{64 << 20, RLIM_INFINITY};
      (void)setrlimit(RLIMIT_FSIZE, &more);
    });
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace mlean::sql
