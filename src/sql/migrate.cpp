#include "sql/migrate.hpp"

#include <fmt/core.h>

#include <map>
#include <utility>

#include "base/clock.hpp"
#include "base/digest.hpp"

namespace mlean::sql {
namespace {

using Key = std::pair<std::string, int>;

void CheckNumbers(const std::vector<Migration>& migrations) {
  std::map<std::string, int> last;
  for (const Migration& step : migrations) CHECK_BUG(step.number == ++last[step.room]);
}

// Checksums by (room, number) of the steps that have run; none when the table is not there yet.
Result<std::map<Key, std::string>> Applied(Conn& conn, const std::string& path) {
  std::map<Key, std::string> applied;
  TRY(Stmt tables,
      conn.Prepare("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name = 'mlean_migrations' DESC"));
  TRY(const bool any, tables.Step());
  if (!any) return applied;
  if (tables.Text(0) != "mlean_migrations") {
    return Fail(Code::kInvalid,
                fmt::format("cannot open database '{}': it belongs to another program (table '{}')", path, tables.Text(0)));
  }
  TRY(Stmt rows, conn.Prepare("SELECT room, number, checksum FROM mlean_migrations"));
  for (;;) {
    TRY(const bool row, rows.Step());
    if (!row) return applied;
    applied.emplace(Key{rows.Text(0), static_cast<int>(rows.Int(1))}, rows.Text(2));
  }
}

// The steps still to run, after comparing those that have.
Result<std::vector<const Migration*>> Missing(Conn& conn, const std::string& path, const std::vector<Migration>& migrations) {
  TRY(auto applied, Applied(conn, path));
  std::vector<const Migration*> missing;
  for (const Migration& step : migrations) {
    const auto found = applied.find({step.room, step.number});
    if (found == applied.end()) {
      missing.push_back(&step);
      continue;
    }
    if (found->second != Sha256Hex(step.sql)) {
      return Fail(Code::kCorrupt,
                  fmt::format("cannot open database '{}': migration {}/{} has run with another text than this program's", path,
                              step.room, step.number));
    }
    applied.erase(found);
  }
  if (!applied.empty()) {
    const auto& [room, number] = applied.begin()->first;
    return Fail(Code::kUnsupported,
                fmt::format("cannot open database '{}': it was written by a newer mlean (migration {}/{} is not known here)",
                            path, room, number),
                "use a newer mlean");
  }
  return missing;
}

Result<void> Apply(Conn& conn, Handle& handle, const std::vector<Migration>& migrations) {
  TRYV(conn.Exec(
      "CREATE TABLE IF NOT EXISTS mlean_migrations(room TEXT NOT NULL, number INTEGER NOT NULL, checksum TEXT NOT NULL, "
      "applied INTEGER NOT NULL, PRIMARY KEY(room, number)) WITHOUT ROWID"));
  // Again, now that no other process can write: another opener may have been faster.
  TRY(const auto missing, Missing(conn, handle.path(), migrations));
  const TimeMs now = SystemClock().Now();
  for (const Migration* step : missing) {
    Result<void> done = handle.Script(step->sql);
    CHECK_BUG(!done || !handle.Autocommit());  // a step must not end the transaction
    if (!done) return std::move(done).error().With(fmt::format("cannot run migration {}/{}", step->room, step->number));
    TRYV(conn.Exec("INSERT INTO mlean_migrations VALUES(?1, ?2, ?3, ?4)", step->room, step->number, Sha256Hex(step->sql), now));
  }
  return {};
}

}  // namespace

Result<void> Migrate(Conn& conn, Handle& handle, const std::vector<Migration>& migrations) {
  CheckNumbers(migrations);
  // The usual case, nothing to do, must neither write nor wait for a writer.
  {
    TRYV(conn.Exec("BEGIN"));
    auto missing = Missing(conn, handle.path(), migrations);
    TRYV(conn.Exec("COMMIT"));
    if (!missing) return std::move(missing).error();
    if (missing->empty()) return {};
  }
  TRYV(conn.Exec("BEGIN IMMEDIATE"));
  Result<void> done = Apply(conn, handle, migrations);
  if (done) done = conn.Exec("COMMIT");
  if (!done && !handle.Autocommit()) (void)conn.Exec("ROLLBACK");
  return done;
}

}  // namespace mlean::sql
