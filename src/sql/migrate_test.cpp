#include <sqlite3.h>

#include <fstream>
#include <thread>

#include "base/ids.hpp"
#include "sql/database.hpp"

namespace mlean::sql {
namespace {

namespace fs = std::filesystem;

const Migration kOne{"a", 1, "CREATE TABLE one(x); CREATE INDEX one_x ON one(x);"};
const Migration kTwo{"a", 2, "ALTER TABLE one ADD COLUMN y;"};
const Migration kOther{"b", 1, "CREATE TABLE other(x REFERENCES one(x));"};

class MigrateTest : public testing::Test {
 protected:
  MigrateTest() : folder_(fs::path(testing::TempDir()) / ("sql" + NewHex32())), path_(folder_ / "test.db") {
    fs::create_directories(folder_);
  }
  ~MigrateTest() override { fs::remove_all(folder_); }
  // The error, or "" with a database that has `tables` tables.
  std::string Open(const std::vector<Migration>& migrations, int tables = 0) {
    auto db = Database::Open({.path = path_}, migrations);
    if (!db) {
      code_ = db.error().code;
      return db.error().what;
    }
    const Result<std::int64_t> count = (*db)->Read([](Conn& conn) -> Result<std::int64_t> {
      TRY(Stmt stmt, conn.Prepare("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name <> 'mlean_migrations'"));
      TRYV(stmt.Step());
      return stmt.Int(0);
    });
    EXPECT_EQ(*count, tables);
    return "";
  }
  fs::path folder_;
  fs::path path_;
  Code code_ = Code::kInternal;
};

TEST_F(MigrateTest, RunsEachStepOnce) {
  EXPECT_EQ(Open({}), "");
  EXPECT_EQ(Open({kOne}, 1), "");
  EXPECT_EQ(Open({kOne}, 1), "");
  EXPECT_EQ(Open({kOne, kTwo, kOther}, 2), "");
  EXPECT_EQ(Open({kOther, kOne, kTwo}, 2), "");  // the order of the rooms may change
}

TEST_F(MigrateTest, RefusesAnEditedStep) {
  ASSERT_EQ(Open({kOne, kTwo}, 1), "");
  Migration edited = kTwo;
  edited.sql += " ";
  EXPECT_EQ(
      Open({kOne, edited}),
      fmt::format("cannot open database '{}': migration a/2 has run with another text than this program's", path_.string()));
  EXPECT_EQ(code_, Code::kCorrupt);
}

TEST_F(MigrateTest, RefusesADatabaseOfANewerProgram) {
  ASSERT_EQ(Open({kOne, kTwo, kOther}, 2), "");
  EXPECT_THAT(Open({kOne, kOther}), testing::HasSubstr("it was written by a newer mlean (migration a/2 is not known here)"));
  EXPECT_THAT(Open({kOne, kTwo}), testing::HasSubstr("migration b/1 is not known here"));
  EXPECT_EQ(code_, Code::kUnsupported);
}

TEST_F(MigrateTest, AFailedStepLeavesTheOldSchema) {
  ASSERT_EQ(Open({kOne}, 1), "");
  EXPECT_THAT(Open({kOne, kTwo, {"b", 1, "CREATE TABLE fine(x); CREATE TABLE fine(x);"}}),
              testing::HasSubstr("cannot run migration b/1: cannot run 'CREATE TABLE fine(x); CREATE TABLE fine(x);': table fine "
                                 "already exists"));
  EXPECT_EQ(Open({kOne}, 1), "");  // a/2 has not run either
}

TEST_F(MigrateTest, RefusesForeignFiles) {
  {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(raw, "CREATE TABLE experiments(x)", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(raw);
  }
  EXPECT_THAT(Open({kOne}), testing::HasSubstr("it belongs to another program (table 'experiments')"));
  EXPECT_EQ(code_, Code::kInvalid);
  fs::remove(path_);
  std::ofstream(path_)
      << "a text file that is longer than the header of a database, which has one hundred bytes; this one has more";
  EXPECT_THAT(Open({kOne}), testing::HasSubstr("file is not a database"));
  EXPECT_EQ(code_, Code::kCorrupt);
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_THAT(Open({kOne}), testing::HasSubstr("unable to open database file"));
  EXPECT_EQ(code_, Code::kIo);
}

TEST_F(MigrateTest, ManyFirstOpenersAtOnce) {
  for (int round = 0; round < 5; ++round) {
    fs::remove_all(folder_);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const auto db = Database::Open({.path = path_}, {kOne, kTwo, kOther});
        EXPECT_TRUE(db) << db.error().what;
      });
    }
  }
}

using MigrateDeathTest = MigrateTest;

TEST_F(MigrateDeathTest, AGapInTheNumbersIsABug) { EXPECT_DEATH(Open({{"a", 2, "SELECT 1"}}), "bug: "); }

}  // namespace
}  // namespace mlean::sql
