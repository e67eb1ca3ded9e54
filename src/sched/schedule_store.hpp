// Schedules and their slots. A slot is one fire time of one schedule, known by (name, time): it is claimed once, so it fires
// once, also when two servers look at it or one is killed in between.
//
// Exactly once: claim the slot and make its job in one transaction, then mark it done there too.
// At least once (effects outside the database): claim with a lease, act under the idempotency key SlotKey(name, time), then
// finish. A slot whose lease ran out without a finish is claimable again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "sql/database.hpp"

namespace mlean::sched {

struct Schedule {
  std::string name;
  std::string expression;
  std::string zone = "UTC";
  bool enabled = true;
  std::optional<TimeMs> last_fired;  // the last claimed slot
  std::optional<TimeMs> next_due;    // none: never again, or disabled
};

// Adds or changes a schedule; the next fire time is the first after `now` when it is new or its expression, zone or `enabled`
// changed, else as it was. kInvalid for a bad expression.
Result<Schedule> PutSchedule(sql::Txn& txn, std::string_view name, std::string_view expression, std::string_view zone,
                             bool enabled, TimeMs now);
Result<void> RemoveSchedule(sql::Txn& txn, std::string_view name);
Result<Schedule> GetSchedule(sql::Conn& conn, std::string_view name);
Result<std::vector<Schedule>> ListSchedules(sql::Conn& conn);  // by name

struct Slot {
  std::string name;
  TimeMs time = 0;
  int attempt = 0;  // 1 for the first claim; 0 while unclaimed
};
// "name@2026-11-21T02:00:00.000Z": the idempotency key of what the slot starts.
std::string SlotKey(std::string_view name, TimeMs time);

// Slots to claim now: each enabled schedule's next_due that has come, and claimed slots whose lease ran out. Slots missed while
// nothing ran are one: the oldest fires, the schedule goes on after `now`.
Result<std::vector<Slot>> DueSlots(sql::Conn& conn, TimeMs now, std::size_t limit = 100);
// True: the slot is the caller's until `lease_until`. False: somebody else has it, or it is done. Moves the schedule's next_due
// past `now`.
Result<bool> ClaimSlot(sql::Txn& txn, std::string_view name, TimeMs time, std::string_view owner, TimeMs lease_until, TimeMs now);
// Longer lease for the owner; false when it has lost the slot.
Result<bool> RenewSlot(sql::Txn& txn, std::string_view name, TimeMs time, std::string_view owner, TimeMs lease_until);
// The slot is done for good; false when another owner has taken it over.
Result<bool> FinishSlot(sql::Txn& txn, std::string_view name, TimeMs time, std::string_view owner, TimeMs now);
// The earliest moment at which DueSlots may have something; none when there is nothing to wait for.
Result<std::optional<TimeMs>> NextWake(sql::Conn& conn);
// Forgets finished slots older than `before`, so that the table stays small.
Result<void> DropSlots(sql::Txn& txn, TimeMs before);

}  // namespace mlean::sched
