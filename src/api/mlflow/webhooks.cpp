// webhooks: create, list, get, update, delete, test (reference/mlflow.md 1.6). What they are sent is made in
// flows/registry_events.hpp and sent by flows/webhook_sender.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "api/mlflow/bind.hpp"
#include "api/mlflow/render.hpp"
#include "api/mlflow/search.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "notify/http_sender.hpp"
#include "notify/webhook_deliver.hpp"
#include "notify/webhook_store.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr Field kEvent[] = {{"entity", Type::kEnum}, {"action", Type::kEnum}};
constexpr Field kCreate[] = {{"name", Type::kString, kRequired},
                             {"url", Type::kString, kRequired},
                             {"events", Type::kObjects, kRequired, kEvent},
                             {"description"},
                             {"secret"},
                             {"status", Type::kEnum}};
constexpr Field kList[] = {{"max_results", Type::kInt}, {"page_token"}};
constexpr Field kOne[] = {{"webhook_id", Type::kString, kRequired}};
constexpr Field kUpdate[] = {{"webhook_id", Type::kString, kRequired},
                             {"name"},
                             {"url"},
                             {"events", Type::kObjects, false, kEvent},
                             {"description"},
                             {"secret"},
                             {"status", Type::kEnum}};
constexpr Field kTest[] = {{"webhook_id", Type::kString, kRequired}, {"event", Type::kObject, false, kEvent}};
constexpr std::size_t kMaxPage = 1000;

std::string ToUpper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

// "MODEL_VERSION" or its number, as a word of the notify room; anything else as it is, which no check lets pass.
std::string WordOf(const std::vector<std::string>& words, const std::string& text) {
  const auto number = ParseInt(text);
  if (number && *number >= 1 && *number <= static_cast<std::int64_t>(words.size()))
    return words[static_cast<std::size_t>(*number) - 1];
  const auto found = std::find_if(words.begin(), words.end(), [&](const std::string& word) { return ToUpper(word) == text; });
  return found == words.end() ? text : *found;
}

Result<notify::WebhookEvent> EventOf(const Json& json) {
  notify::WebhookEvent event{WordOf(notify::WebhookEntities(), TextOf(json, "entity")),
                             WordOf(notify::WebhookActions(), TextOf(json, "action"))};
  TRYV(notify::CheckWebhookEvent(event));
  return event;
}

Result<std::vector<notify::WebhookEvent>> EventsOf(const Json& request) {
  std::vector<notify::WebhookEvent> events;
  for (const Json& json : ListOf(request, "events")) {
    TRY(notify::WebhookEvent event, EventOf(json));
    events.push_back(std::move(event));
  }
  return events;
}

// Nothing when it was not sent, or is no status.
std::optional<bool> ActiveOf(const Json& request) {
  const std::string status = TextOf(request, "status");
  if (status == "ACTIVE" || status == "1") return true;
  if (status == "DISABLED" || status == "2") return false;
  return std::nullopt;
}

// Without the secret, whoever asks.
Json WebhookJson(const notify::Webhook& webhook) {
  Json out = Json::Object{{"webhook_id", webhook.id}, {"name", webhook.name}};
  if (!webhook.description.empty()) out.Set("description", webhook.description);
  out.Set("url", webhook.url);
  Json::Array events;
  for (const notify::WebhookEvent& event : webhook.events) {
    events.push_back(Json::Object{{"entity", ToUpper(event.entity)}, {"action", ToUpper(event.action)}});
  }
  SetList(out, "events", std::move(events));
  out.Set("status", webhook.active ? "ACTIVE" : "DISABLED");
  out.Set("creation_timestamp", webhook.created);
  out.Set("last_updated_timestamp", webhook.updated);
  return out;
}

Json WebhookReply(const notify::Webhook& webhook) { return Json::Object{{"webhook", WebhookJson(webhook)}}; }

Result<Json> Create(const Json& request, Context& context) {
  notify::Webhook webhook{.name = TextOf(request, "name"), .url = TextOf(request, "url"), .events = {}};
  webhook.description = TextOf(request, "description");
  webhook.secret = TextOf(request, "secret");
  webhook.active = ActiveOf(request).value_or(true);
  TRY(webhook.events, EventsOf(request));
  TRYV(notify::CheckWebhookName(webhook.name));
  TRYV(notify::CheckWebhookUrl(webhook.url, notify::WebhookRulesFromEnvironment()));
  if (webhook.events.empty()) return Fail(Code::kInvalid, "Webhook events must be a non-empty list of WebhookEvent objects: [].");
  TRY(const notify::Webhook made,
      context.workspace.db->Write([&](sql::Txn& txn) { return notify::CreateWebhook(txn, webhook, context.workspace.Now()); }));
  return WebhookReply(made);
}

Result<Json> List(const Json& request, Context& context) {
  const std::int64_t asked = IntOf(request, "max_results");
  const std::size_t page = asked == 0 ? 100 : static_cast<std::size_t>(asked);
  if (page > kMaxPage) return Fail(Code::kInvalid, fmt::format("max_results must be between 1 and {}.", kMaxPage));
  TRY(const std::size_t offset, ParsePageToken(TextOf(request, "page_token")));
  TRY(std::vector<notify::Webhook> webhooks,
      context.workspace.db->Read([&](sql::Conn& conn) { return notify::ListWebhooks(conn, offset, page + 1); }));
  Json out = Json::Object{};
  if (webhooks.size() > page) {
    webhooks.resize(page, notify::Webhook{.name = {}, .url = {}, .events = {}});
    out.Set("next_page_token", PageToken(offset + page));
  }
  Json::Array list;
  for (const notify::Webhook& webhook : webhooks) list.push_back(WebhookJson(webhook));
  SetList(out, "webhooks", std::move(list));
  return out;
}

Result<notify::Webhook> Get(const Json& request, Context& context) {
  return context.workspace.db->Read([&](sql::Conn& conn) { return notify::GetWebhook(conn, TextOf(request, "webhook_id")); });
}

// An empty name, url or list of events is as none; an empty description or secret takes it away.
Result<Json> Update(const Json& request, Context& context) {
  notify::WebhookChange change;
  if (const std::string name = TextOf(request, "name"); !name.empty()) {
    TRYV(notify::CheckWebhookName(name));
    change.name = name;
  }
  if (const std::string url = TextOf(request, "url"); !url.empty()) {
    TRYV(notify::CheckWebhookUrl(url, notify::WebhookRulesFromEnvironment()));
    change.url = url;
  }
  TRY(std::vector<notify::WebhookEvent> events, EventsOf(request));
  if (!events.empty()) change.events = std::move(events);
  if (request.Find("description") != nullptr) change.description = TextOf(request, "description");
  if (request.Find("secret") != nullptr) change.secret = TextOf(request, "secret");
  change.active = ActiveOf(request);
  TRY(const notify::Webhook changed, context.workspace.db->Write([&](sql::Txn& txn) {
    return notify::UpdateWebhook(txn, TextOf(request, "webhook_id"), change, context.workspace.Now());
  }));
  return WebhookReply(changed);
}

// Sends an example and waits for the answer: once, and past the outbox, also for a disabled webhook.
Result<Json> Test(const Json& request, Context& context) {
  TRY(const notify::Webhook webhook, Get(request, context));
  notify::WebhookEvent event = webhook.events.front();
  if (const Json* asked = request.Find("event")) {
    TRY(event, EventOf(*asked));
  }
  const TimeMs now = context.workspace.Now();
  const std::string body = notify::WebhookBody(event, notify::ExampleWebhookData(event), now);
  notify::HttpSender sender;
  const Result<net::Response> answer =
      sender.Send(notify::WebhookRequest(webhook, NewUuidV7(now), body, notify::WebhookRulesFromEnvironment(), now));
  if (!answer) {
    const std::string why = fmt::format("Failed to test webhook: {}", answer.error().what);
    return Json(Json::Object{{"result", Json::Object{{"success", false}, {"error_message", why}}}});
  }
  Json result = Json::Object{{"success", answer->status < 400}, {"response_status", answer->status}};
  result.Set("response_body", IsValidUtf8(answer->body) ? answer->body : std::string());
  return Json(Json::Object{{"result", std::move(result)}});
}

}  // namespace

void BindWebhooks(net::Router& router, Context& server) {
  Endpoint(router, server, "POST", "webhooks", kCreate, kForAdmins, Create);
  Endpoint(router, server, "GET", "webhooks", kList, kForAdmins, List);
  Endpoint(router, server, "GET", "webhooks/{webhook_id}", kOne, kForAdmins,
           [](const Json& request, Context& context) -> Result<Json> {
             TRY(const notify::Webhook webhook, Get(request, context));
             return WebhookReply(webhook);
           });
  Endpoint(router, server, "PATCH", "webhooks/{webhook_id}", kUpdate, kForAdmins, Update);
  Endpoint(router, server, "DELETE", "webhooks/{webhook_id}", kOne, kForAdmins,
           [](const Json& request, Context& context) -> Result<Json> {
             TRYV(context.workspace.db->Write(
                 [&](sql::Txn& txn) { return notify::DeleteWebhook(txn, TextOf(request, "webhook_id")); }));
             return Json(Json::Object{});
           });
  Endpoint(router, server, "POST", "webhooks/{webhook_id}/test", kTest, kForAdmins, Test);
}

}  // namespace mlean::api::mlflow
