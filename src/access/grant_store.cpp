#include "access/grant_store.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "sql/rows.hpp"

namespace mlean::access {
namespace {

constexpr std::array<std::pair<Level, std::string_view>, 6> kNames = {{{Level::kDeny, "DENY"},
                                                                       {Level::kNone, "NO_PERMISSIONS"},
                                                                       {Level::kRead, "READ"},
                                                                       {Level::kUse, "USE"},
                                                                       {Level::kEdit, "EDIT"},
                                                                       {Level::kManage, "MANAGE"}}};

std::int64_t Number(Kind kind) { return static_cast<std::int64_t>(kind); }
Level ToLevel(std::int64_t number) {
  return static_cast<Level>(std::clamp<std::int64_t>(number, 0, static_cast<std::int64_t>(Level::kManage)));
}

}  // namespace

std::optional<Level> ParseLevel(std::string_view text) {
  for (const auto& [level, name] : kNames) {
    if (name == text) return level;
  }
  return std::nullopt;
}

std::string_view LevelName(Level level) { return kNames[static_cast<std::size_t>(level)].second; }

Result<std::optional<Level>> FindGrant(sql::Conn& conn, std::int64_t user, Object object) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT level FROM access_grants WHERE user = ?1 AND kind = ?2 AND object = ?3"));
  stmt.Bind(user).Bind(Number(object.kind)).Bind(object.no);
  return sql::ReadRow(stmt, [](const sql::Stmt& row) { return ToLevel(row.Int(0)); });
}

Result<std::vector<Grant>> ListGrants(sql::Conn& conn, std::int64_t user) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT kind, object, level FROM access_grants WHERE user = ?1 ORDER BY kind, object"));
  stmt.Bind(user);
  return sql::ReadRows(stmt, [&](const sql::Stmt& row) {
    return Grant{user, {static_cast<Kind>(row.Int(0)), row.Int(1)}, ToLevel(row.Int(2))};
  });
}

Result<void> SetGrant(sql::Txn& txn, const Grant& grant) {
  return txn.Exec(
      "INSERT INTO access_grants(user, kind, object, level) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(user, kind, object) DO UPDATE SET "
      "level = excluded.level",
      grant.user, Number(grant.object.kind), grant.object.no, static_cast<std::int64_t>(grant.level));
}

Result<void> RemoveGrant(sql::Txn& txn, std::int64_t user, Object object) {
  return txn.Exec("DELETE FROM access_grants WHERE user = ?1 AND kind = ?2 AND object = ?3", user, Number(object.kind),
                  object.no);
}

Result<void> RemoveGrantsOn(sql::Txn& txn, Object object) {
  return txn.Exec("DELETE FROM access_grants WHERE kind = ?1 AND object = ?2", Number(object.kind), object.no);
}

Result<Level> LevelOf(sql::Conn& conn, const Caller& caller, Object object, Level by_default) {
  Level level = Level::kManage;
  if (!caller.admin) {
    TRY(const std::optional<Level> granted, FindGrant(conn, caller.user, object));
    level = granted.value_or(by_default);
  }
  return caller.read_only ? std::min(level, Level::kRead) : level;
}

sql::RowCondition RowsReadableBy(const Caller& caller, Kind kind, Level by_default) {
  if (caller.admin) return {};
  return [user = caller.user, kind, by_default](sql::SelectText& text, std::string_view number) {
    text.Add("coalesce((SELECT g.level FROM access_grants g WHERE g.user = ");
    text.Value(user);
    text.Add(" AND g.kind = ");
    text.Value(Number(kind));
    text.Add(" AND g.object = ");
    text.Add(number);
    text.Add("), ");
    text.Value(static_cast<std::int64_t>(by_default));
    text.Add(") >= ");
    text.Value(static_cast<std::int64_t>(Level::kRead));
  };
}

}  // namespace mlean::access
