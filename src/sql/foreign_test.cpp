#include "sql/foreign.hpp"

#include <gtest/gtest.h>

#include "os/files.hpp"

namespace mlean::sql {
namespace {

class ForeignTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = os::TempDir::Make("mlean-foreign");
    ASSERT_TRUE(folder);
    folder_ = std::make_unique<os::TempDir>(*std::move(folder));
    path_ = folder_->path() / "theirs.db";
    const auto made = CreateForeign(path_);
    ASSERT_TRUE(made) << made.error().what;
    ASSERT_TRUE((*made)->Exec("CREATE TABLE t(x)"));
    ASSERT_TRUE((*made)->Exec("INSERT INTO t VALUES(?1)", 7));
  }
  std::unique_ptr<os::TempDir> folder_;
  std::filesystem::path path_;
};

TEST_F(ForeignTest, IsReadAndNeverChanged) {
  const std::string before = *os::ReadFile(path_);
  {
    const auto conn = OpenForeign(path_);
    ASSERT_TRUE(conn) << conn.error().what;
    EXPECT_FALSE((*conn)->Exec("INSERT INTO t VALUES(8)"));
    EXPECT_FALSE((*conn)->Exec("PRAGMA user_version=3"));
    auto stmt = (*conn)->Prepare("SELECT x FROM t");
    ASSERT_TRUE(stmt);
    EXPECT_TRUE(*stmt->Step());
    EXPECT_EQ(stmt->Int(0), 7);
  }
  EXPECT_EQ(*os::ReadFile(path_), before);
  EXPECT_EQ(os::ListDir(folder_->path())->size(), 1u);  // no journal beside it
}

TEST_F(ForeignTest, IsReadWhileItsOwnProgramWrites) {
  const auto conn = OpenForeign(path_);
  const auto theirs = CreateForeign(folder_->path() / "other.db");
  ASSERT_TRUE(conn && theirs);
  ASSERT_TRUE((*theirs)->Exec("ATTACH DATABASE ?1 AS a", path_.string()));
  ASSERT_TRUE((*theirs)->Exec("INSERT INTO a.t VALUES(9)"));
  auto stmt = (*conn)->Prepare("SELECT count(*) FROM t");
  ASSERT_TRUE(*stmt->Step());
  EXPECT_EQ(stmt->Int(0), 2);
}

TEST_F(ForeignTest, IsRefused) {
  EXPECT_EQ(OpenForeign(folder_->path() / "none").error().code, Code::kNotFound);
  EXPECT_EQ(CreateForeign(path_).error().code, Code::kExists);
  ASSERT_TRUE(os::WriteFileAtomic(folder_->path() / "text", std::string(5000, 'x')));
  EXPECT_EQ(OpenForeign(folder_->path() / "text").error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace mlean::sql
