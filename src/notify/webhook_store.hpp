// Webhooks in the database, and their share of the outbox (outbox_store.hpp): Publish puts a message and its delivery for every
// active webhook that asked for the event, in the transaction of the change itself, so that both are there after a crash or
// neither. A message is forgotten when it was delivered or given up; what waits for a webhook that is deleted or disabled is
// dropped.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "codec/json.hpp"
#include "notify/webhook.hpp"
#include "sql/database.hpp"

namespace mlean::notify {

// Name, URL and events must have been checked; repeated events count once. Returns it with its id.
Result<Webhook> CreateWebhook(sql::Txn& txn, const Webhook& webhook, TimeMs now);
// kNotFound "Webhook with ID x not found."
Result<Webhook> GetWebhook(sql::Conn& conn, std::string_view id);
// Newest first.
Result<std::vector<Webhook>> ListWebhooks(sql::Conn& conn, std::size_t offset, std::size_t limit);

struct WebhookChange {
  std::optional<std::string> name = {};
  std::optional<std::string> url = {};
  std::optional<std::string> description = {};
  std::optional<std::string> secret = {};
  std::optional<std::vector<WebhookEvent>> events = {};
  std::optional<bool> active = {};
};
Result<Webhook> UpdateWebhook(sql::Txn& txn, std::string_view id, const WebhookChange& change, TimeMs now);
Result<void> DeleteWebhook(sql::Txn& txn, std::string_view id);

Result<void> Publish(sql::Txn& txn, const WebhookEvent& event, const codec::Json& data, TimeMs now);

struct WebhookMessage {
  std::string id;  // of the delivery, the same in all its attempts: receivers tell repeats by it
  Webhook webhook;
  std::string body;
};

// Webhooks that have something to send now, the longest waiting first.
Result<std::vector<std::string>> DueWebhooks(sql::Conn& conn, TimeMs now);
// Takes the webhook's oldest due message for one attempt, under a lease; nothing when none is due.
Result<std::optional<WebhookMessage>> BeginMessage(sql::Txn& txn, std::string_view webhook, TimeMs now);
// Records how the attempt went, as EndAttempt. True: it is over, for good or ill.
Result<bool> EndMessage(sql::Txn& txn, const WebhookMessage& message, const std::optional<Error>& error, bool final,
                        std::int64_t wait_ms, TimeMs now);

}  // namespace mlean::notify
