// webdav:// and webdavs:// (HTTP with folders, RFC 4918) as a remote.
#include <fmt/core.h>

#include <atomic>
#include <mutex>
#include <set>

#include "base/text.hpp"
#include "net/percent.hpp"
#include "os/process.hpp"
#include "remotes/http_session.hpp"
#include "remotes/local_files.hpp"
#include "remotes/parallel.hpp"
#include "remotes/webdav.hpp"
#include "remotes/xml.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxDepth = 100;

class WebDavRemote final : public Remote {
 public:
  // `base` is http(s)://host/path without a '/' at its end.
  WebDavRemote(std::string name, std::string base, HttpSession::Setup http, Traits traits)
      : Remote(std::move(name), traits, http.cancel), base_(std::move(base)), session_(std::move(http)) {}

  Result<FileInfo> Stat(std::string_view key) override {
    TRY(const net::Response response, session_.Send({.method = "HEAD", .url = UrlOf(key)}));
    if (response.status / 100 != 2) return Refusal("look at", Name(key), response);
    FileInfo info;
    info.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ParseInt(response.Header("Content-Length")).value_or(0)));
    info.etag = response.Header("ETag");
    return info;
  }

  Result<void> List(std::string_view prefix, const ListSink& sink) override {
    bool go_on = true;
    return ListFolder(std::string(prefix), sink, go_on, 0);
  }

  Result<void> Read(std::string_view key, std::uint64_t offset, const ByteSink& sink) override {
    TRY(const net::Response response, session_.Stream({.url = UrlOf(key)}, offset, sink));
    if (response.status / 100 == 2 || (response.status == 416 && offset > 0)) return {};
    return Refusal("read", Name(key), response);
  }

  // Not every server writes beside and renames, so we do.
  Result<void> Put(const fs::path& file, std::string_view key, const PutOptions& options) override {
    // What servers say of a missing folder differs too much (409, 404, 403, 500) to learn it from that.
    const std::string target = UrlOf(key);
    TRYV(MakeFolder(target.substr(0, target.rfind('/')), 0));
    const std::string temp = TempBeside(fs::path(key)).string();
    TRY(const net::Response response,
        session_.Send({.method = "PUT", .url = UrlOf(temp), .body_file = file.string(), .on_sent = options.on_bytes}));
    if (response.status / 100 != 2) return Refusal("write", Name(key), response);
    TRY(const net::Response moved,
        session_.Send({.method = "MOVE",
                       .url = UrlOf(temp),
                       .headers = {{"Destination", UrlOf(key)}, {"Overwrite", options.if_absent ? "F" : "T"}}}));
    if (moved.status / 100 == 2) return {};
    const Result<net::Response> ignored = session_.Send({.method = "DELETE", .url = UrlOf(temp)});
    static_cast<void>(ignored);
    Error refusal = Refusal("write", Name(key), moved);
    if (moved.status == 412 && options.if_absent) refusal.code = Code::kExists;
    return refusal;
  }

  Result<void> Remove(std::span<const std::string> keys, int jobs) override {
    std::mutex mutex;
    Result<void> outcome;
    ForEach(keys.size(), jobs > 0 ? jobs : traits().jobs, [&](std::size_t i) {
      const Result<net::Response> response = session_.Send({.method = "DELETE", .url = UrlOf(keys[i])});
      if (response && (response->status / 100 == 2 || response->status == 404)) return !cancelled();
      const std::lock_guard lock(mutex);
      if (outcome) outcome = response ? Refusal("remove", Name(keys[i]), *response) : response.error();
      return !cancelled();
    });
    return outcome;
  }

 private:
  std::string UrlOf(std::string_view key) const { return key.empty() ? base_ : base_ + "/" + net::PercentEncodePath(key); }
  std::string Name(std::string_view key) const { return url() + (key.empty() ? "" : "/") + std::string(key); }

  // Makes the folder at `at` (a url without '/' at its end) with those above it, also above the remote's own url.
  Result<void> MakeFolder(const std::string& at, int depth) {
    {
      const std::lock_guard lock(mutex_);
      if (made_.contains(at)) return {};
    }
    const net::Request request{.method = "MKCOL", .url = at + "/"};
    TRY(net::Response response, session_.Send(request));
    // 405: it is there already; some servers say 301.
    const auto is_there = [&] { return response.status / 100 == 2 || response.status == 405 || response.status == 301; };
    const std::size_t slash = at.rfind('/');
    const bool has_parent = slash != std::string::npos && slash > at.find("://") + 2;
    if ((response.status == 409 || response.status == 404) && has_parent && depth < kMaxDepth) {
      TRYV(MakeFolder(at.substr(0, slash), depth + 1));
      TRY(response, session_.Send(request));
      // nginx says 409 also when another made it meanwhile.
      if (!is_there() && IsFolder(at)) response.status = 405;
    }
    if (!is_there()) return Refusal("make folder", SafeUrl(at), response);
    const std::lock_guard lock(mutex_);
    made_.emplace(at);
    return {};
  }

  bool IsFolder(const std::string& at) {
    const Result<net::Response> found = session_.Send({.method = "PROPFIND", .url = at + "/", .headers = {{"Depth", "0"}}});
    return found && found->status == 207;
  }

  Result<void> ListFolder(const std::string& prefix, const ListSink& sink, bool& go_on, int depth) {
    if (depth > kMaxDepth) return Fail(Code::kTooLarge, fmt::format("cannot list '{}': too deep", Name(prefix)));
    net::Request request{.method = "PROPFIND", .url = UrlOf(prefix)};
    if (!request.url.ends_with('/')) request.url += '/';
    request.headers = {{"Depth", "1"}, {"Content-Type", "application/xml"}};
    request.body = R"(<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/></prop></propfind>)";
    TRY(const net::Response response, session_.Send(request));
    if (response.status == 404) return {};
    if (response.status != 207) return Refusal("list", Name(prefix), response);
    Result<std::vector<DavEntry>> entries = ReadDavListing(response.body, request.url);
    if (!entries) return std::move(entries).error().With(fmt::format("cannot list '{}'", Name(prefix)));
    for (const DavEntry& entry : *entries) {
      if (entry.is_dir) {
        TRYV(ListFolder(prefix + entry.name + "/", sink, go_on, depth + 1));
      } else {
        go_on = sink({.key = prefix + entry.name, .size = entry.size});
      }
      if (!go_on) return {};
    }
    return {};
  }

  const std::string base_;
  HttpSession session_;
  std::mutex mutex_;
  std::set<std::string> made_;  // urls of folders known to be there; guarded by mutex_
};

// The token is asked for once: the program ends before it would grow old.
Result<std::string> BearerToken(const Options& options, const std::string& command) {
  TRY(const os::ProcessOutcome done,
      os::RunProcess(
          {.shell = "( " + command + " ) 2>/dev/null", .capture = true, .timeout_ms = 30'000, .cancel = options.cancel()}));
  std::string token(Trim(done.output));
  if (!done.Ok()) return options.Refuse(fmt::format("its bearer_token_command ended with {}", done.Describe()), Code::kDenied);
  if (token.empty()) return options.Refuse("its bearer_token_command printed no token", Code::kDenied);
  return token;
}

Result<void> SignIn(const Options& options, const UrlParts& url, HttpSession::Setup& http) {
  if (const auto command = options.Text("bearer_token_command")) {
    TRY(const std::string token, BearerToken(options, *command));
    http.headers.emplace_back("Authorization", "Bearer " + token);
    return {};
  }
  if (const auto token = options.Text("token")) {
    http.headers.emplace_back("Authorization", "Bearer " + *token);
    return {};
  }
  const std::string user = options.Text("user", url.user);
  const auto header = options.Text("custom_auth_header");
  if (user.empty() && !header) return {};
  TRY(const std::optional<std::string> password, options.Secret("password", fmt::format("host '{}'", url.host)));
  if (!user.empty()) {
    http.user_password = user + ":" + password.value_or(url.password);
  } else {
    http.headers.emplace_back(*header, password.value_or(""));
  }
  return {};
}

}  // namespace

Result<std::vector<DavEntry>> ReadDavListing(std::string_view body, std::string_view folder_url) {
  std::string own;
  const UrlParts folder = SplitUrl(folder_url);
  if (!net::PercentDecode(folder.path, own)) own = folder.path;
  std::vector<DavEntry> entries;
  DavEntry entry;
  std::string href;
  bool is_multistatus = false;
  TRYV(ReadXml(body, [&](std::span<const std::string> path, std::string_view text) -> Result<void> {
    if (path[0] != "multistatus") return Fail(Code::kCorrupt, "cannot read the answer: it is no listing");
    is_multistatus = true;
    if (path.size() == 3 && path[2] == "href") href = Trim(text);
    if (path.back() == "collection") entry.is_dir = true;
    if (path.back() == "getcontentlength")
      entry.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ParseInt(Trim(text)).value_or(0)));
    if (path.size() != 2 || path[1] != "response") return {};
    const std::string raw = href.starts_with('/') ? href : SplitUrl(href).path;
    std::string at;
    if (!net::PercentDecode(raw, at)) return Fail(Code::kCorrupt, "cannot read the answer: a name is not encoded soundly");
    if (at.starts_with(own)) {  // anything else is the folder itself or not below it
      entry.name = at.substr(own.size());
      if (entry.name.ends_with('/')) entry.name.pop_back();
      const bool sound = !entry.name.empty() && entry.name != ".." && entry.name.find('/') == std::string::npos;
      if (sound) entries.push_back(entry);
    }
    entry = {};
    href.clear();
    return {};
  }));
  if (!is_multistatus) return Fail(Code::kCorrupt, "cannot read the answer: it is no listing");
  return entries;
}

Result<RemotePtr> OpenWebDav(const Options& options) {
  const UrlParts url = SplitUrl(options.url());
  if (url.host.empty()) return options.Refuse("its url names no host");
  TRY(HttpSession::Setup http, HttpSession::MakeSetup(options));
  TRY(http.read_timeout_ms, options.Seconds("timeout", 30'000));
  if (const auto cert = options.Path("cert_path")) http.tls.cert_file = cert->string();
  if (const auto key = options.Path("key_path")) http.tls.key_file = key->string();
  TRYV(SignIn(options, url, http));
  TRY(const Traits traits, options.MakeTraits({.page_size = 10'000}));
  std::string base = fmt::format("{}://{}{}{}{}", url.scheme == "webdavs" ? "https" : "http", url.host,
                                 url.port.empty() ? "" : ":", url.port, MendUrl(url.path));
  while (base.ends_with('/')) base.pop_back();
  std::string name = SafeUrl(options.url());
  while (name.ends_with('/')) name.pop_back();
  return RemotePtr(std::make_unique<WebDavRemote>(std::move(name), std::move(base), std::move(http), traits));
}

}  // namespace mlean::remotes
