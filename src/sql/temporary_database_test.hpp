// What the tests of stores share: a fresh database in a temporary folder, gone with the test.
//
//   class LabelsStore : public sql::TemporaryDatabaseTest {
//    protected:
//     LabelsStore() : TemporaryDatabaseTest(Migrations()) {}
//   };
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "os/files.hpp"
#include "sql/database.hpp"

namespace mlean::sql {

class TemporaryDatabaseTest : public ::testing::Test {
 protected:
  explicit TemporaryDatabaseTest(std::vector<Migration> migrations) : migrations_(std::move(migrations)) {}
  void SetUp() override {
    auto folder = os::TempDir::Make("mlean-store");
    ASSERT_TRUE(folder) << folder.error().what;
    temporary_ = std::make_unique<os::TempDir>(*std::move(folder));
    folder_ = temporary_->path();
    auto opened = Database::Open({.path = folder_ / "t.db"}, migrations_);
    ASSERT_TRUE(opened) << opened.error().what;
    db_ = *std::move(opened);
  }
  template <class F>
  auto Write(F&& work) {
    return db_->Write(std::forward<F>(work));
  }
  template <class F>
  auto Read(F&& work) {
    return db_->Read(std::forward<F>(work));
  }

 private:
  std::vector<Migration> migrations_;
  std::unique_ptr<os::TempDir> temporary_;

 protected:
  std::filesystem::path folder_;
  std::unique_ptr<Database> db_;  // closed before the folder goes
};

}  // namespace mlean::sql
