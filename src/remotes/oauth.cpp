#include "remotes/oauth.hpp"

#include <fmt/core.h>

#include "codec/json.hpp"
#include "net/percent.hpp"
#include "remotes/options.hpp"

namespace mlean::remotes {

Result<std::string> TokenSource::Get() {
  const std::lock_guard lock(mutex_);
  const TimeMs now = clock_.Now();
  if (known_.token.empty() || now > known_.expires - kMinuteMs) {
    TRY(known_, fetch_(now));
  }
  return known_.token;
}

Result<AccessToken> AskForToken(net::Request request, TimeMs now) {
  request.timeout_ms = 30'000;
  request.max_response_bytes = 1u << 20;
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  const std::string start = fmt::format("cannot get an access token from '{}'", SafeUrl(request.url));
  net::Client client;
  TRY(const net::Response response, client.Send(request));
  const Result<codec::Json> json = codec::Json::Parse(response.body);
  if (response.status != 200) {
    std::string cause = fmt::format("the server answers {}", response.status);
    if (json && json->IsObject()) {
      for (const std::string_view key : {"error_description", "error"}) {
        const Result<std::string> text = json->StringAt(key);
        if (!text) continue;
        cause = *text;
        break;
      }
    }
    return Fail(Code::kDenied, start + ": " + cause);
  }
  if (!json) return Fail(Code::kCorrupt, start + ": the answer is no JSON");
  Result<std::string> token = json->StringAt("access_token");
  if (!token) return std::move(token).error().With(start);
  const std::int64_t seconds = json->IntAt("expires_in", 3600).value_or(3600);
  return AccessToken{.token = *std::move(token), .expires = now + std::clamp<std::int64_t>(seconds, 0, 86'400) * kSecondMs};
}

std::string FormBody(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    if (!body.empty()) body += '&';
    body += net::PercentEncode(name) + "=" + net::PercentEncode(value);
  }
  return body;
}

}  // namespace mlean::remotes
