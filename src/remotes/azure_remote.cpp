// azure://container/prefix: block blobs of Azure Storage over its REST interface.
#include <fmt/core.h>

#include <mutex>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "net/percent.hpp"
#include "os/files.hpp"
#include "remotes/azure_sign.hpp"
#include "remotes/crypto.hpp"
#include "remotes/http_session.hpp"
#include "remotes/oauth.hpp"
#include "remotes/parallel.hpp"
#include "remotes/xml.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kVersion = "2020-10-02";
constexpr std::uint64_t kWholeBytes = 64u << 20;  // larger files go in blocks
constexpr std::uint64_t kBlockBytes = 16u << 20;
constexpr std::uint64_t kMaxBlocks = 49'000;  // Azure takes 50,000
constexpr int kBlockJobs = 4;

struct Page {
  std::vector<std::pair<std::string, std::uint64_t>> files;
  std::string next;
};

Result<Page> ReadPage(std::string_view body) {
  Page page;
  std::string name;
  std::uint64_t size = 0;
  bool is_list = false;
  TRYV(ReadXml(body, [&](std::span<const std::string> path, std::string_view text) -> Result<void> {
    if (path[0] != "EnumerationResults") return Fail(Code::kCorrupt, "cannot read the answer: it is no listing");
    is_list = true;
    if (path.size() == 2 && path[1] == "NextMarker") page.next = Trim(text);
    if (path.size() < 3 || path[2] != "Blob") return {};
    if (path.size() == 4 && path[3] == "Name") name = text;
    if (path.size() == 5 && path[4] == "Content-Length") {
      size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ParseInt(Trim(text)).value_or(0)));
    }
    if (path.size() == 3) page.files.emplace_back(std::exchange(name, {}), std::exchange(size, 0));
    return {};
  }));
  if (!is_list) return Fail(Code::kCorrupt, "cannot read the answer: it is no listing");
  return page;
}

class AzureRemote final : public Remote {
 public:
  // `container` is the container's url without '/' at its end; `prefix` "" or with one.
  AzureRemote(std::string name, std::string container, std::string prefix, HttpSession::Setup http, Traits traits)
      : Remote(std::move(name), traits, http.cancel),
        container_(std::move(container)),
        prefix_(std::move(prefix)),
        session_(std::move(http)) {}

  Result<FileInfo> Stat(std::string_view key) override {
    TRY(const net::Response response, session_.Send({.method = "HEAD", .url = UrlOf(key)}));
    if (response.status != 200) return Refusal("look at", Name(key), response);
    FileInfo info;
    info.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ParseInt(response.Header("Content-Length")).value_or(0)));
    info.etag = response.Header("ETag");
    return info;
  }

  Result<void> List(std::string_view prefix, const ListSink& sink) override {
    std::string next;
    for (;;) {
      net::Request request;
      request.url = container_ + "?restype=container&comp=list&prefix=" + net::PercentEncode(prefix_ + std::string(prefix));
      if (!next.empty()) request.url += "&marker=" + net::PercentEncode(next);
      TRY(const net::Response response, session_.Send(std::move(request)));
      if (response.status != 200) return Refusal("list", Name(prefix), response);
      Result<Page> page = ReadPage(response.body);
      if (!page) return std::move(page).error().With(fmt::format("cannot list '{}'", Name(prefix)));
      for (const auto& [key, size] : page->files) {
        if (!key.starts_with(prefix_)) continue;
        if (!sink({.key = std::string_view(key).substr(prefix_.size()), .size = size})) return {};
      }
      if (page->next.empty()) return {};
      if (page->next == next)
        return Fail(Code::kCorrupt, fmt::format("cannot list '{}': the listing goes round in circles", Name(prefix)));
      next = std::move(page->next);
    }
  }

  Result<void> Read(std::string_view key, std::uint64_t offset, const ByteSink& sink) override {
    TRY(const net::Response response, session_.Stream({.url = UrlOf(key)}, offset, sink));
    if (response.status == 200 || response.status == 206 || (response.status == 416 && offset > 0)) return {};
    return Refusal("read", Name(key), response);
  }

  Result<void> Put(const fs::path& file, std::string_view key, const PutOptions& options) override {
    TRY(const os::FileStat stat, os::Stat(file));
    net::Request request{.method = "PUT", .url = UrlOf(key)};
    if (stat.size <= kWholeBytes) {
      request.headers = {{"x-ms-blob-type", "BlockBlob"}};
      request.body_file = file.string();
      request.body_length = stat.size;
      request.on_sent = options.on_bytes;
      if (!options.md5.empty()) request.headers.emplace_back("Content-MD5", Base64(FromHex(options.md5)));
    } else {
      TRY(const std::string blocks, SendBlocks(file, stat.size, key, options));
      request.url += "?comp=blocklist";
      request.headers = {{"Content-Type", "application/xml"}};
      request.body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>" + blocks + "</BlockList>";
      if (!options.md5.empty()) request.headers.emplace_back("x-ms-blob-content-md5", Base64(FromHex(options.md5)));
    }
    if (options.if_absent) request.headers.emplace_back("If-None-Match", "*");
    TRY(const net::Response response, session_.Send(std::move(request)));
    if (response.status == 201) return {};
    Error refusal = Refusal("write", Name(key), response);
    if ((response.status == 409 || response.status == 412) && options.if_absent) refusal.code = Code::kExists;
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
  std::string UrlOf(std::string_view key) const {
    std::string path = prefix_;
    if (key.empty() && path.ends_with('/')) path.pop_back();
    path += key;
    return container_ + "/" + net::PercentEncodePath(path);
  }
  std::string Name(std::string_view key) const { return url() + (key.empty() ? "" : "/") + std::string(key); }

  // Blocks that are never put together vanish after a week by themselves. The list of their ids for the end.
  Result<std::string> SendBlocks(const fs::path& file, std::uint64_t size, std::string_view key, const PutOptions& options) {
    const std::uint64_t block = std::max(kBlockBytes, size / kMaxBlocks + 1);
    const std::size_t count = static_cast<std::size_t>((size + block - 1) / block);
    const auto id_of = [](std::size_t i) { return Base64(fmt::format("mlean-{:08}", i)); };
    std::mutex mutex;
    Result<void> outcome;
    ForEach(count, std::min(kBlockJobs, traits().jobs), [&](std::size_t i) {
      net::Request request{.method = "PUT", .url = UrlOf(key) + "?comp=block&blockid=" + net::PercentEncode(id_of(i))};
      request.body_file = file.string();
      request.body_offset = i * block;
      request.body_length = std::min(block, size - i * block);
      request.on_sent = options.on_bytes;
      const Result<net::Response> sent = session_.Send(std::move(request));
      if (sent && sent->status == 201) return true;
      const std::lock_guard lock(mutex);
      if (outcome) outcome = sent ? Refusal("write", Name(key), *sent) : sent.error();
      return false;
    });
    TRYV(outcome);
    std::string blocks;
    for (std::size_t i = 0; i < count; ++i) blocks += "<Uncommitted>" + id_of(i) + "</Uncommitted>";
    return blocks;
  }

  const std::string container_;
  const std::string prefix_;
  HttpSession session_;
};

struct Account {
  std::string name;
  std::string key;  // base64
  std::string sas;
  std::string endpoint;
};

Account ReadAccount(const Options& options) {
  Account account;
  const std::string connection =
      options.Text("connection_string").value_or(options.Env("AZURE_STORAGE_CONNECTION_STRING").value_or(""));
  const auto values = ReadConnectionString(connection);
  const auto value = [&](std::string_view name) { return values.contains(name) ? values.find(name)->second : std::string(); };
  const auto first = [](std::string a, std::string b, std::string c) { return !a.empty() ? a : !b.empty() ? b : c; };
  account.name = first(options.Text("account_name", ""), value("accountname"), options.Env("AZURE_STORAGE_ACCOUNT").value_or(""));
  account.key = first(options.Text("account_key", ""), value("accountkey"), options.Env("AZURE_STORAGE_KEY").value_or(""));
  account.sas =
      first(options.Text("sas_token", ""), value("sharedaccesssignature"), options.Env("AZURE_STORAGE_SAS_TOKEN").value_or(""));
  if (account.sas.starts_with('?')) account.sas.erase(0, 1);
  const std::string suffix = first(value("endpointsuffix"), "core.windows.net", "");
  const std::string scheme = first(value("defaultendpointsprotocol"), "https", "");
  account.endpoint = value("blobendpoint");
  if (account.endpoint.empty() && !account.name.empty())
    account.endpoint = fmt::format("{}://{}.blob.{}", scheme, account.name, suffix);
  while (account.endpoint.ends_with('/')) account.endpoint.pop_back();
  return account;
}

Result<Authorise> SignIn(const Options& options, const Account& account) {
  const Clock* const clock = &options.clock();
  TRY(const bool anonymous, options.Bool("allow_anonymous_login", false));
  if (!account.key.empty()) {
    const std::optional<std::string> key = FromBase64(account.key);
    if (!key) return options.Refuse("its account key is not base64");
    return Authorise([clock, name = account.name, key = *key](net::Request& request) -> Result<void> {
      SignAzure(request, name, key, clock->Now());
      return {};
    });
  }
  if (!account.sas.empty()) {
    return Authorise([sas = account.sas](net::Request& request) -> Result<void> {
      request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + sas;
      return {};
    });
  }
  const auto first = [&](std::string_view option, std::string_view variable) {
    return options.Text(option).value_or(options.Env(variable).value_or(""));
  };
  const std::string tenant = first("tenant_id", "AZURE_TENANT_ID");
  const std::string id = first("client_id", "AZURE_CLIENT_ID");
  const std::string secret = first("client_secret", "AZURE_CLIENT_SECRET");
  if (!tenant.empty() && !id.empty() && !secret.empty()) {
    const std::string host = options.Env("AZURE_AUTHORITY_HOST").value_or("https://login.microsoftonline.com");
    const auto source = std::make_shared<TokenSource>(*clock, [=](TimeMs now) {
      return AskForToken({.method = "POST",
                          .url = fmt::format("{}/{}/oauth2/v2.0/token", host, net::PercentEncode(tenant)),
                          .body = FormBody({{"grant_type", "client_credentials"},
                                            {"client_id", id},
                                            {"client_secret", secret},
                                            {"scope", "https://storage.azure.com/.default"}})},
                         now);
    });
    return Authorise([source](net::Request& request) -> Result<void> {
      TRY(const std::string token, source->Get());
      request.headers.emplace_back("Authorization", "Bearer " + token);
      return {};
    });
  }
  if (anonymous) return Authorise();
  return options.Refuse(
      "no credentials found: it needs a connection string, an account key, a SAS token, or tenant, client and secret",
      Code::kDenied);
}

}  // namespace

Result<RemotePtr> OpenAzure(const Options& options) {
  const UrlParts url = SplitUrl(options.url());
  if (url.host.empty()) return options.Refuse("its url names no container");
  const Account account = ReadAccount(options);
  if (account.endpoint.empty()) {
    return options.Refuse("Authentication to Azure Blob Storage requires either account_name or connection_string.");
  }
  TRY(HttpSession::Setup http, HttpSession::MakeSetup(options));
  TRY(http.connect_timeout_ms, options.Seconds("connection_timeout", http.connect_timeout_ms));
  http.headers = {};
  TRY(const Authorise sign_in, SignIn(options, account));
  http.authorise = [sign_in](net::Request& request) -> Result<void> {
    request.headers.emplace_back("x-ms-version", kVersion);
    return sign_in ? sign_in(request) : Result<void>();
  };
  TRY(const Traits traits, options.MakeTraits({.page_size = 5000}));
  std::string prefix = url.path.empty() ? "" : url.path.substr(1);
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty()) prefix += '/';
  std::string name = SafeUrl(options.url());
  while (name.ends_with('/')) name.pop_back();
  return RemotePtr(std::make_unique<AzureRemote>(std::move(name), account.endpoint + "/" + url.host, std::move(prefix),
                                                 std::move(http), traits));
}

}  // namespace mlean::remotes
