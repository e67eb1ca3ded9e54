// Webhook: an address that hears of changes of the registry, as MLflow's clients set it up (reference/mlflow.md 1.6). Plain
// values and what may be in them; errors have MLflow's texts.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::notify {

struct WebhookEvent {
  std::string entity;  // "model_version_tag"
  std::string action;  // "set"
  friend auto operator<=>(const WebhookEvent&, const WebhookEvent&) = default;
};

// In the order of MLflow's numbers, from 1; also the names on its wire, there in upper case.
const std::vector<std::string>& WebhookEntities();
const std::vector<std::string>& WebhookActions();

struct Webhook {
  std::string id = {};  // a dashed UUID, given by CreateWebhook
  std::string name;
  std::string url;
  std::string description = {};
  std::string secret = {};  // signs what is sent; never shown. Empty: nothing is signed
  std::vector<WebhookEvent> events;
  bool active = true;
  TimeMs created = 0;
  TimeMs updated = 0;
};

// Where webhooks may go.
struct WebhookRules {
  std::vector<std::string> schemes = {"https"};
  bool private_addresses = false;
};
// MLFLOW_WEBHOOK_ALLOWED_SCHEMES ("http,https") and MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS ("true"), as the real server reads them.
WebhookRules WebhookRulesFromEnvironment();

// All kInvalid. The check of a URL asks DNS unless private addresses are allowed.
Result<void> CheckWebhookName(std::string_view name);
Result<void> CheckWebhookUrl(const std::string& url, const WebhookRules& rules);
Result<void> CheckWebhookEvent(const WebhookEvent& event);

// What the test of a webhook sends as the event's data.
codec::Json ExampleWebhookData(const WebhookEvent& event);
// The body that is sent: {"entity", "action", "timestamp", "data"}.
std::string WebhookBody(const WebhookEvent& event, const codec::Json& data, TimeMs time);

}  // namespace mlean::notify
