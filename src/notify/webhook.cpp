#include "notify/webhook.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "net/address.hpp"

namespace mlean::notify {
namespace {

using codec::Json;

// What can happen to what.
const std::map<std::string, std::set<std::string>, std::less<>>& Known() {
  static const std::map<std::string, std::set<std::string>, std::less<>> known = {{"registered_model", {"created"}},
                                                                                  {"model_version", {"created"}},
                                                                                  {"model_version_tag", {"deleted", "set"}},
                                                                                  {"model_version_alias", {"created", "deleted"}},
                                                                                  {"prompt", {"created"}},
                                                                                  {"prompt_version", {"created"}},
                                                                                  {"prompt_tag", {"deleted", "set"}},
                                                                                  {"prompt_version_tag", {"deleted", "set"}},
                                                                                  {"prompt_alias", {"created", "deleted"}},
                                                                                  {"budget_policy", {"exceeded"}}};
  return known;
}

std::string Repr(std::string_view text) {
  std::string out;
  codec::AppendPythonRepr(out, text);
  return out;
}

bool IsNameEnd(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

struct UrlParts {
  std::string scheme;  // lower case; "" when there is none
  std::string host;    // lower case, without brackets and port
};

Result<UrlParts> TakeApart(const std::string& url) {
  UrlParts parts;
  const std::size_t colon = url.find("://");
  if (colon == url.npos) return parts;
  parts.scheme = ToLower(url.substr(0, colon));
  std::string place = url.substr(colon + 3, url.find_first_of("/?#\\", colon + 3) - (colon + 3));
  place.erase(0, place.rfind('@') + 1);  // npos + 1 is 0
  if (place.starts_with('[')) {
    const std::size_t end = place.find(']');
    if (end == place.npos)
      return Fail(Code::kInvalid, fmt::format("Invalid webhook URL {}: ValueError('Invalid IPv6 URL')", Repr(url)));
    parts.host = ToLower(place.substr(1, end - 1));
  } else {
    parts.host = ToLower(place.substr(0, place.find(':')));
  }
  return parts;
}

Result<void> CheckPublic(const std::string& host) {
  const auto addresses = net::Resolve(host);
  if (!addresses)
    return Fail(Code::kInvalid, fmt::format("Cannot resolve Webhook URL hostname {}: {}", Repr(host), addresses.error().what));
  for (const net::HostAddress& address : *addresses) {
    if (!address.is_public) {
      return Fail(Code::kInvalid, fmt::format("Webhook URL must not resolve to a non-public IP address. {} resolves to {}.",
                                              Repr(host), address.text));
    }
  }
  return {};
}

bool IsTrue(const char* value) { return value != nullptr && (ToLower(value) == "true" || std::string_view(value) == "1"); }

}  // namespace

const std::vector<std::string>& WebhookEntities() {
  static const std::vector<std::string> names = {"registered_model", "model_version",  "model_version_tag", "model_version_alias",
                                                 "prompt",           "prompt_version", "prompt_tag",        "prompt_version_tag",
                                                 "prompt_alias",     "budget_policy"};
  return names;
}

const std::vector<std::string>& WebhookActions() {
  static const std::vector<std::string> names = {"created", "updated", "deleted", "set", "exceeded"};
  return names;
}

WebhookRules WebhookRulesFromEnvironment() {
  WebhookRules rules;
  if (const char* schemes = std::getenv("MLFLOW_WEBHOOK_ALLOWED_SCHEMES"); schemes != nullptr) {
    rules.schemes.clear();
    for (const std::string& scheme : Split(schemes, ',')) rules.schemes.emplace_back(Trim(scheme));
  }
  rules.private_addresses = IsTrue(std::getenv("MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS"));
  return rules;
}

Result<void> CheckWebhookName(std::string_view name) {
  const bool sound =
      !name.empty() && name.size() <= 63 && IsNameEnd(name.front()) && IsNameEnd(name.back()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return IsNameEnd(c) || c == '.' || c == '_' || c == '-'; });
  if (sound) return {};
  return Fail(Code::kInvalid,
              fmt::format("Webhook name {} is invalid. It must start and end with a letter or digit, be less than "
                          "63 characters long, and contain only letters, digits, dots (.), underscores (_), and "
                          "hyphens (-).",
                          Repr(name)));
}

Result<void> CheckWebhookUrl(const std::string& url, const WebhookRules& rules) {
  constexpr std::size_t kMaxUrl = 8000;
  if (Trim(url).empty())
    return Fail(Code::kInvalid, fmt::format("Webhook URL cannot be empty or just whitespace: {}", Repr(url)));
  const auto odd = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
  if (url.size() > kMaxUrl) return Fail(Code::kInvalid, fmt::format("Webhook URL cannot be longer than {} bytes", kMaxUrl));
  if (std::any_of(url.begin(), url.end(), odd))
    return Fail(Code::kInvalid, fmt::format("Invalid webhook URL {}: it has a blank or a control character", Repr(url)));
  TRY(const UrlParts parts, TakeApart(url));
  if (std::find(rules.schemes.begin(), rules.schemes.end(), parts.scheme) == rules.schemes.end()) {
    return Fail(Code::kInvalid, fmt::format("Invalid webhook URL scheme: {}. Allowed schemes are: {}.", Repr(parts.scheme),
                                            Join(rules.schemes, ", ")));
  }
  if (parts.host.empty()) return Fail(Code::kInvalid, fmt::format("Webhook URL must include a hostname: {}", Repr(url)));
  return rules.private_addresses ? Result<void>() : CheckPublic(parts.host);
}

Result<void> CheckWebhookEvent(const WebhookEvent& event) {
  const auto found = Known().find(event.entity);
  if (found == Known().end()) return Fail(Code::kInvalid, fmt::format("Invalid webhook entity: {}", Repr(event.entity)));
  if (found->second.contains(event.action)) return {};
  Json::Array actions(found->second.begin(), found->second.end());
  return Fail(Code::kInvalid, fmt::format("Invalid action '{}' for entity '{}'. Valid actions are: {}", event.action,
                                          event.entity, codec::PythonRepr(Json(std::move(actions)))));
}

Json ExampleWebhookData(const WebhookEvent& event) {
  const bool prompt = event.entity.starts_with("prompt");
  const std::string thing = prompt ? "prompt" : "model";
  if (event.entity == "budget_policy") return Json::Object{};  // never happens here
  Json data = Json::Object{{"name", "example_" + thing}};
  const bool version = event.entity.starts_with("model_version") || event.entity.starts_with("prompt_version");
  if (event.entity.ends_with("_alias")) {
    data.Set("alias", "example_alias");
    if (event.action == "created") data.Set("version", "1");
    return data;
  }
  if (version) data.Set("version", "1");
  if (event.entity.ends_with("_tag")) {
    data.Set("key", "example_key");
    if (event.action == "set") data.Set("value", "example_value");
    return data;
  }
  if (event.entity == "model_version") {
    data.Set("source", "models:/123");
    data.Set("run_id", "abcd1234abcd5678");
  }
  if (event.entity == "prompt_version") data.Set("template", "Hello {{name}}!");
  data.Set("tags", Json::Object{{"example_key", "example_value"}});
  data.Set("description",
           fmt::format("An example {}{}{}", prompt || version ? "" : "registered ", thing, version ? " version" : ""));
  return data;
}

std::string WebhookBody(const WebhookEvent& event, const Json& data, TimeMs time) {
  std::string iso = FormatTime(time);  // "…T12:00:00.000Z"; MLflow writes microseconds and the offset
  iso.replace(iso.size() - 1, 1, "000+00:00");
  const Json body = Json::Object{{"entity", event.entity}, {"action", event.action}, {"timestamp", iso}, {"data", data}};
  return body.Dump();
}

}  // namespace mlean::notify
