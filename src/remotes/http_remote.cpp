// http:// and https:// as a remote: GET, HEAD, and POST or PUT for writing. Such a server cannot be listed.
#include <fmt/core.h>

#include "base/text.hpp"
#include "net/percent.hpp"
#include "remotes/http_session.hpp"
#include "remotes/parallel.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

class HttpRemote final : public Remote {
 public:
  HttpRemote(std::string base, std::string method, HttpSession::Setup http, Traits traits)
      : Remote(SafeUrl(base), traits, http.cancel),
        base_(std::move(base)),
        method_(std::move(method)),
        session_(std::move(http)) {}

  Result<FileInfo> Stat(std::string_view key) override {
    TRY(net::Response response, session_.Send({.method = "HEAD", .url = UrlOf(key)}));
    if (response.status == 405 || response.status == 501 || response.status == 400) {
      // A server that knows no HEAD: the first byte tells as much.
      TRY(response, session_.Send({.url = UrlOf(key), .headers = {{"Range", "bytes=0-0"}}}));
    }
    if (response.status / 100 != 2) return Refusal("look at", UrlForMessage(key), response);
    FileInfo info;
    std::string_view length = response.Header("Content-Length");
    if (response.status == 206) {
      length = response.Header("Content-Range");
      length.remove_prefix(std::min(length.find('/') + 1, length.size()));
    }
    info.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ParseInt(length).value_or(0)));
    info.etag = response.Header("ETag");
    return info;
  }

  Result<void> List(std::string_view, const ListSink&) override {
    return Fail(Code::kUnsupported, fmt::format("cannot list '{}': HTTP has no listings", url()));
  }

  Result<void> Read(std::string_view key, std::uint64_t offset, const ByteSink& sink) override {
    TRY(const net::Response response, session_.Stream({.url = UrlOf(key)}, offset, sink));
    if (response.status / 100 == 2 || (response.status == 416 && offset > 0)) return {};
    return Refusal("read", UrlForMessage(key), response);
  }

  Result<void> Put(const fs::path& file, std::string_view key, const PutOptions& options) override {
    if (options.if_absent) {
      const Result<FileInfo> there = Stat(key);
      if (there) return Fail(Code::kExists, fmt::format("cannot write '{}': it is there already", UrlForMessage(key)));
      if (there.error().code != Code::kNotFound) return there.error();
    }
    TRY(const net::Response response,
        session_.Send({.method = method_, .url = UrlOf(key), .body_file = file.string(), .on_sent = options.on_bytes}));
    if (response.status / 100 == 2) return {};
    return Refusal("write", UrlForMessage(key), response);
  }

  Result<void> Remove(std::span<const std::string> keys, int jobs) override {
    std::mutex mutex;
    Result<void> outcome;
    ForEach(keys.size(), jobs > 0 ? jobs : traits().jobs, [&](std::size_t i) {
      const Result<net::Response> response = session_.Send({.method = "DELETE", .url = UrlOf(keys[i])});
      if (response && (response->status / 100 == 2 || response->status == 404 || response->status == 410)) return !cancelled();
      const std::lock_guard lock(mutex);
      if (outcome) outcome = response ? Refusal("remove", UrlForMessage(keys[i]), *response) : response.error();
      return !cancelled();
    });
    return outcome;
  }

 private:
  std::string UrlOf(std::string_view key) const {
    return key.empty() ? base_ : base_ + (base_.ends_with('/') ? "" : "/") + net::PercentEncodePath(key);
  }
  std::string UrlForMessage(std::string_view key) const { return SafeUrl(UrlOf(key)); }

  const std::string base_;
  const std::string method_;
  HttpSession session_;
};

Result<void> SignIn(const Options& options, const UrlParts& url, HttpSession::Setup& http) {
  const std::string auth = ToLower(options.Text("auth", ""));
  if (auth.empty()) {
    if (!url.user.empty()) http.user_password = url.user + ":" + url.password;
    return {};
  }
  TRY(const std::optional<std::string> password, options.Secret("password", fmt::format("host '{}'", SafeUrl(options.url()))));
  if (auth == "basic") {
    const auto user = options.Text("user");
    if (!user || !password) return options.Refuse("HTTP 'basic' authentication require both 'user' and 'password'");
    http.user_password = *user + ":" + *password;
    return {};
  }
  if (auth != "custom") return options.Refuse(fmt::format("Auth method '{}' is not supported.", auth), Code::kUnsupported);
  const auto header = options.Text("custom_auth_header");
  if (!header || !password) {
    return options.Refuse("HTTP 'custom' authentication require both 'custom_auth_header' and 'password'");
  }
  http.headers.emplace_back(*header, *password);
  http.max_redirects = 0;  // another host must not see it
  return {};
}

}  // namespace

Result<RemotePtr> OpenHttp(const Options& options) {
  const UrlParts url = SplitUrl(options.url());
  if (url.host.empty()) return options.Refuse("its url names no host");
  TRY(HttpSession::Setup http, HttpSession::MakeSetup(options));
  http.max_redirects = 10;
  TRYV(SignIn(options, url, http));
  TRY(Traits traits, options.MakeTraits({.can_list = false}));
  std::string method = options.Text("method", "POST");
  for (char& c : method) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != std::string::npos) {
    return options.Refuse(fmt::format("'method' must be the name of an HTTP method, not '{}'", method));
  }
  std::string base = MendUrl(options.url());
  return RemotePtr(std::make_unique<HttpRemote>(std::move(base), std::move(method), std::move(http), traits));
}

}  // namespace mlean::remotes
