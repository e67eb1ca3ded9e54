#include "notify/migrations.hpp"

namespace mlean::notify {
namespace {

// States of a delivery: 0 pending, 1 sending, 2 sent, 3 dead. `next_attempt` is also the end of a sender's lease.
constexpr const char* kTables = R"sql(
CREATE TABLE alerts(
  no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, fields TEXT NOT NULL,
  dedup_key TEXT UNIQUE, created INTEGER NOT NULL);
CREATE TABLE deliveries(
  alert TEXT NOT NULL, channel TEXT NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, next_attempt INTEGER NOT NULL,
  last_error TEXT NOT NULL, PRIMARY KEY(alert, channel)) WITHOUT ROWID;
CREATE INDEX deliveries_open ON deliveries(next_attempt) WHERE state < 2;
)sql";

}  // namespace

std::vector<sql::Migration> Migrations() { return {{"notify", 1, kTables}}; }

}  // namespace mlean::notify
