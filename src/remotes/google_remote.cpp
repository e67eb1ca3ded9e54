// gs://bucket/prefix: Google Storage's XML interface, which is S3's, with Google's sign-in. (HMAC keys work, too: as an s3://
// remote with endpointurl https://storage.googleapis.com.)
#include <fmt/core.h>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "os/files.hpp"
#include "remotes/crypto.hpp"
#include "remotes/oauth.hpp"
#include "remotes/s3_client.hpp"

namespace mlean::remotes {
namespace {

constexpr std::string_view kScope = "https://www.googleapis.com/auth/devstorage.read_write";
constexpr std::string_view kTokenUrl = "https://oauth2.googleapis.com/token";

// A service account proves itself by a signed claim (RFC 7523).
Result<AccessToken> AskAsService(const codec::Json& account, TimeMs now) {
  TRY(const std::string email, account.StringAt("client_email"));
  TRY(const std::string key, account.StringAt("private_key"));
  TRY(const std::string key_id, account.StringAt("private_key_id", ""));
  TRY(const std::string url, account.StringAt("token_uri", kTokenUrl));
  const codec::Json head = codec::Json::Object{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", key_id}};
  const codec::Json claim = codec::Json::Object{
      {"iss", email}, {"scope", std::string(kScope)}, {"aud", url}, {"iat", now / 1000}, {"exp", now / 1000 + 3600}};
  const std::string text = Base64Url(head.Dump()) + "." + Base64Url(claim.Dump());
  TRY(const std::string signature, SignRs256(key, text));
  return AskForToken({.method = "POST",
                      .url = url,
                      .body = FormBody({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                        {"assertion", text + "." + Base64Url(signature)}})},
                     now);
}

// A person who ran `gcloud auth application-default login`.
Result<AccessToken> AskAsUser(const codec::Json& user, TimeMs now) {
  TRY(const std::string id, user.StringAt("client_id"));
  TRY(const std::string secret, user.StringAt("client_secret"));
  TRY(const std::string refresh, user.StringAt("refresh_token"));
  TRY(const std::string url, user.StringAt("token_uri", kTokenUrl));
  return AskForToken(
      {.method = "POST",
       .url = url,
       .body =
           FormBody({{"grant_type", "refresh_token"}, {"client_id", id}, {"client_secret", secret}, {"refresh_token", refresh}})},
      now);
}

// The token source for the credentials file, or for the instance's service when there is no file.
Result<TokenSource::Fetch> MakeFetch(const Options& options) {
  std::optional<std::filesystem::path> path = options.Path("credentialpath");
  if (const auto named = options.Env("GOOGLE_APPLICATION_CREDENTIALS"); !path && named) path = options.Resolve(*named);
  const std::filesystem::path usual = options.Home() / ".config/gcloud/application_default_credentials.json";
  if (!path && os::Exists(usual)) path = usual;
  if (!path) {
    const std::string host = options.Env("GCE_METADATA_HOST").value_or("metadata.google.internal");
    const std::string url = fmt::format("http://{}/computeMetadata/v1/instance/service-accounts/default/token", host);
    const std::string name = SafeUrl(options.url());
    return TokenSource::Fetch([url, name](TimeMs now) -> Result<AccessToken> {
      Result<AccessToken> token =
          AskForToken({.url = url, .headers = {{"Metadata-Flavor", "Google"}}, .connect_timeout_ms = 1'000}, now);
      if (token) return token;
      return Fail(Code::kDenied,
                  fmt::format("cannot sign in to '{}': no credentials found (neither 'credentialpath' nor "
                              "GOOGLE_APPLICATION_CREDENTIALS nor gcloud's default nor an instance's service)",
                              name),
                  "gcloud auth application-default login");
    });
  }
  TRY(const std::string text, os::ReadFile(*path, 1u << 20));
  Result<codec::Json> json = codec::Json::Parse(text);
  if (!json) return options.Refuse(fmt::format("'{}' is no credentials file", path->string()));
  const std::string type = json->StringAt("type", "").value_or("");
  if (type != "service_account" && type != "authorized_user") {
    return options.Refuse(
        fmt::format("credentials of type '{}' in '{}' are not supported; 'service_account' and 'authorized_user' are", type,
                    path->string()),
        Code::kUnsupported);
  }
  const bool service = type == "service_account";
  const std::string start = fmt::format("cannot sign in with '{}'", path->string());
  return TokenSource::Fetch([service, start, account = *std::move(json)](TimeMs now) -> Result<AccessToken> {
    Result<AccessToken> token = service ? AskAsService(account, now) : AskAsUser(account, now);
    if (!token) return std::move(token).error().With(start);
    return token;
  });
}

}  // namespace

Result<RemotePtr> OpenGoogle(const Options& options) {
  const UrlParts url = SplitUrl(options.url());
  S3Setup setup;
  setup.url = SafeUrl(options.url());
  while (setup.url.ends_with('/')) setup.url.pop_back();
  setup.bucket = url.host;
  if (setup.bucket.empty()) return options.Refuse("its url names no bucket");
  setup.prefix = url.path.empty() ? "" : url.path.substr(1);
  while (setup.prefix.ends_with('/')) setup.prefix.pop_back();
  if (!setup.prefix.empty()) setup.prefix += '/';
  setup.endpoint =
      options.Text("endpointurl").value_or(options.Env("STORAGE_EMULATOR_HOST").value_or("https://storage.googleapis.com"));
  while (setup.endpoint.ends_with('/')) setup.endpoint.pop_back();
  const std::string scheme = SchemeOf(setup.endpoint);
  if (scheme != "http" && scheme != "https") return options.Refuse(fmt::format("invalid endpoint: {}", setup.endpoint));
  setup.path_style = true;
  setup.batch_delete = false;
  setup.absent_header = {"x-goog-if-generation-match", "0"};
  TRY(HttpSession::Setup http, HttpSession::MakeSetup(options));
  TRY(const bool anonymous, options.Bool("allow_anonymous_login", false));
  TRY(const Traits traits, options.MakeTraits());
  S3Remote::AuthoriseIn authorise;
  if (!anonymous) {
    TRY(TokenSource::Fetch fetch, MakeFetch(options));
    const auto source = std::make_shared<TokenSource>(options.clock(), std::move(fetch));
    authorise = [source](net::Request& request, std::string_view) -> Result<void> {
      TRY(const std::string token, source->Get());
      request.headers.emplace_back("Authorization", "Bearer " + token);
      return {};
    };
  }
  return RemotePtr(std::make_unique<S3Remote>(std::move(setup), std::move(http), std::move(authorise), traits));
}

}  // namespace mlean::remotes
