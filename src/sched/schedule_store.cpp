#include "sched/schedule_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "sched/cron.hpp"
#include "sql/rows.hpp"

namespace mlean::sched {
namespace {

Result<std::optional<TimeMs>> NextTime(std::string_view name, std::string_view expression, std::string_view zone, TimeMs after) {
  TRY(const int offset, ParseZone(zone));
  TRY(const Cron cron, Cron::Parse(expression, {.hash_id = std::string(name), .offset_minutes = offset}));
  return cron.Next(after);
}

Schedule FromRow(const sql::Stmt& row) {
  Schedule out;
  out.name = row.Text(0);
  out.expression = row.Text(1);
  out.zone = row.Text(2);
  out.enabled = row.Int(3) != 0;
  out.last_fired = row.MaybeInt(4);
  out.next_due = row.MaybeInt(5);
  return out;
}

Error NoSchedule(std::string_view name) {
  return Fail(Code::kNotFound, fmt::format("cannot find schedule '{}': there is none", name), "mlean schedules");
}

// Takes an unfinished slot whose lease has run out.
Result<bool> TakeOver(sql::Txn& txn, std::string_view name, TimeMs time, std::string_view owner, TimeMs lease_until, TimeMs now) {
  TRYV(
      txn.Exec("UPDATE schedule_slots SET owner = ?3, lease_until = ?4, attempt = attempt + 1 "
               "WHERE name = ?1 AND time = ?2 AND done IS NULL AND lease_until <= ?5",
               name, time, owner, lease_until, now));
  return txn.Changes() == 1;
}

}  // namespace

Result<Schedule> PutSchedule(sql::Txn& txn, std::string_view name, std::string_view expression, std::string_view zone,
                             bool enabled, TimeMs now) {
  if (name.empty() || name.size() > 256 || !IsValidUtf8(name)) {
    return Fail(Code::kInvalid, "cannot add schedule: its name must be 1 to 256 bytes of UTF-8");
  }
  TRY(const std::optional<TimeMs> next, NextTime(name, expression, zone, now));
  const Result<Schedule> old = GetSchedule(txn, name);
  if (!old && old.error().code != Code::kNotFound) return old.error();
  if (old && old->expression == expression && old->zone == zone && old->enabled == enabled) return *old;
  TRYV(
      txn.Exec("INSERT INTO schedules(name, expression, zone, enabled, next_due) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(name) DO "
               "UPDATE SET "
               "expression = excluded.expression, zone = excluded.zone, enabled = excluded.enabled, next_due = excluded.next_due",
               name, expression, zone, enabled, enabled ? next : std::nullopt));
  return GetSchedule(txn, name);
}

Result<void> RemoveSchedule(sql::Txn& txn, std::string_view name) {
  TRYV(txn.Exec("DELETE FROM schedules WHERE name = ?1", name));
  if (txn.Changes() == 0) return NoSchedule(name);
  // Finished slots stay until DropSlots, so that a schedule put back at once does not fire a slot again.
  return txn.Exec("DELETE FROM schedule_slots WHERE name = ?1 AND done IS NULL", name);
}

Result<Schedule> GetSchedule(sql::Conn& conn, std::string_view name) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT name, expression, zone, enabled, last_fired, next_due FROM schedules WHERE name = ?1"));
  stmt.Bind(name);
  TRY(const bool found, stmt.Step());
  if (!found) return NoSchedule(name);
  return FromRow(stmt);
}

Result<std::vector<Schedule>> ListSchedules(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT name, expression, zone, enabled, last_fired, next_due FROM schedules ORDER BY name"));
  return sql::ReadRows(stmt, FromRow);
}

std::string SlotKey(std::string_view name, TimeMs time) { return fmt::format("{}@{}", name, FormatTime(time)); }

Result<std::vector<Slot>> DueSlots(sql::Conn& conn, TimeMs now, std::size_t limit) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT name, next_due, 0 FROM schedules WHERE enabled = 1 AND next_due <= ?1 "
                   "UNION ALL SELECT name, time, attempt FROM schedule_slots WHERE done IS NULL AND lease_until <= ?1 "
                   "ORDER BY 2, 1 LIMIT ?2"));
  stmt.Bind(now).Bind(static_cast<std::int64_t>(limit));
  return sql::ReadRows(stmt, [](const sql::Stmt& row) { return Slot{row.Text(0), row.Int(1), static_cast<int>(row.Int(2))}; });
}

Result<bool> ClaimSlot(sql::Txn& txn, std::string_view name, TimeMs time, std::string_view owner, TimeMs lease_until,
                       TimeMs now) {
  TRY(const Schedule schedule, GetSchedule(txn, name));
  const bool is_next = schedule.next_due == time;
  if (!is_next) return TakeOver(txn, name, time, owner, lease_until, now);
  if (time > now) return false;
  TRY(const std::optional<TimeMs> next, NextTime(name, schedule.expression, schedule.zone, std::max(time, now)));
  TRYV(txn.Exec("UPDATE schedules SET last_fired = ?2, next_due = ?3 WHERE name = ?1", name, time, next));
  TRYV(txn.Exec(
      "INSERT INTO schedule_slots(name, time, owner, lease_until, attempt) VALUES(?1, ?2, ?3, ?4, 1) ON CONFLICT DO NOTHING",
      name, time, owner, lease_until));
  return txn.Changes() == 1;
}

Result<bool> RenewSlot(sql::Txn& txn, std::string_view name, TimeMs time, std::string_view owner, TimeMs lease_until) {
  TRYV(txn.Exec("UPDATE schedule_slots SET lease_until = ?4 WHERE name = ?1 AND time = ?2 AND owner = ?3 AND done IS NULL", name,
                time, owner, lease_until));
  return txn.Changes() == 1;
}

Result<bool> FinishSlot(sql::Txn& txn, std::string_view name, TimeMs time, std::string_view owner, TimeMs now) {
  TRYV(txn.Exec("UPDATE schedule_slots SET done = ?4 WHERE name = ?1 AND time = ?2 AND owner = ?3 AND done IS NULL", name, time,
                owner, now));
  return txn.Changes() == 1;
}

Result<std::optional<TimeMs>> NextWake(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT min(at) FROM (SELECT min(next_due) AS at FROM schedules WHERE enabled = 1 "
                                   "UNION ALL SELECT min(lease_until) FROM schedule_slots WHERE done IS NULL) wakes"));
  TRYV(stmt.Step());
  return stmt.MaybeInt(0);
}

Result<void> DropSlots(sql::Txn& txn, TimeMs before) {
  return txn.Exec("DELETE FROM schedule_slots WHERE done IS NOT NULL AND time < ?1", before);
}

}  // namespace mlean::sched
