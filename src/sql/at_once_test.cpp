// Database::WriteAtOnce: what it does, and all that it does not wait for.
#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <thread>

#include "base/ids.hpp"
#include "sql/database.hpp"

namespace mlean::sql {
namespace {

namespace fs = std::filesystem;

class AtOnceTest : public testing::Test {
 protected:
  ~AtOnceTest() override { fs::remove_all(folder_); }

  std::unique_ptr<Database> Open(Sync sync = Sync::kNormal) {
    auto db = Database::Open({.path = folder_ / "test.db", .sync = sync}, {{"test", 1, "CREATE TABLE rows(note TEXT UNIQUE)"}});
    EXPECT_TRUE(db) << db.error().what;
    return *std::move(db);
  }
  static std::optional<Result<void>> Insert(Database& db, std::string_view note) {
    return db.WriteAtOnce([&](Txn& txn) { return txn.Exec("INSERT INTO rows VALUES(?1)", note); });
  }
  // When the writer's thread has just started or ended a write it may still hold the lock for a moment.
  static std::optional<Result<void>> InsertSoon(Database& db, std::string_view note) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::optional<Result<void>> done = Insert(db, note);
    while (!done && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
      done = Insert(db, note);
    }
    return done;
  }
  static std::int64_t Count(Database& db) {
    const Result<std::int64_t> count = db.Read([](Conn& conn) -> Result<std::int64_t> {
      TRY(Stmt stmt, conn.Prepare("SELECT count(*) FROM rows"));
      TRYV(stmt.Step());
      return stmt.Int(0);
    });
    return *count;
  }
  // `then` runs while `db` is in a write.
  static void While(Database& db, const std::function<void()>& then) {
    std::latch inside(1);
    std::latch go_on(1);
    std::jthread writer([&] {
      EXPECT_TRUE(db.Write([&](Txn& txn) {
        Result<void> done = txn.Exec("INSERT INTO rows VALUES(?1)", NewHex32());
        inside.count_down();
        go_on.wait();
        return done;
      }));
    });
    inside.wait();
    then();
    go_on.count_down();
  }

  fs::path folder_ = fs::path(testing::TempDir()) / ("at_once" + NewHex32());
};

TEST_F(AtOnceTest, WritesWhenNobodyElseDoes) {
  const auto db = Open();
  const auto done = InsertSoon(*db, "a");
  ASSERT_TRUE(done);
  EXPECT_TRUE(*done);
  EXPECT_EQ(Count(*db), 1);
}

TEST_F(AtOnceTest, AnErrorIsTheAnswerAndIsRolledBack) {
  const auto db = Open();
  ASSERT_TRUE(*InsertSoon(*db, "a"));
  const auto done = db->WriteAtOnce([](Txn& txn) -> Result<void> {
    TRYV(txn.Exec("INSERT INTO rows VALUES('b')"));
    return txn.Exec("INSERT INTO rows VALUES('a')");
  });
  ASSERT_TRUE(done);
  EXPECT_FALSE(*done);
  EXPECT_EQ(Count(*db), 1);
  EXPECT_TRUE(*InsertSoon(*db, "b"));
}

TEST_F(AtOnceTest, DoesNotWaitForAnotherWriter) {
  const auto db = Open();
  While(*db, [&] { EXPECT_FALSE(Insert(*db, "a")); });
  EXPECT_EQ(Count(*db), 1);
  EXPECT_TRUE(InsertSoon(*db, "a"));
}

TEST_F(AtOnceTest, DoesNotWaitForAnotherProcess) {
  const auto db = Open();
  const auto other = Open();
  While(*other, [&] {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(Insert(*db, "a"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));  // a write waits ten
  });
  EXPECT_TRUE(InsertSoon(*db, "a"));
  EXPECT_EQ(Count(*db), 2);
  std::jthread waits;
  While(*other, [&] {
    waits = std::jthread([&] { EXPECT_TRUE(db->Write([](Txn& txn) { return txn.Exec("INSERT INTO rows VALUES('b')"); })); });
  });
  waits.join();  // who may wait did
  EXPECT_EQ(Count(*db), 4);
}

TEST_F(AtOnceTest, DoesNotWaitForTheDisk) {
  EXPECT_FALSE(Insert(*Open(Sync::kFull), "a"));
  const auto db = Open();
  // A checkpoint, which waits for the disk, is due after so much; whoever may wait does it, and then it goes on.
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string note = std::to_string(i) + std::string(4000, 'x');
    if (Insert(*db, note)) continue;
    ++refused;
    ASSERT_TRUE(db->Write([&](Txn& txn) { return txn.Exec("INSERT INTO rows VALUES(?1)", note); }));
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 100);
  EXPECT_EQ(Count(*db), 2000);
  EXPECT_LT(fs::file_size(folder_ / "test.db-wal"), 20u << 20);
}

}  // namespace
}  // namespace mlean::sql
