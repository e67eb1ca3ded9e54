// Inside of the remotes room: OAuth 2 access tokens, kept until shortly before they end.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/client.hpp"

namespace mlean::remotes {

struct AccessToken {
  std::string token;
  TimeMs expires = 0;
};

// Thread-safe.
class TokenSource {
 public:
  using Fetch = std::function<Result<AccessToken>(TimeMs now)>;
  // `clock` outlives it.
  TokenSource(const Clock& clock, Fetch fetch) : clock_(clock), fetch_(std::move(fetch)) {}
  Result<std::string> Get();

 private:
  const Clock& clock_;
  const Fetch fetch_;
  std::mutex mutex_;
  AccessToken known_;  // guarded by mutex_
};

// Sends a token request and reads {"access_token", "expires_in"}. kDenied when the server says no.
Result<AccessToken> AskForToken(net::Request request, TimeMs now);
// The form body of a token request: "a=b&c=d", percent-encoded.
std::string FormBody(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

}  // namespace mlean::remotes
