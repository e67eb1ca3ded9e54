// Database: SQLite behind one small face. libpq joins later: docs/formats/sql-dialect.md rewrites, contract_test.hpp tests.
//
// Any number of readers, one writer. Reads run on pooled read-only connections and see the last commit. Writes are jobs: Write()
// hands a function to the writer, which runs all waiting jobs in one BEGIN IMMEDIATE … COMMIT (group commit), each in its own
// savepoint, so a job that returns an error is rolled back alone. The writer is a thread of its own, or the calling thread when
// nobody else writes. A job uses its Txn; calling Write() inside it is a bug and asserted. Write() returns after the commit: what
// it returned is on disk as far as kill -9 is concerned (synchronous=NORMAL, WAL), and through power loss too with Sync::kFull.
// Several processes may open the same file (WAL, busy timeout 10 s); Write() of another process is seen by the next Read().
// Stores are free functions in their rooms: writers take Txn&, readers take Conn& (a Txn is a Conn), so a flow can compose the
// effects of several rooms and their audit events in one transaction. SQL appears only as literals in *_store.cpp files.
//
//   TRY(auto db, sql::Database::Open({.path = root / ".mlean/mlean.db"}, AllMigrations()));
//   TRY(const int v, db->Write([&](sql::Txn& t) -> Result<int> { return registry::AddVersion(t, spec); }));
//   TRY(const auto rows, db->Read([&](sql::Conn& c) { return registry::ListVersions(c, name); }));
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.hpp"

namespace mlean::sql {

// A prepared statement bound to its values; reset and given back to the connection's cache on destruction.
// Use: bind in order with Bind…, then Step() until it returns false. Column indexes start at 0.
class Stmt {
 public:
  Stmt(Stmt&&) noexcept;
  Stmt& operator=(Stmt&&) noexcept;
  ~Stmt();

  Stmt& Bind(std::int64_t value);
  Stmt& Bind(int value) { return Bind(static_cast<std::int64_t>(value)); }
  Stmt& Bind(bool value) { return Bind(static_cast<std::int64_t>(value)); }
  Stmt& Bind(double value);  // NaN binds NULL
  Stmt& Bind(std::string_view value);
  Stmt& Bind(const char* value) { return Bind(std::string_view(value)); }
  Stmt& Bind(const std::string& value) { return Bind(std::string_view(value)); }
  Stmt& BindBlob(std::string_view value);
  Stmt& BindNull();
  template <class T>
  Stmt& Bind(const std::optional<T>& value) {
    return value ? Bind(*value) : BindNull();
  }

  // True: a row is there. False: done.
  Result<bool> Step();
  // For statements without rows.
  Result<void> Run();
  // Ready to bind and run again, for loops over many rows.
  void Reset();

  std::int64_t Int(int column) const;
  double Double(int column) const;  // NULL reads as NaN
  std::string Text(int column) const;
  std::string Blob(int column) const;
  bool Null(int column) const;
  std::optional<std::string> MaybeText(int column) const;
  std::optional<std::int64_t> MaybeInt(int column) const;

 private:
  friend class Conn;
  struct State;
  explicit Stmt(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A connection, used by one thread at a time.
class Conn {
 public:
  virtual ~Conn();
  Conn(const Conn&) = delete;
  Conn& operator=(const Conn&) = delete;
  // Prepares `sql` (cached by text); positional parameters ?1 … bound in order.
  Result<Stmt> Prepare(std::string_view sql);
  // Prepares, binds `values` and runs to the end.
  template <class... Values>
  Result<void> Exec(std::string_view sql, const Values&... values) {
    TRY(Stmt stmt, Prepare(sql));
    (stmt.Bind(values), ...);
    return stmt.Run();
  }
  std::int64_t LastRowId() const;
  std::int64_t Changes() const;

 protected:
  friend class Database;
  struct State;
  explicit Conn(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A connection inside a write transaction. Only the writer makes one.
class Txn final : public Conn {
 private:
  friend class Database;
  using Conn::Conn;
};

// One numbered step of the schema. Names and SQL are never edited once released: their checksum is kept and compared on open.
struct Migration {
  std::string room;  // "track": numbered per room
  int number = 0;    // 1, 2, …
  std::string sql;   // one or more statements
};

enum class Sync : std::uint8_t { kNormal, kFull };

struct Options {
  std::filesystem::path path;
  Sync sync = Sync::kNormal;
  int readers = 4;                 // pooled read connections, at most
  std::size_t max_queued = 10000;  // waiting write jobs; one more is refused with kBusy
};

class Database {
 public:
  // Creates the file (not for others than its owner and group) and its folder when missing, runs the missing migrations in one
  // transaction (safe when two processes open at once).
  static Result<std::unique_ptr<Database>> Open(const Options& options, const std::vector<Migration>& migrations);
  ~Database();  // finishes the queued writes
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs `work` in the writer's next group, waits for the commit. `work` returns Result<T>; an error rolls its effects back.
  template <class F>
  auto Write(F&& work) -> std::invoke_result_t<F, Txn&> {
    using R = std::invoke_result_t<F, Txn&>;
    std::optional<R> out;
    const std::function<Result<void>(Txn&)> job = [&](Txn& txn) -> Result<void> {
      out.emplace(work(txn));
      if (!*out) return std::move(*out).error();
      return {};
    };
    Result<void> done = WriteJob(job);
    if (!done) return std::move(done).error();
    return std::move(*out);
  }
  // The same, when nobody has to be waited for: no other writer here or in another process, and no fsync. Else nothing, and
  // nothing is done. For threads that must not stand still.
  template <class F>
  auto WriteAtOnce(F&& work) -> std::optional<std::invoke_result_t<F, Txn&>> {
    std::optional<std::invoke_result_t<F, Txn&>> out;
    const std::function<Result<void>(Txn&)> job = [&](Txn& txn) -> Result<void> {
      out.emplace(work(txn));
      if (!*out) return std::move(*out).error();
      return {};
    };
    std::optional<Result<void>> done = WriteJobAtOnce(job);
    if (!done) return std::nullopt;
    if (!*done) return std::move(*done).error();
    return out;
  }
  // Runs `work` on a read connection inside one read transaction (a consistent snapshot).
  template <class F>
  auto Read(F&& work) -> std::invoke_result_t<F, Conn&> {
    using R = std::invoke_result_t<F, Conn&>;
    std::optional<R> out;
    Result<void> done = ReadJob([&](Conn& conn) { out.emplace(work(conn)); });
    if (!done) return std::move(done).error();
    return std::move(*out);
  }
  // Changes whenever any process has committed since the last call with a different value: for cheap polling.
  Result<std::int64_t> DataVersion();
  // SQLite's own word for what a commit survives: 1 a killed process, 2 a power loss too.
  Result<std::int64_t> Synchronous();
  const std::filesystem::path& path() const;

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);
  Result<void> WriteJob(const std::function<Result<void>(Txn&)>& job);
  std::optional<Result<void>> WriteJobAtOnce(const std::function<Result<void>(Txn&)>& job);
  Result<void> ReadJob(const std::function<void(Conn&)>& job);
  std::unique_ptr<State> state_;
};

}  // namespace mlean::sql
