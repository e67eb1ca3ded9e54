#include "flows/migrate_mlflow/http_session.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "net/percent.hpp"
#include "os/files.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

constexpr int kAttempts = 4;
constexpr std::chrono::milliseconds kFirstWait{500};
constexpr std::size_t kMaxAnswer = std::size_t{512} << 20;

std::string Env(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string MessageOf(const net::Response& response) {
  const Result<codec::Json> body = codec::Json::Parse(response.body);
  const Result<std::string> message = body ? body->StringAt("message") : Result<std::string>(body.error());
  std::string text = message ? *message : response.body.substr(0, 200);
  std::replace(text.begin(), text.end(), '\n', ' ');  // some servers answer with a page
  return text;
}

}  // namespace

HttpSession::HttpSession(std::string url) : url_(std::move(url)) {
  const std::string user = Env("MLFLOW_TRACKING_USERNAME");
  if (!user.empty()) user_password_ = user + ":" + Env("MLFLOW_TRACKING_PASSWORD");
  if (user.empty()) token_ = Env("MLFLOW_TRACKING_TOKEN");
  const std::string insecure = ToLower(Env("MLFLOW_TRACKING_INSECURE_TLS"));
  tls_.verify = insecure != "true" && insecure != "1";
  tls_.ca_file = Env("MLFLOW_TRACKING_SERVER_CERT_PATH");
  tls_.cert_file = Env("MLFLOW_TRACKING_CLIENT_CERT_PATH");
}

net::Request HttpSession::Make(const std::string& method, const std::string& path, const Query& query) const {
  net::Request request;
  request.method = method;
  request.url = url_ + path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    request.url += fmt::format("{}{}={}", separator, name, net::PercentEncode(value));
    separator = '&';
  }
  request.user_password = user_password_;
  if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_);
  request.tls = tls_;
  request.timeout_ms = 0;
  request.stall_timeout_ms = 120'000;
  request.max_response_bytes = kMaxAnswer;
  return request;
}

Result<net::Response> HttpSession::SendOnce(const net::Request& request) {
  TRY(net::Response response, client_.Send(request));
  if (response.status / 100 == 2) return response;
  const std::string what = fmt::format("cannot read '{}': {} {}", request.url, response.status, MessageOf(response));
  switch (response.status) {
    case 401:
    case 403: return Fail(Code::kDenied, what, "export MLFLOW_TRACKING_USERNAME=… MLFLOW_TRACKING_PASSWORD=…");
    case 404: return Fail(Code::kNotFound, what);
    case 408:
    case 429: return Fail(Code::kTimeout, what);
    default: return Fail(response.status >= 500 ? Code::kIo : Code::kInvalid, what);
  }
}

Result<net::Response> HttpSession::Send(net::Request request) {
  std::chrono::milliseconds wait = kFirstWait;
  for (int attempt = 1;; ++attempt) {
    Result<net::Response> response = SendOnce(request);
    const bool again = !response && (response.error().code == Code::kIo || response.error().code == Code::kTimeout);
    if (!again || attempt == kAttempts) return response;
    std::this_thread::sleep_for(wait);
    wait *= 2;
  }
}

Result<codec::Json> HttpSession::Get(const std::string& path, const Query& query) {
  TRY(const net::Response response, Send(Make("GET", path, query)));
  return codec::Json::Parse(response.body, {.allow_nan = true});
}

Result<std::string> HttpSession::GetText(const std::string& path) {
  TRY(net::Response response, Send(Make("GET", path, {})));
  return std::move(response.body);
}

Result<codec::Json> HttpSession::Post(const std::string& path, const codec::Json& body) {
  net::Request request = Make("POST", path, {});
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = body.Dump();
  TRY(const net::Response response, Send(std::move(request)));
  return codec::Json::Parse(response.body, {.allow_nan = true});
}

Result<artifacts::Blob> HttpSession::Download(const std::string& path, const Query& query, const std::filesystem::path& to) {
  TRY(os::AppendFile file, os::AppendFile::Open(to));
  Hasher hasher(Hasher::Kind::kSha256);
  artifacts::Blob blob;
  Result<void> written;
  net::Request request = Make("GET", path, query);
  request.sink = [&](const net::Response&, std::string_view piece) {
    hasher.Update(piece.data(), piece.size());
    blob.size += static_cast<std::int64_t>(piece.size());
    written = file.Append(piece);
    return written.ok();
  };
  // Not again: a part of it may be in the file.
  const Result<net::Response> response = SendOnce(request);
  if (!written) return std::move(written).error();
  if (!response) return response.error();
  blob.digest = hasher.HexDigest();
  return blob;
}

}  // namespace mlean::flows::migrate_mlflow
