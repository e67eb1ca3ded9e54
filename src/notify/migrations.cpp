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

// A message to a webhook has one delivery: its `alert` is the message's id, its `channel` the webhook's.
constexpr const char* kWebhooks = R"sql(
CREATE TABLE webhooks(
  no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, url TEXT NOT NULL, description TEXT NOT NULL, secret TEXT NOT NULL,
  active INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL);
CREATE TABLE webhook_events(
  entity TEXT NOT NULL, action TEXT NOT NULL, webhook TEXT NOT NULL, PRIMARY KEY(entity, action, webhook)) WITHOUT ROWID;
CREATE TABLE webhook_messages(no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, webhook TEXT NOT NULL, body TEXT NOT NULL);
)sql";

}  // namespace

std::vector<sql::Migration> Migrations() { return {{"notify", 1, kTables}, {"notify", 2, kWebhooks}}; }

}  // namespace mlean::notify
