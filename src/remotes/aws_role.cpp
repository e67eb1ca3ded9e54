#include "remotes/aws_role.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "net/percent.hpp"
#include "os/files.hpp"
#include "remotes/crypto.hpp"
#include "remotes/oauth.hpp"
#include "remotes/xml.hpp"

namespace mlean::remotes {
namespace {

constexpr std::size_t kMaxAnswer = 1u << 20;
constexpr std::size_t kMaxToken = 64u << 10;

std::string CauseOf(const net::Response& response) {
  std::string code;
  std::string message;
  const Result<void> read = ReadXml(response.body, [&](std::span<const std::string> path, std::string_view text) -> Result<void> {
    if (path.size() == 3 && path[1] == "Error" && path[2] == "Code") code = Trim(text);
    if (path.size() == 3 && path[1] == "Error" && path[2] == "Message") message = Trim(text).substr(0, 300);
    return {};
  });
  if (read && !code.empty()) return fmt::format("{}: {}", code, message);
  return fmt::format("the service answers {}", response.status);
}

Result<net::Response> Ask(const Options& options, net::Request request) {
  TRY(request.tls, options.Tls());
  request.max_response_bytes = kMaxAnswer;
  request.cancel = options.cancel();
  net::Client client;
  return client.Send(request);
}

// A request to the Security Token Service, signed when there are keys.
Result<TimedKeys> AskSts(const Options& options, const RoleAsked& role, std::string body, const AwsKeys* keys) {
  net::Request request{.method = "POST"};
  request.url =
      options.Env("AWS_ENDPOINT_URL_STS")
          .value_or(fmt::format("https://sts.{}.amazonaws.com{}", role.region, role.region.starts_with("cn-") ? ".cn" : ""));
  if (SplitUrl(request.url).path.empty()) request.url += '/';
  const std::string session = role.session_name.empty() ? fmt::format("mlean-{}", options.clock().Now()) : role.session_name;
  request.body =
      std::move(body) + "&" + FormBody({{"Version", "2011-06-15"}, {"RoleArn", role.arn}, {"RoleSessionName", session}});
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  if (keys != nullptr) {
    TRY(const std::string payload, PayloadHash(request));
    SignAws(request, *keys, role.region, "sts", options.clock().Now(), payload);
  }
  const std::string start = fmt::format("cannot take the role '{}'", role.arn);
  Result<net::Response> response = Ask(options, std::move(request));
  if (!response) return std::move(response).error().With(start);
  if (response->status != 200) return Fail(Code::kDenied, fmt::format("{}: {}", start, CauseOf(*response)));
  Result<TimedKeys> timed = ReadStsAnswer(response->body);
  if (!timed) return std::move(timed).error().With(start);
  return timed;
}

std::string Sha1Hex(std::string_view text) {
  const std::string digest = Sha1(text);
  return Hex(reinterpret_cast<const unsigned char*>(digest.data()), digest.size());
}

}  // namespace

Result<TimedKeys> ReadStsAnswer(std::string_view body) {
  TimedKeys timed;
  std::string expiration;
  TRYV(ReadXml(body, [&](std::span<const std::string> path, std::string_view text) -> Result<void> {
    if (path.size() != 4 || path[2] != "Credentials") return {};
    if (path[3] == "AccessKeyId") timed.keys.id = Trim(text);
    if (path[3] == "SecretAccessKey") timed.keys.secret = Trim(text);
    if (path[3] == "SessionToken") timed.keys.token = Trim(text);
    if (path[3] == "Expiration") expiration = Trim(text);
    return {};
  }));
  if (timed.keys.id.empty() || timed.keys.secret.empty() || timed.keys.token.empty())
    return Fail(Code::kCorrupt, "cannot read the answer: it holds no keys");
  TRY(timed.expires, ParseTime(expiration));
  return timed;
}

Result<TimedKeys> AssumeRole(const Options& options, const RoleAsked& role, const AwsKeys& keys) {
  std::string body = FormBody({{"Action", "AssumeRole"}});
  if (!role.external_id.empty()) body += "&" + FormBody({{"ExternalId", role.external_id}});
  return AskSts(options, role, std::move(body), &keys);
}

Result<TimedKeys> AssumeRoleByToken(const Options& options, const RoleAsked& role, const std::filesystem::path& token_file) {
  TRY(const std::string token, os::ReadFile(token_file, kMaxToken));
  return AskSts(options, role, FormBody({{"Action", "AssumeRoleWithWebIdentity"}, {"WebIdentityToken", Trim(token)}}), nullptr);
}

Result<TimedKeys> KeysBySso(const Options& options, const AwsProfile& profile) {
  const auto value = [&](std::string_view key) { return profile.Value(key).value_or(""); };
  // The file is named by the session where there is one, else by the start url (as the AWS tools do it).
  const std::string session = value("sso_session");
  const std::filesystem::path file =
      options.Home() / ".aws/sso/cache" / (Sha1Hex(session.empty() ? value("sso_start_url") : session) + ".json");
  const Error sign_in = Fail(
      Code::kDenied,
      fmt::format("cannot sign in to '{}': the single sign-on of profile '{}' has ended", SafeUrl(options.url()), profile.name),
      fmt::format("aws sso login --profile {}", profile.name));
  const Result<std::string> text = os::ReadFile(file, kMaxAnswer);
  const Result<codec::Json> kept = text ? codec::Json::Parse(*text) : text.error();
  if (!kept || !kept->IsObject()) return sign_in;
  const Result<std::string> token = kept->StringAt("accessToken");
  const Result<std::string> expires = kept->StringAt("expiresAt");
  if (!token || !expires) return sign_in;
  const Result<TimeMs> until = ParseTime(*expires);
  if (!until || *until <= options.clock().Now()) return sign_in;

  const std::string service =
      options.Env("AWS_ENDPOINT_URL_SSO").value_or(fmt::format("https://portal.sso.{}.amazonaws.com", value("sso_region")));
  net::Request request{.url =
                           fmt::format("{}/federation/credentials?role_name={}&account_id={}", service,
                                       net::PercentEncode(value("sso_role_name")), net::PercentEncode(value("sso_account_id")))};
  request.headers = {{"x-amz-sso_bearer_token", *token}};
  TRY(const net::Response response, Ask(options, std::move(request)));
  if (response.status == 401) return sign_in;
  const std::string start = fmt::format("cannot get the keys of profile '{}'", profile.name);
  if (response.status != 200) return Fail(Code::kDenied, fmt::format("{}: single sign-on answers {}", start, response.status));
  const Result<codec::Json> json = codec::Json::Parse(response.body);
  const codec::Json* const role = json && json->IsObject() ? json->Find("roleCredentials") : nullptr;
  if (role == nullptr || !role->IsObject()) return Fail(Code::kCorrupt, start + ": the answer holds none");
  TimedKeys timed;
  TRY(timed.keys.id, role->StringAt("accessKeyId"));
  TRY(timed.keys.secret, role->StringAt("secretAccessKey"));
  TRY(timed.keys.token, role->StringAt("sessionToken"));
  TRY(timed.expires, role->IntAt("expiration", 0));
  return timed;
}

}  // namespace mlean::remotes
