// The contract of Database: types, transactions, group commit, readers, several processes. Recovery is in recovery_test.cpp.
#include "sql/database.hpp"

#include <sys/stat.h>

#include <atomic>
#include <cmath>
#include <latch>
#include <limits>
#include <thread>

#include "base/ids.hpp"

namespace mlean::sql {
namespace {

namespace fs = std::filesystem;

const std::vector<Migration> kSchema = {
    {"test", 1, "CREATE TABLE rows(id INTEGER PRIMARY KEY, note TEXT UNIQUE); CREATE TABLE sums(value INTEGER NOT NULL);"},
    {"test", 2, "INSERT INTO sums VALUES(0); CREATE TABLE parts(row INTEGER NOT NULL REFERENCES rows(id));"},
};

Result<std::int64_t> Count(Conn& conn) {
  TRY(Stmt stmt, conn.Prepare("SELECT count(*) FROM rows"));
  TRYV(stmt.Step());
  return stmt.Int(0);
}

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest() : folder_(fs::path(testing::TempDir()) / ("sql" + NewHex32())), path_(folder_ / "made" / "test.db") {}
  ~DatabaseTest() override { fs::remove_all(folder_); }
  std::unique_ptr<Database> Open(Options options = {}) {
    options.path = path_;
    auto db = Database::Open(options, kSchema);
    EXPECT_TRUE(db) << db.error().what;
    return *std::move(db);
  }
  fs::path folder_;
  fs::path path_;
};

Result<void> Insert(Database& db, std::string_view note) {
  return db.Write([&](Txn& txn) { return txn.Exec("INSERT INTO rows(note) VALUES(?1)", note); });
}

TEST_F(DatabaseTest, ValuesComeBackAsTheyWent) {
  const auto db = Open();
  const std::string bytes = [] {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    return all;
  }();
  const double infinity = std::numeric_limits<double>::infinity();
  const Result<void> done = db->Write([&](Txn& txn) -> Result<void> {
    TRYV(txn.Exec("CREATE TABLE v(a, b, c, d, e, f, g, h, i, j)"));
    TRY(Stmt stmt, txn.Prepare("INSERT INTO v VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"));
    stmt.Bind(std::numeric_limits<std::int64_t>::min()).Bind(0.1).Bind(std::nan("")).Bind(-infinity);
    stmt.Bind(std::string("a\0b ü", 6)).Bind(std::string_view()).BindBlob(bytes).BindBlob({});
    stmt.Bind(std::optional<std::string>()).Bind(std::optional<std::int64_t>(7));
    return stmt.Run();
  });
  ASSERT_TRUE(done) << done.error().what;
  const Result<void> read = db->Read([&](Conn& conn) -> Result<void> {
    TRY(Stmt stmt, conn.Prepare("SELECT *, typeof(f), typeof(g), typeof(h) FROM v"));
    TRY(const bool row, stmt.Step());
    EXPECT_TRUE(row);
    EXPECT_EQ(stmt.Int(0), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(stmt.Double(1), 0.1);
    EXPECT_TRUE(stmt.Null(2));
    EXPECT_TRUE(std::isnan(stmt.Double(2)));
    EXPECT_EQ(stmt.Double(3), -infinity);
    EXPECT_EQ(stmt.Text(4), std::string("a\0b ü", 6));
    EXPECT_FALSE(stmt.Null(5));
    EXPECT_EQ(stmt.Text(5), "");
    EXPECT_EQ(stmt.Blob(6), bytes);
    EXPECT_EQ(stmt.Blob(7), "");
    EXPECT_EQ(stmt.MaybeText(8), std::nullopt);
    EXPECT_EQ(stmt.MaybeInt(9), 7);
    EXPECT_EQ(stmt.Text(10) + stmt.Text(11) + stmt.Text(12), "textblobblob");
    TRY(const bool more, stmt.Step());
    EXPECT_FALSE(more);
    TRY(const bool again, stmt.Step());  // does not start over
    EXPECT_FALSE(again);
    return {};
  });
  ASSERT_TRUE(read) << read.error().what;
}

TEST_F(DatabaseTest, OthersCannotReadIt) {
  const ::mode_t before = ::umask(0);
  const auto db = Open();
  EXPECT_TRUE(db->Write([](Txn& txn) { return txn.Exec("INSERT INTO sums VALUES(1)"); }));
  ::umask(before);
  for (const char* end : {"", "-wal", "-shm"}) {
    EXPECT_EQ(fs::status(path_.string() + end).permissions() & fs::perms::others_all, fs::perms::none) << end;
  }
}

TEST_F(DatabaseTest, SyncIsWhatSQLiteIsTold) {
  EXPECT_EQ(Open()->Synchronous().value_or(0), 1);
  EXPECT_EQ(Open({.sync = Sync::kFull})->Synchronous().value_or(0), 2);
}

TEST_F(DatabaseTest, WrongSqlIsAnError) {
  const auto db = Open();
  const auto error_of = [&](auto work) { return db->Write([&](Txn& txn) -> Result<void> { return work(txn); }).error(); };
  EXPECT_EQ(error_of([](Txn& t) { return t.Exec("INSERT INTO rows VALUES(?1, ?2)", 1); }).what,
            "cannot run 'INSERT INTO rows VALUES(?1, ?2)': 1 values for 2 parameters");
  EXPECT_EQ(error_of([](Txn& t) { return t.Exec("SELECT 1", 1); }).code, Code::kInternal);
  EXPECT_EQ(error_of([](Txn& t) { return t.Exec("SELECT 1; SELECT 2"); }).what,
            "cannot run 'SELECT 1; SELECT 2': not one statement");
  EXPECT_EQ(error_of([](Txn& t) { return t.Exec(""); }).code, Code::kInternal);
  EXPECT_EQ(error_of([](Txn& t) { return t.Exec("SELECT \"no such column\""); }).code, Code::kInternal);
  EXPECT_EQ(error_of([](Txn& t) { return t.Exec("SELEC\n\t 1"); }).what, "cannot run 'SELEC 1': near \"SELEC\": syntax error");
  EXPECT_EQ(error_of([](Txn& t) { return t.Exec("INSERT INTO parts VALUES(77)"); }).code, Code::kInvalid);
  EXPECT_EQ(error_of([](Txn& t) { return t.Exec("INSERT INTO sums VALUES(NULL)"); }).code, Code::kInvalid);
  ASSERT_TRUE(Insert(*db, "one"));
  EXPECT_EQ(Insert(*db, "one").error().code, Code::kExists);
  EXPECT_EQ(*db->Read(Count), 1);
}

TEST_F(DatabaseTest, StatementsInALoopAndTwiceAtOnce) {
  const auto db = Open();
  const Result<std::int64_t> sum = db->Write([&](Txn& txn) -> Result<std::int64_t> {
    TRY(Stmt insert, txn.Prepare("INSERT INTO rows(id) VALUES(?1)"));
    for (int i = 1; i <= 5; ++i) {
      insert.Reset();
      TRYV(insert.Bind(i).Run());
      EXPECT_EQ(txn.LastRowId(), i);
      EXPECT_EQ(txn.Changes(), 1);
    }
    // The same text is open twice: the second one does not share the first one's place.
    std::int64_t total = 0;
    TRY(Stmt outer, txn.Prepare("SELECT id FROM rows"));
    for (;;) {
      TRY(const bool row, outer.Step());
      if (!row) return total;
      TRY(Stmt inner, txn.Prepare("SELECT id FROM rows"));
      for (;;) {
        TRY(const bool inner_row, inner.Step());
        if (!inner_row) break;
        total += outer.Int(0) * inner.Int(0);
      }
    }
  });
  ASSERT_TRUE(sum) << sum.error().what;
  EXPECT_EQ(*sum, 15 * 15);
}

TEST_F(DatabaseTest, MoreStatementsThanTheCacheKeeps) {
  const auto db = Open();
  const Result<void> done = db->Read([&](Conn& conn) -> Result<void> {
    TRY(Stmt held, conn.Prepare("SELECT 'held'"));
    TRYV(held.Step());
    for (int i = 0; i < 2000; ++i) TRYV(conn.Exec(fmt::format("SELECT {}", i)));
    EXPECT_EQ(held.Text(0), "held");
    return {};
  });
  EXPECT_TRUE(done) << done.error().what;
}

TEST_F(DatabaseTest, AFailedJobRollsBackAlone) {
  // While the first job holds the writer, one more job comes than the queue takes: when it is refused all others wait there, and
  // so they form one group.
  constexpr int kQueued = 24;
  const auto db = Open({.max_queued = kQueued});
  std::latch running(1);
  std::latch go_on(1);
  std::atomic<int> refused = -1;
  std::vector<std::jthread> threads;
  threads.emplace_back([&] {
    EXPECT_TRUE(db->Write([&](Txn&) -> Result<void> {
      running.count_down();
      go_on.wait();
      return {};
    }));
  });
  running.wait();
  for (int i = 0; i <= kQueued; ++i) {
    threads.emplace_back([&, i] {
      const Result<int> done = db->Write([&](Txn& txn) -> Result<int> {
        TRY(const std::int64_t committed, db->Read(Count));
        EXPECT_EQ(committed, 0);  // group commit: none of the others is committed before the last of them has run
        TRYV(txn.Exec("INSERT INTO rows(note) VALUES(?1)", i));
        if (i % 3 == 0) return Fail(Code::kDenied, fmt::format("no {}", i));
        return i;
      });
      if (!done && done.error().code == Code::kBusy) {
        EXPECT_EQ(refused.exchange(i), -1);
        go_on.count_down();
      } else if (i % 3 == 0) {
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().what, fmt::format("no {}", i));
      } else {
        ASSERT_TRUE(done) << done.error().what;
        EXPECT_EQ(*done, i);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(*db->Read(Count), 16 - (refused % 3 == 0 ? 0 : 1));  // 16 of 0 … 24 are no multiples of 3
}

TEST_F(DatabaseTest, AnExceptionOrALostTransactionFailsTheJob) {
  const auto db = Open();
  EXPECT_EQ(db->Write([](Txn&) -> Result<void> { throw std::runtime_error("odd"); }).error().what, "cannot write database: odd");
  const Result<void> lost = db->Write([](Txn& txn) -> Result<void> {
    TRYV(txn.Exec("INSERT INTO rows(note) VALUES('x')"));
    return txn.Exec("ROLLBACK");
  });
  EXPECT_EQ(lost.error().code, Code::kIo);
  EXPECT_TRUE(Insert(*db, "works again"));
  EXPECT_EQ(*db->Read(Count), 1);
}

TEST_F(DatabaseTest, ReadersSeeWhatIsCommittedAndASnapshot) {
  const auto db = Open();
  ASSERT_TRUE(db->Write([&](Txn& txn) -> Result<void> {
    TRYV(txn.Exec("INSERT INTO rows(note) VALUES('a')"));
    EXPECT_EQ(*Count(txn), 1);
    EXPECT_EQ(*db->Read(Count), 0);
    return {};
  }));
  const Result<std::int64_t> seen = db->Read([&](Conn& conn) -> Result<std::int64_t> {
    TRY(const std::int64_t before, Count(conn));
    TRYV(Insert(*db, "b"));
    EXPECT_EQ(*db->Read(Count), 2);
    EXPECT_EQ(*Count(conn), before);
    return Count(conn);
  });
  EXPECT_EQ(*seen, 1);
  const Result<void> write = db->Read([](Conn& conn) { return conn.Exec("INSERT INTO rows(note) VALUES('c')"); });
  EXPECT_EQ(write.error().code, Code::kIo) << write.error().what;
  EXPECT_EQ(*db->Read(Count), 2);
}

TEST_F(DatabaseTest, ThirtyTwoWritersLoseNothing) {
  const auto db = Open({.sync = Sync::kFull, .readers = 2});
  constexpr int kThreads = 32;
  constexpr int kEach = 100;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const Result<void> done = db->Write([&](Txn& txn) -> Result<void> {
            TRYV(txn.Exec("UPDATE sums SET value = value + 1"));
            return txn.Exec("INSERT INTO rows(note) VALUES(?1)", fmt::format("{}/{}", t, i));
          });
          ASSERT_TRUE(done) << done.error().what;
          if (i % 10 == 0) {
            const Result<bool> equal = db->Read([](Conn& conn) -> Result<bool> {
              TRY(Stmt stmt, conn.Prepare("SELECT (SELECT value FROM sums) = (SELECT count(*) FROM rows)"));
              TRYV(stmt.Step());
              return stmt.Int(0) == 1;
            });
            ASSERT_TRUE(equal && *equal);
          }
        }
      });
    }
  }
  EXPECT_EQ(*db->Read(Count), kThreads * kEach);
}

TEST_F(DatabaseTest, TwoDatabasesOnOneFile) {
  const auto first = Open();
  const auto second = Open();
  const std::int64_t version = *second->DataVersion();
  EXPECT_EQ(*second->DataVersion(), version);
  {
    const auto write = [](Database& db, int from) {
      for (int i = from; i < from + 200; ++i) {
        // Reads before it writes: without BEGIN IMMEDIATE the other's commit in between would refuse the write.
        const Result<void> done = db.Write([&](Txn& txn) -> Result<void> {
          TRY(const std::int64_t count, Count(txn));
          TRYV(txn.Exec("INSERT INTO rows(note) VALUES(?1)", i));
          return txn.Exec("UPDATE sums SET value = ?1", count + 1);
        });
        ASSERT_TRUE(done) << done.error().what;
      }
    };
    const std::jthread other([&] { write(*first, 0); });
    write(*second, 1000);
  }
  EXPECT_NE(*second->DataVersion(), version);
  EXPECT_EQ(*first->Read(Count), 400);
  EXPECT_EQ(*second->Read(Count), 400);
  EXPECT_EQ(*second->Read([](Conn& conn) -> Result<std::int64_t> {
    TRY(Stmt stmt, conn.Prepare("SELECT value FROM sums"));
    TRYV(stmt.Step());
    return stmt.Int(0);
  }),
            400);
}

TEST_F(DatabaseTest, OwnWritesChangeTheDataVersion) {
  const auto db = Open();
  const std::int64_t version = *db->DataVersion();
  ASSERT_TRUE(Insert(*db, "a"));
  EXPECT_NE(*db->DataVersion(), version);
}

TEST_F(DatabaseTest, AFullQueueIsBusy) {
  const auto db = Open({.max_queued = 1});
  std::latch running(1);
  std::latch go_on(1);
  std::jthread holder([&] {
    EXPECT_TRUE(db->Write([&](Txn&) -> Result<void> {
      running.count_down();
      go_on.wait();
      return {};
    }));
  });
  running.wait();
  // One of two waits in the queue, the other is refused, whichever comes first.
  std::atomic<int> busy = 0;
  std::atomic<int> ok = 0;
  {
    const auto try_one = [&](int i) {
      const Result<void> done = Insert(*db, std::to_string(i));
      if (done) {
        ++ok;
      } else {
        EXPECT_EQ(done.error().code, Code::kBusy);
        ++busy;
        go_on.count_down();
      }
    };
    const std::jthread one([&] { try_one(1); });
    const std::jthread two([&] { try_one(2); });
  }
  EXPECT_EQ(ok, 1);
  EXPECT_EQ(busy, 1);
}

TEST_F(DatabaseTest, ManyReadersShareAFew) {
  const auto db = Open({.readers = 1});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) ASSERT_EQ(*db->Read(Count), 0);
    });
  }
}

using DatabaseDeathTest = DatabaseTest;

TEST_F(DatabaseDeathTest, AWriteInsideAWriteIsABug) {
  const auto nested = [&] {
    const auto db = Open();
    (void)db->Write([&](Txn&) { return Insert(*db, "never"); });
  };
  EXPECT_DEATH(nested(), "bug: .*writer_id");
}

}  // namespace
}  // namespace mlean::sql
