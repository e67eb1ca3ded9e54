#include "sched/migrations.hpp"

namespace mlean::sched {
namespace {

constexpr const char* kTables = R"sql(
CREATE TABLE schedules(
  name TEXT PRIMARY KEY, expression TEXT NOT NULL, zone TEXT NOT NULL, enabled INTEGER NOT NULL, last_fired INTEGER, next_due INTEGER)
  WITHOUT ROWID;
CREATE TABLE schedule_slots(
  name TEXT NOT NULL, time INTEGER NOT NULL, owner TEXT NOT NULL, lease_until INTEGER NOT NULL, attempt INTEGER NOT NULL, done INTEGER,
  PRIMARY KEY(name, time)) WITHOUT ROWID;
CREATE INDEX schedule_slots_open ON schedule_slots(lease_until) WHERE done IS NULL;
)sql";

}  // namespace

std::vector<sql::Migration> Migrations() { return {{"sched", 1, kTables}}; }

}  // namespace mlean::sched
