// What is SQLite's own in Database: types without columns, the files, the texts of errors, statements that are kept. What every
// database must do is in contract_test.cpp, recovery in recovery_test.cpp.
#include "sql/database.hpp"

#include <sys/stat.h>

#include "base/ids.hpp"
#include "sql/rows_table_test.hpp"

namespace mlean::sql {
namespace {

namespace fs = std::filesystem;

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

TEST_F(DatabaseTest, ValuesKeepTheirTypeAndZeroBytes) {
  const auto db = Open();
  const std::string text("a\0b \xFF", 5);
  const Result<void> read = db->Write([&](Txn& txn) -> Result<void> {
    TRYV(txn.Exec("CREATE TABLE v(a, b, c)"));
    TRY(Stmt stmt, txn.Prepare("INSERT INTO v VALUES(?1, ?2, ?3)"));
    TRYV(stmt.Bind(text).Bind(std::string_view()).BindBlob({}).Run());
    TRY(Stmt row, txn.Prepare("SELECT a, typeof(b), typeof(c) FROM v"));
    TRYV(row.Step());
    EXPECT_EQ(row.Text(0), text);
    EXPECT_EQ(row.Text(1) + row.Text(2), "textblob");
    return {};
  });
  EXPECT_TRUE(read) << read.error().what;
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

TEST_F(DatabaseTest, WrongSqlIsShownOnOneLine) {
  const auto db = Open();
  const auto told = [&](auto work) { return db->Write([&](Txn& txn) -> Result<void> { return work(txn); }).error().what; };
  EXPECT_EQ(told([](Txn& t) { return t.Exec("INSERT INTO rows VALUES(?1, ?2)", 1); }),
            "cannot run 'INSERT INTO rows VALUES(?1, ?2)': 1 values for 2 parameters");
  EXPECT_EQ(told([](Txn& t) { return t.Exec("SELECT 1; SELECT 2"); }), "cannot run 'SELECT 1; SELECT 2': not one statement");
  EXPECT_EQ(told([](Txn& t) { return t.Exec("SELEC\n\t 1"); }), "cannot run 'SELEC 1': near \"SELEC\": syntax error");
}

TEST_F(DatabaseTest, ALostTransactionFailsTheJob) {
  const auto db = Open();
  const Result<void> lost = db->Write([](Txn& txn) -> Result<void> {
    TRYV(txn.Exec("INSERT INTO rows(note) VALUES('x')"));
    return txn.Exec("ROLLBACK");
  });
  EXPECT_EQ(lost.error().code, Code::kIo);
  EXPECT_TRUE(Insert(*db, "works again"));
  EXPECT_EQ(*db->Read(Count), 1);
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
