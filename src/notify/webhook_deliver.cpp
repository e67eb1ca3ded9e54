#include "notify/webhook_deliver.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "notify/webhook_store.hpp"

namespace mlean::notify {
namespace {

constexpr std::size_t kMaxAnswer = 64u << 10;

// Seconds of Retry-After in milliseconds; its other form, a date, is left to the backoff.
std::int64_t WaitOf(const net::Response& answer) {
  const auto seconds = ParseInt(Trim(answer.Header("Retry-After")));
  return seconds ? std::clamp<std::int64_t>(*seconds, 0, 3600) * kSecondMs : 0;
}

}  // namespace

net::Request WebhookRequest(const Webhook& webhook, std::string_view id, std::string_view body, const WebhookRules& rules,
                            TimeMs now) {
  const std::string time = std::to_string(now / kSecondMs);
  net::Request request;
  request.method = "POST";
  request.url = webhook.url;
  request.headers = {
      {"Content-Type", "application/json"}, {"X-MLflow-Delivery-Id", std::string(id)}, {"X-MLflow-Timestamp", time}};
  if (!webhook.secret.empty()) {
    const std::string signature = Base64(HmacSha256(webhook.secret, fmt::format("{}.{}.{}", id, time, body)));
    request.headers.emplace_back("X-MLflow-Signature", "v1," + signature);
  }
  request.body = body;
  request.timeout_ms = kWebhookTimeoutMs;
  request.max_response_bytes = kMaxAnswer;
  request.public_only = !rules.private_addresses;
  return request;
}

Result<AttemptReport> DeliverToWebhook(sql::Database& db, std::string_view webhook, Sender& sender, const WebhookRules& rules,
                                       const Clock& clock, const std::atomic<bool>* cancel) {
  TRY(const auto message, db.Write([&](sql::Txn& txn) { return BeginMessage(txn, webhook, clock.Now()); }));
  if (!message) return AttemptReport{};
  net::Request request = WebhookRequest(message->webhook, message->id, message->body, rules, clock.Now());
  request.cancel = cancel;
  request.sink = [](const net::Response&, std::string_view) { return true; };  // what a happy receiver says is not kept
  const Result<net::Response> answer = sender.Send(request);

  std::optional<Error> error;
  std::int64_t wait_ms = 0;
  if (!answer) {
    error = Fail(answer.error().code == Code::kInvalid ? Code::kInvalid : Code::kIo, std::string(CauseOf(answer.error().code)));
  } else if (answer->status < 200 || answer->status >= 300) {
    error = Fail(MayHeal(answer->status) ? Code::kBusy : Code::kDenied, fmt::format("status {}", answer->status));
    wait_ms = WaitOf(*answer);
  }
  const bool final = error && (error->code == Code::kInvalid || error->code == Code::kDenied);
  TRY(const bool over, db.Write([&](sql::Txn& txn) { return EndMessage(txn, *message, error, final, wait_ms, clock.Now()); }));
  const Attempt outcome = !error ? Attempt::kSent : over ? Attempt::kGivenUp : Attempt::kFailed;
  return AttemptReport{outcome, message->id, error ? error->what : std::string()};
}

}  // namespace mlean::notify
