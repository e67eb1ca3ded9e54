// What is SQLite's own in the steps of the schema: other programs' files, and several that make one file. The rest is in
// contract_write_test.cpp.
#include <sqlite3.h>

#include <fstream>
#include <thread>

#include "base/ids.hpp"
#include "sql/database.hpp"

namespace mlean::sql {
namespace {

namespace fs = std::filesystem;

const Migration kOne{"a", 1, "CREATE TABLE one(x); CREATE INDEX one_x ON one(x);"};

class MigrateTest : public testing::Test {
 protected:
  MigrateTest() : folder_(fs::path(testing::TempDir()) / ("sql" + NewHex32())), path_(folder_ / "test.db") {
    fs::create_directories(folder_);
  }
  ~MigrateTest() override { fs::remove_all(folder_); }
  // The error.
  std::string Open(const std::vector<Migration>& migrations) {
    auto db = Database::Open({.path = path_}, migrations);
    if (db) return "";
    code_ = db.error().code;
    return db.error().what;
  }
  fs::path folder_;
  fs::path path_;
  Code code_ = Code::kInternal;
};

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
        const auto db = Database::Open({.path = path_}, {kOne});
        EXPECT_TRUE(db) << db.error().what;
      });
    }
  }
}

using MigrateDeathTest = MigrateTest;

TEST_F(MigrateDeathTest, AGapInTheNumbersIsABug) { EXPECT_DEATH(Open({{"a", 2, "SELECT 1"}}), "bug: "); }

}  // namespace
}  // namespace mlean::sql
