// The contract of jobs, groups, readers, several openers, schema steps and a killed process: see contract_test.hpp.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

#include "sql/contract_test.hpp"
#include "sql/rows_table_test.hpp"

namespace mlean::sql {
namespace {

class ContractWrite : public ContractTest {
 protected:
  ContractWrite() : ContractTest(kSchema) {}
};
MLEAN_ON_EVERY_BACKEND(ContractWrite);

// ---- jobs and readers

TEST_P(ContractWrite, AFailedJobRollsBackAlone) {
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

TEST_P(ContractWrite, ReadersSeeWhatIsCommittedAndASnapshot) {
  ASSERT_TRUE(db_->Write([&](Txn& txn) -> Result<void> {
    TRYV(txn.Exec("INSERT INTO rows(note) VALUES('a')"));
    EXPECT_EQ(*Count(txn), 1);
    EXPECT_EQ(*db_->Read(Count), 0);
    return {};
  }));
  const Result<std::int64_t> seen = db_->Read([&](Conn& conn) -> Result<std::int64_t> {
    TRY(const std::int64_t before, Count(conn));
    TRYV(Insert(*db_, "b"));
    EXPECT_EQ(*db_->Read(Count), 2);
    EXPECT_EQ(*Count(conn), before);
    return Count(conn);
  });
  EXPECT_EQ(*seen, 1);
  const Result<void> write = db_->Read([](Conn& conn) { return conn.Exec("INSERT INTO rows(note) VALUES('c')"); });
  EXPECT_EQ(write.error().code, Code::kIo) << write.error().what;
  EXPECT_EQ(*db_->Read(Count), 2);
}

TEST_P(ContractWrite, ThirtyTwoWritersLoseNothing) {
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

TEST_P(ContractWrite, TwoOpenersOfOneDatabase) {
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

TEST_P(ContractWrite, OwnWritesChangeTheDataVersion) {
  const std::int64_t version = *db_->DataVersion();
  ASSERT_TRUE(Insert(*db_, "a"));
  EXPECT_NE(*db_->DataVersion(), version);
}

TEST_P(ContractWrite, AFullQueueIsBusy) {
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

TEST_P(ContractWrite, ManyReadersShareAFew) {
  const auto db = Open({.readers = 1});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) ASSERT_EQ(*db->Read(Count), 0);
    });
  }
}

TEST_P(ContractWrite, AnExceptionFailsItsJobAlone) {
  const Result<void> odd = db_->Write([](Txn& txn) -> Result<void> {
    TRYV(txn.Exec("INSERT INTO rows(note) VALUES('a')"));
    throw std::runtime_error("odd");
  });
  EXPECT_EQ(odd.error().what, "cannot write database: odd");
  EXPECT_TRUE(Insert(*db_, "works again"));
  EXPECT_EQ(Rows("SELECT note FROM rows"), "works again");
}

TEST_P(ContractWrite, AJobThatPassesOnItsFailedStatementLeavesNothing) {
  ASSERT_TRUE(Insert(*db_, "one"));
  const Result<void> done = db_->Write([](Txn& txn) -> Result<void> {
    TRYV(txn.Exec("UPDATE sums SET value = 7"));
    return txn.Exec("INSERT INTO rows(note) VALUES('one')");
  });
  EXPECT_EQ(done.error().code, Code::kExists);
  EXPECT_EQ(Rows("SELECT value FROM sums"), "0");
  EXPECT_TRUE(Insert(*db_, "two"));
}

TEST_P(ContractWrite, AKilledProcessLeavesWhatItCommittedAndNothingElse) {
  db_.reset();  // the child must not have our connections
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto db = OpenWith(kSchema);
    if (!db || !Insert(**db, "committed")) _exit(1);
    static_cast<void>((*db)->Write([](Txn& txn) -> Result<void> {
      TRYV(txn.Exec("INSERT INTO rows(note) VALUES('open')"));
      ::kill(::getpid(), SIGKILL);
      return {};
    }));
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  db_ = Open();
  EXPECT_EQ(Rows("SELECT note FROM rows"), "committed");
  EXPECT_TRUE(Insert(*db_, "open")) << "and no lock";
}

// ---- steps of the schema

const Migration kOne{"a", 1, "CREATE TABLE one(x INTEGER, y INTEGER); CREATE INDEX one_x ON one(x);"};
const Migration kTwo{"a", 2, "INSERT INTO one VALUES(1, 2); ALTER TABLE one ADD COLUMN z TEXT NOT NULL DEFAULT '';"};
const Migration kOther{"b", 1, "CREATE TABLE other(x INTEGER NOT NULL);"};

class ContractMigration : public ContractTest {
 protected:
  ContractMigration() : ContractTest({kOne}) {}
  // What the opener is told: "", or the error.
  std::string Told(const std::vector<Migration>& schema) {
    db_.reset();
    auto db = OpenWith(schema);
    if (!db) {
      code_ = db.error().code;
      return db.error().what;
    }
    db_ = *std::move(db);
    return "";
  }
  Code code_ = Code::kInternal;
};
MLEAN_ON_EVERY_BACKEND(ContractMigration);

TEST_P(ContractMigration, EachStepRunsOnce) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Told({kOne, kTwo, kOther}), "");
    EXPECT_EQ(Rows("SELECT y FROM one"), "2");
  }
  EXPECT_EQ(Told({kOther, kOne, kTwo}), "") << "the order of the rooms may change";
  EXPECT_EQ(Rows("SELECT count(*) FROM other"), "0");
}

TEST_P(ContractMigration, AnEditedStepIsRefused) {
  ASSERT_EQ(Told({kOne, kTwo}), "");
  Migration edited = kTwo;
  edited.sql += " ";
  EXPECT_THAT(Told({kOne, edited}), testing::EndsWith("migration a/2 has run with another text than this program's"));
  EXPECT_EQ(code_, Code::kCorrupt);
}

TEST_P(ContractMigration, ADatabaseOfANewerProgramIsRefused) {
  ASSERT_EQ(Told({kOne, kTwo, kOther}), "");
  EXPECT_THAT(Told({kOne, kOther}), testing::HasSubstr("it was written by a newer mlean (migration a/2 is not known here)"));
  EXPECT_THAT(Told({kOne, kTwo}), testing::HasSubstr("migration b/1 is not known here"));
  EXPECT_EQ(code_, Code::kUnsupported);
}

TEST_P(ContractMigration, AFailedStepLeavesTheOldSchema) {
  EXPECT_THAT(Told({kOne, kTwo, {"b", 1, "CREATE TABLE fine(x INTEGER); CREATE TABLE fine(x INTEGER);"}}),
              testing::HasSubstr("cannot run migration b/1: "));
  EXPECT_EQ(Told({kOne}), "") << "a/2 has not run either";
  EXPECT_EQ(Rows("SELECT count(*) FROM one"), "0");
}

TEST_P(ContractMigration, ManyOpenersRunEachStepOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto db = OpenWith({kOne, kTwo, kOther});
      EXPECT_TRUE(db) << db.error().what;
    });
  }
  threads.clear();
  EXPECT_EQ(Rows("SELECT count(*) FROM one"), "1");
}

}  // namespace
}  // namespace mlean::sql
