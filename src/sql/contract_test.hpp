// What stores rely on from a database: the contract suite. It is said in these files, as tests which know nothing of SQLite:
//   contract_test.cpp         values, order of rows, constraints, statements
//   contract_write_test.cpp   jobs, groups, readers, several processes, schema steps, a killed process
//   filter_test.cpp, keyset_test.cpp   searches and pages
// A second database joins with one more Backend in Backends() and is ready when all of them pass; its SQL is ours after the rules
// of docs/formats/sql-dialect.md. What only SQLite does is in database_test.cpp, migrate_test.cpp and recovery_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "os/files.hpp"
#include "sql/database.hpp"

namespace mlean::sql {

struct Backend {
  std::string name;
  // The database of the folder, made when it is not there; the same folder again is the same database, also in another process.
  Result<std::unique_ptr<Database>> (*open)(const std::filesystem::path& folder, Options options,
                                            const std::vector<Migration>& migrations);
};

inline void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }

inline std::vector<Backend> Backends() {
  const auto sqlite = [](const std::filesystem::path& folder, Options options, const std::vector<Migration>& migrations) {
    options.path = folder / "test.db";
    return Database::Open(options, migrations);
  };
  return {{"SQLite", sqlite}};
}

class ContractTest : public ::testing::TestWithParam<Backend> {
 protected:
  explicit ContractTest(std::vector<Migration> schema) : schema_(std::move(schema)) {}
  void SetUp() override {
    auto folder = os::TempDir::Make("mlean-contract");
    ASSERT_TRUE(folder) << folder.error().what;
    folder_ = std::make_unique<os::TempDir>(*std::move(folder));
    db_ = Open();
    ASSERT_NE(db_, nullptr);
  }
  // One more opener of the test's database.
  std::unique_ptr<Database> Open(const Options& options = {}) const {
    auto db = OpenWith(schema_, options);
    EXPECT_TRUE(db) << db.error().what;
    return db ? *std::move(db) : nullptr;
  }
  Result<std::unique_ptr<Database>> OpenWith(const std::vector<Migration>& schema, const Options& options = {}) const {
    return GetParam().open(folder_->path(), options, schema);
  }
  template <class F>
  auto Write(F&& work) {
    return db_->Write(std::forward<F>(work));
  }
  template <class F>
  auto Read(F&& work) {
    return db_->Read(std::forward<F>(work));
  }
  // One statement as a job of its own.
  template <class... Values>
  Result<void> Exec(std::string_view sql, const Values&... values) {
    return Write([&](Txn& txn) { return txn.Exec(sql, values...); });
  }
  // The rows of a statement with one column, joined by commas; NULL is "-".
  template <class... Values>
  std::string Rows(std::string_view sql, const Values&... values) {
    const auto rows = Read([&](Conn& conn) -> Result<std::string> {
      TRY(Stmt stmt, conn.Prepare(sql));
      (stmt.Bind(values), ...);
      std::string out;
      for (;;) {
        TRY(const bool more, stmt.Step());
        if (!more) return out;
        out += (out.empty() ? "" : ",") + stmt.MaybeText(0).value_or("-");
      }
    });
    return rows ? *rows : rows.error().what;
  }

 private:
  std::vector<Migration> schema_;
  std::unique_ptr<os::TempDir> folder_;

 protected:
  std::unique_ptr<Database> db_;  // closed before the folder goes
};

inline std::string NameOf(const ::testing::TestParamInfo<Backend>& info) { return info.param.name; }

// Behind the fixture of a file, once.
#define MLEAN_ON_EVERY_BACKEND(Fixture) INSTANTIATE_TEST_SUITE_P(Contract, Fixture, ::testing::ValuesIn(Backends()), NameOf)

}  // namespace mlean::sql
