#include "notify/webhook_store.hpp"

#include <set>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "base/text.hpp"
#include "notify/outbox_store.hpp"
#include "sql/rows.hpp"

namespace mlean::notify {
namespace {

constexpr std::size_t kMaxText = 64u << 10;

Result<void> CheckText(std::string_view what, std::string_view text) {
  if (text.size() <= kMaxText && IsValidUtf8(text)) return {};
  return Fail(Code::kInvalid, fmt::format("cannot keep webhook: its {} is not UTF-8 or has over {} bytes", what, kMaxText));
}

Result<void> WriteEvents(sql::Txn& txn, std::string_view id, const std::vector<WebhookEvent>& events) {
  TRYV(txn.Exec("DELETE FROM webhook_events WHERE webhook = ?1", id));
  for (const WebhookEvent& event : events) {
    TRYV(txn.Exec("INSERT INTO webhook_events(entity, action, webhook) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING", event.entity,
                  event.action, id));
  }
  return {};
}

Result<void> DropWaiting(sql::Txn& txn, std::string_view id) {
  TRYV(txn.Exec("DELETE FROM deliveries WHERE channel = ?1", id));
  return txn.Exec("DELETE FROM webhook_messages WHERE webhook = ?1", id);
}

// From columns id, name, url, description, secret, active, created, updated.
Webhook FromRow(const sql::Stmt& row) {
  Webhook out;
  out.id = row.Text(0);
  out.name = row.Text(1);
  out.url = row.Text(2);
  out.description = row.Text(3);
  out.secret = row.Text(4);
  out.active = row.Int(5) != 0;
  out.created = row.Int(6);
  out.updated = row.Int(7);
  return out;
}

Result<void> ReadEvents(sql::Conn& conn, Webhook& webhook) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT entity, action FROM webhook_events WHERE webhook = ?1 ORDER BY entity, action"));
  stmt.Bind(webhook.id);
  TRY(webhook.events, sql::ReadRows(stmt, [](const sql::Stmt& row) { return WebhookEvent{row.Text(0), row.Text(1)}; }));
  return {};
}

}  // namespace

Result<Webhook> CreateWebhook(sql::Txn& txn, const Webhook& webhook, TimeMs now) {
  TRYV(CheckText("description", webhook.description));
  TRYV(CheckText("secret", webhook.secret));
  const std::string id = NewUuidV7(now);
  TRYV(
      txn.Exec("INSERT INTO webhooks(id, name, url, description, secret, active, created, updated) "
               "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
               id, webhook.name, webhook.url, webhook.description, webhook.secret, webhook.active, now));
  TRYV(WriteEvents(txn, id, webhook.events));
  return GetWebhook(txn, id);
}

Result<Webhook> GetWebhook(sql::Conn& conn, std::string_view id) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT id, name, url, description, secret, active, created, updated FROM webhooks WHERE id = ?1"));
  stmt.Bind(id);
  TRY(const bool found, stmt.Step());
  if (!found) return Fail(Code::kNotFound, fmt::format("Webhook with ID {} not found.", id));
  Webhook webhook = FromRow(stmt);
  TRYV(ReadEvents(conn, webhook));
  return webhook;
}

Result<std::vector<Webhook>> ListWebhooks(sql::Conn& conn, std::size_t offset, std::size_t limit) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT id, name, url, description, secret, active, created, updated FROM webhooks "
                                   "ORDER BY created DESC, no DESC LIMIT ?1 OFFSET ?2"));
  stmt.Bind(static_cast<std::int64_t>(limit)).Bind(static_cast<std::int64_t>(offset));
  TRY(std::vector<Webhook> webhooks, sql::ReadRows(stmt, FromRow));
  for (Webhook& webhook : webhooks) TRYV(ReadEvents(conn, webhook));
  return webhooks;
}

Result<Webhook> UpdateWebhook(sql::Txn& txn, std::string_view id, const WebhookChange& change, TimeMs now) {
  TRY(Webhook webhook, GetWebhook(txn, id));
  if (change.description) TRYV(CheckText("description", *change.description));
  if (change.secret) TRYV(CheckText("secret", *change.secret));
  TRYV(txn.Exec("UPDATE webhooks SET name = ?2, url = ?3, description = ?4, secret = ?5, active = ?6, updated = ?7 WHERE id = ?1",
                id, change.name.value_or(webhook.name), change.url.value_or(webhook.url),
                change.description.value_or(webhook.description), change.secret.value_or(webhook.secret),
                change.active.value_or(webhook.active), now));
  if (change.events) TRYV(WriteEvents(txn, id, *change.events));
  if (change.active && !*change.active) TRYV(DropWaiting(txn, id));
  return GetWebhook(txn, id);
}

Result<void> DeleteWebhook(sql::Txn& txn, std::string_view id) {
  TRYV(GetWebhook(txn, id));
  TRYV(DropWaiting(txn, id));
  TRYV(WriteEvents(txn, id, {}));
  return txn.Exec("DELETE FROM webhooks WHERE id = ?1", id);
}

Result<void> Publish(sql::Txn& txn, const WebhookEvent& event, const codec::Json& data, TimeMs now) {
  std::vector<std::string> subscribers;
  {
    TRY(sql::Stmt stmt, txn.Prepare("SELECT w.id FROM webhook_events e JOIN webhooks w ON w.id = e.webhook "
                                    "WHERE e.entity = ?1 AND e.action = ?2 AND w.active = 1 ORDER BY w.no"));
    stmt.Bind(event.entity).Bind(event.action);
    TRY(subscribers, sql::ReadRows(stmt, [](const sql::Stmt& row) { return row.Text(0); }));
  }
  if (subscribers.empty()) return {};
  const std::string body = WebhookBody(event, data, now);
  for (const std::string& webhook : subscribers) {
    const std::string id = NewUuidV7(now);
    TRYV(txn.Exec("INSERT INTO webhook_messages(id, webhook, body) VALUES(?1, ?2, ?3)", id, webhook, body));
    TRYV(AddDelivery(txn, id, webhook, now));
  }
  return {};
}

Result<std::vector<std::string>> DueWebhooks(sql::Conn& conn, TimeMs now) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT d.channel FROM deliveries d JOIN webhooks w ON w.id = d.channel "
                   "WHERE d.state < 2 AND d.next_attempt <= ?1 GROUP BY d.channel ORDER BY min(d.next_attempt), d.channel"));
  stmt.Bind(now);
  return sql::ReadRows(stmt, [](const sql::Stmt& row) { return row.Text(0); });
}

Result<std::optional<WebhookMessage>> BeginMessage(sql::Txn& txn, std::string_view webhook, TimeMs now) {
  WebhookMessage message;
  {
    TRY(sql::Stmt stmt, txn.Prepare("SELECT m.id, m.body FROM deliveries d JOIN webhook_messages m ON m.id = d.alert "
                                    "WHERE d.channel = ?1 AND d.state < 2 AND d.next_attempt <= ?2 "
                                    "ORDER BY d.next_attempt, m.no LIMIT 1"));
    stmt.Bind(webhook).Bind(now);
    TRY(const bool found, stmt.Step());
    if (!found) return std::optional<WebhookMessage>();
    message.id = stmt.Text(0);
    message.body = stmt.Text(1);
  }
  TRY(message.webhook, GetWebhook(txn, webhook));
  TRY(const bool mine, BeginAttempt(txn, message.id, webhook, now));
  return mine ? std::optional<WebhookMessage>(std::move(message)) : std::nullopt;
}

Result<bool> EndMessage(sql::Txn& txn, const WebhookMessage& message, const std::optional<Error>& error, bool final,
                        std::int64_t wait_ms, TimeMs now) {
  const Result<void> ended = EndAttempt(txn, message.id, message.webhook.id, error, final, now, wait_ms);
  if (!ended && ended.error().code == Code::kNotFound) return true;  // dropped with its webhook meanwhile
  TRYV(ended);
  TRYV(txn.Exec("DELETE FROM deliveries WHERE alert = ?1 AND channel = ?2 AND state >= 2", message.id, message.webhook.id));
  if (txn.Changes() == 0) return false;
  TRYV(txn.Exec("DELETE FROM webhook_messages WHERE id = ?1", message.id));
  return true;
}

}  // namespace mlean::notify
