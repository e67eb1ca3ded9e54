// The outbox: alerts and their deliveries, in the database, so that an alert raised in a transaction is sent if and only if that
// commits.
//
// A delivery is pending → sending (lease) → sent, or back to pending with backoff (1 s doubling to 1 h), or dead after
// kMaxAttempts or a final refusal. A process killed while sending leaves a lease; when it runs out the delivery is due again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "notify/alert.hpp"
#include "sql/database.hpp"

namespace mlean::notify {

constexpr int kMaxAttempts = 12;
constexpr std::int64_t kSendLeaseMs = 60'000;

// Wait before attempt `attempts` + 1: 1 s · 2^(attempts-1), at most 1 h.
std::int64_t BackoffMs(int attempts);

// Puts the alert and one delivery for each of `channels` that wants it. Returns the alert's id: of the earlier alert when the
// dedup_key was there already (then nothing is added). Fields over 64 KiB of JSON are kTooLarge.
Result<std::string> Enqueue(sql::Txn& txn, const Alert& alert, const std::vector<Channel>& channels, TimeMs now);

enum class DeliveryState : std::uint8_t { kPending = 0, kSending = 1, kSent = 2, kDead = 3 };

struct Delivery {
  Alert alert;
  std::string channel;
  DeliveryState state = DeliveryState::kPending;
  int attempts = 0;
  TimeMs next_attempt = 0;
  std::string last_error;
};

// For other things than alerts that are sent (webhook_store.hpp): a delivery of what has the id `id`.
Result<void> AddDelivery(sql::Txn& txn, std::string_view id, std::string_view channel, TimeMs now);

// Deliveries of alerts to attempt now, oldest first.
Result<std::vector<Delivery>> Due(sql::Conn& conn, TimeMs now, std::size_t limit = 100);
// Records that an attempt begins; false when somebody else has it or it is over.
Result<bool> BeginAttempt(sql::Txn& txn, std::string_view alert_id, std::string_view channel, TimeMs now);
// Records how it went: no error is success; `final` gives up. The next attempt is not before `wait_ms` from now, when the
// receiver asked for that (at most an hour counts).
Result<void> EndAttempt(sql::Txn& txn, std::string_view alert_id, std::string_view channel, const std::optional<Error>& error,
                        bool final, TimeMs now, std::int64_t wait_ms = 0);

// The newest alerts first, with the state of each delivery (for the UI and `alerts list`).
Result<std::vector<Delivery>> ListDeliveries(sql::Conn& conn, std::size_t limit = 100);
Result<std::vector<Alert>> ListAlerts(sql::Conn& conn, std::size_t limit = 100);
// When something may next be due; none when nothing waits.
Result<std::optional<TimeMs>> NextWake(sql::Conn& conn);

}  // namespace mlean::notify
