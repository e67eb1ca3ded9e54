// Inside of the sql room: one SQLite connection with its statement cache, and how SQLite's result codes become errors.
// Not for other rooms; they use database.hpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "sql/database.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace mlean::sql {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

struct CachedStmt {
  sqlite3_stmt* stmt = nullptr;
  bool in_use = false;
};

// Owns the connection and its prepared statements. One thread at a time.
class Handle {
 public:
  // kForeign…: of another program's database (foreign.hpp); a reader writes nothing at all, a writer sets no pragma that stays.
  enum class Role : std::uint8_t { kWriter, kReader, kForeignReader, kForeignWriter };
  // Opens (writers create the file) and sets the pragmas.
  static Result<std::unique_ptr<Handle>> Open(const std::filesystem::path& path, Sync sync, Role role);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // Takes the statement out of the cache or prepares it; `entry` is null when it is not cached (the same text is in use already).
  Result<sqlite3_stmt*> Take(std::string_view sql, CachedStmt*& entry);
  void GiveBack(sqlite3_stmt* stmt, CachedStmt* entry);
  // One or more statements without values and rows.
  Result<void> Script(const std::string& sql);
  // True outside of a transaction: also after SQLite has rolled one back by itself (disk full, I/O error).
  bool Autocommit() const;
  // What SQLite's last failure means; `sql` is the statement, for the message.
  Error Failure(int code, std::string_view sql) const;

  // A busy writer fails at once and leaves a checkpoint that is due to the next one who may wait / all as usual.
  void WaitForNobody(bool on);
  // So much is in the log that the next commit moves it into the database, with an fsync.
  bool CheckpointDue() const;

  sqlite3* db() const { return db_; }
  const std::string& path() const { return path_; }

 private:
  explicit Handle(std::string path) : path_(std::move(path)) {}
  Result<void> Configure(Sync sync, Role role);
  Result<void> SwitchToWal();
  void DropIdle();
  static int Committed(void* self, sqlite3* db, const char* name, int log_pages);

  std::string path_;
  sqlite3* db_ = nullptr;
  int log_pages_ = 0;  // after our last commit
  bool waits_ = true;
  std::unordered_map<std::string, CachedStmt, TextHash, std::equal_to<>> cache_;
};

struct Conn::State {
  std::unique_ptr<Handle> handle;
};

}  // namespace mlean::sql
