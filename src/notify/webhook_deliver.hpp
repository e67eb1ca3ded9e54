// Sending to webhooks: one signed POST, and one attempt of the outbox.
//
// A receiver checks `X-MLflow-Signature: v1,<base64>`: HMAC-SHA256, by the webhook's secret, of "<X-MLflow-Delivery-Id>.
// <X-MLflow-Timestamp>.<body>" without the blank. The id is the same in every attempt, the time (seconds) is the attempt's.
#pragma once

#include <atomic>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/client.hpp"
#include "notify/deliver.hpp"
#include "notify/webhook.hpp"
#include "sql/database.hpp"

namespace mlean::notify {

constexpr int kWebhookTimeoutMs = 30'000;

net::Request WebhookRequest(const Webhook& webhook, std::string_view id, std::string_view body, const WebhookRules& rules,
                            TimeMs now);

enum class Attempt : std::uint8_t { kNothingDue, kSent, kFailed, kGivenUp };
struct AttemptReport {
  Attempt outcome = Attempt::kNothingDue;
  std::string message_id;
  std::string error;  // never the URL
};
// One attempt of the webhook's oldest due message. An attempt that `cancel` cut off is tried again later.
Result<AttemptReport> DeliverToWebhook(sql::Database& db, std::string_view webhook, Sender& sender, const WebhookRules& rules,
                                       const Clock& clock, const std::atomic<bool>* cancel);

}  // namespace mlean::notify
