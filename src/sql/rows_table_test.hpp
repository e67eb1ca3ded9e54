// What tests of the writer share: a schema of two steps with a table of notes, and its usual statements.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sql/database.hpp"

namespace mlean::sql {

inline const std::vector<Migration> kSchema = {
    {"test", 1, "CREATE TABLE rows(id INTEGER PRIMARY KEY, note TEXT UNIQUE); CREATE TABLE sums(value INTEGER NOT NULL);"},
    {"test", 2, "INSERT INTO sums VALUES(0);"},
};

inline Result<std::int64_t> Count(Conn& conn) {
  TRY(Stmt stmt, conn.Prepare("SELECT count(*) FROM rows"));
  TRYV(stmt.Step());
  return stmt.Int(0);
}

inline Result<void> Insert(Database& db, std::string_view note) {
  return db.Write([&](Txn& txn) { return txn.Exec("INSERT INTO rows(note) VALUES(?1)", note); });
}

}  // namespace mlean::sql
