#include "notify/outbox_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "base/text.hpp"
#include "sql/rows.hpp"

namespace mlean::notify {
namespace {

constexpr std::size_t kMaxFields = 64u << 10;
constexpr std::size_t kMaxText = 64u << 10;
constexpr std::size_t kMaxError = 500;

Result<std::string> FindByKey(sql::Conn& conn, std::string_view dedup_key) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT id FROM alerts WHERE dedup_key = ?1"));
  stmt.Bind(dedup_key);
  TRY(const bool found, stmt.Step());
  return found ? stmt.Text(0) : std::string();
}

Result<void> Check(const Alert& alert, std::string_view fields) {
  const auto bad = [&alert](Code code, std::string_view why) {
    return Fail(code, fmt::format("cannot raise alert '{}': {}", std::string_view(alert.kind).substr(0, 100), why));
  };
  if (alert.kind.empty() || alert.kind.size() > 100) return bad(Code::kInvalid, "its kind must be 1 to 100 bytes");
  if (!alert.fields.IsObject()) return bad(Code::kInvalid, "its fields are no object");
  for (const std::string* text : {&alert.kind, &alert.title, &alert.text, &alert.dedup_key}) {
    if (text->size() > kMaxText) return bad(Code::kTooLarge, fmt::format("a text has over {} bytes", kMaxText));
    if (!IsValidUtf8(*text)) return bad(Code::kInvalid, "a text is not UTF-8");
  }
  if (fields.size() > kMaxFields) return bad(Code::kTooLarge, fmt::format("its fields have over {} bytes", kMaxFields));
  return {};
}

// From columns id, kind, severity, title, text, fields, dedup_key, created.
Result<Alert> AlertFromRow(const sql::Stmt& row) {
  Alert out;
  out.id = row.Text(0);
  out.kind = row.Text(1);
  out.severity = ParseSeverity(row.Text(2)).value_or(Severity::kWarning);
  out.title = row.Text(3);
  out.text = row.Text(4);
  TRY(out.fields, codec::Json::Parse(row.Text(5)));
  out.dedup_key = row.Text(6);
  out.created = row.Int(7);
  return out;
}

// From the same columns, then channel, state, attempts, next_attempt, last_error.
Result<Delivery> DeliveryFromRow(const sql::Stmt& row) {
  Delivery delivery;
  TRY(delivery.alert, AlertFromRow(row));
  delivery.channel = row.Text(8);
  delivery.state = static_cast<DeliveryState>(row.Int(9));
  delivery.attempts = static_cast<int>(row.Int(10));
  delivery.next_attempt = row.Int(11);
  delivery.last_error = row.Text(12);
  return delivery;
}

}  // namespace

std::int64_t BackoffMs(int attempts) {
  const int doublings = std::clamp(attempts - 1, 0, 12);
  return std::min<std::int64_t>(kSecondMs << doublings, kHourMs);
}

Result<std::string> Enqueue(sql::Txn& txn, const Alert& alert, const std::vector<Channel>& channels, TimeMs now) {
  const std::string fields = alert.fields.Dump();
  TRYV(Check(alert, fields));
  if (!alert.dedup_key.empty()) {
    TRY(std::string known, FindByKey(txn, alert.dedup_key));
    if (!known.empty()) return known;
  }
  const std::string id = NewUuidV7(now);
  const std::optional<std::string> key =
      alert.dedup_key.empty() ? std::optional<std::string>() : std::optional<std::string>(alert.dedup_key);
  TRYV(txn.Exec(
      "INSERT INTO alerts(id, kind, severity, title, text, fields, dedup_key, created) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      id, alert.kind, SeverityName(alert.severity), alert.title, alert.text, fields, key, now));
  for (const Channel& channel : channels) {
    if (!Wants(channel, alert.kind)) continue;
    TRYV(AddDelivery(txn, id, channel.name, now));
  }
  return id;
}

Result<void> AddDelivery(sql::Txn& txn, std::string_view id, std::string_view channel, TimeMs now) {
  return txn.Exec(
      "INSERT INTO deliveries(alert, channel, state, attempts, next_attempt, last_error) VALUES(?1, ?2, 0, 0, ?3, '') ON "
      "CONFLICT DO NOTHING",
      id, channel, now);
}

Result<std::vector<Delivery>> Due(sql::Conn& conn, TimeMs now, std::size_t limit) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT a.id, a.kind, a.severity, a.title, a.text, a.fields, a.dedup_key, a.created, d.channel, d.state, "
                   "d.attempts, d.next_attempt, d.last_error FROM deliveries d JOIN alerts a ON a.id = d.alert "
                   "WHERE d.state < 2 AND d.next_attempt <= ?1 ORDER BY d.next_attempt, a.no LIMIT ?2"));
  stmt.Bind(now).Bind(static_cast<std::int64_t>(limit));
  return sql::ReadRows(stmt, DeliveryFromRow);
}

Result<bool> BeginAttempt(sql::Txn& txn, std::string_view alert_id, std::string_view channel, TimeMs now) {
  TRYV(
      txn.Exec("UPDATE deliveries SET state = 1, attempts = attempts + 1, next_attempt = ?4 "
               "WHERE alert = ?1 AND channel = ?2 AND state < 2 AND next_attempt <= ?3",
               alert_id, channel, now, now + kSendLeaseMs));
  return txn.Changes() == 1;
}

Result<void> EndAttempt(sql::Txn& txn, std::string_view alert_id, std::string_view channel, const std::optional<Error>& error,
                        bool final, TimeMs now, std::int64_t wait_ms) {
  if (!error) {
    return txn.Exec("UPDATE deliveries SET state = 2, last_error = '' WHERE alert = ?1 AND channel = ?2", alert_id, channel);
  }
  std::int64_t attempts = 0;
  {
    TRY(sql::Stmt stmt, txn.Prepare("SELECT attempts FROM deliveries WHERE alert = ?1 AND channel = ?2"));
    stmt.Bind(alert_id).Bind(channel);
    TRY(const bool found, stmt.Step());
    if (!found)
      return Fail(Code::kNotFound, fmt::format("cannot end delivery of alert '{}' to '{}': there is none", alert_id, channel));
    attempts = stmt.Int(0);
  }
  const DeliveryState state = final || attempts >= kMaxAttempts ? DeliveryState::kDead : DeliveryState::kPending;
  // A success that another sender recorded meanwhile stays.
  return txn.Exec(
      "UPDATE deliveries SET state = ?3, next_attempt = ?4, last_error = ?5 WHERE alert = ?1 AND channel = ?2 AND state < 2",
      alert_id, channel, static_cast<int>(state),
      now + std::max(BackoffMs(static_cast<int>(attempts)), std::min(wait_ms, kHourMs)),
      std::string_view(error->what).substr(0, kMaxError));
}

Result<std::vector<Delivery>> ListDeliveries(sql::Conn& conn, std::size_t limit) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT a.id, a.kind, a.severity, a.title, a.text, a.fields, a.dedup_key, a.created, d.channel, d.state, "
                   "d.attempts, d.next_attempt, d.last_error FROM alerts a JOIN deliveries d ON d.alert = a.id "
                   "ORDER BY a.no DESC, d.channel LIMIT ?1"));
  stmt.Bind(static_cast<std::int64_t>(limit));
  return sql::ReadRows(stmt, DeliveryFromRow);
}

Result<std::vector<Alert>> ListAlerts(sql::Conn& conn, std::size_t limit) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT id, kind, severity, title, text, fields, dedup_key, created FROM alerts "
                                   "ORDER BY no DESC LIMIT ?1"));
  stmt.Bind(static_cast<std::int64_t>(limit));
  return sql::ReadRows(stmt, AlertFromRow);
}

Result<std::optional<TimeMs>> NextWake(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT min(next_attempt) FROM deliveries WHERE state < 2"));
  TRYV(stmt.Step());
  return stmt.MaybeInt(0);
}

}  // namespace mlean::notify
