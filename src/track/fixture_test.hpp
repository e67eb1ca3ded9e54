// What this room's tests share: a fresh database in a temporary folder.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "sql/database.hpp"
#include "track/migrations.hpp"

namespace mlean::track {

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "mlean-track-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    auto opened = sql::Database::Open({.path = folder_ / "t.db"}, Migrations());
    ASSERT_TRUE(opened) << opened.error().what;
    db_ = std::move(*opened);
  }
  void TearDown() override {
    db_.reset();
    std::filesystem::remove_all(folder_);
  }
  template <class F>
  auto Write(F&& work) {
    return db_->Write(std::forward<F>(work));
  }
  template <class F>
  auto Read(F&& work) {
    return db_->Read(std::forward<F>(work));
  }

  std::filesystem::path folder_;
  std::unique_ptr<sql::Database> db_;
};

}  // namespace mlean::track
