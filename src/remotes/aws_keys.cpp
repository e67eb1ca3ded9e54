// Where AWS keys come from.
#include <fmt/core.h>

#include <mutex>
#include <utility>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "net/client.hpp"
#include "os/files.hpp"
#include "os/process.hpp"
#include "remotes/aws_profile.hpp"
#include "remotes/aws_role.hpp"

namespace mlean::remotes {
namespace {

constexpr TimeMs kRenewBeforeMs = 5 * kMinuteMs;
constexpr int kMaxProfiles = 5;  // that name each other by source_profile

// The JSON that the services and credential_process give; the name of the token differs.
Result<TimedKeys> KeysOfJson(std::string_view text, std::string_view token_name, std::string_view whose) {
  const std::string start = fmt::format("cannot read the keys of {}", whose);
  Result<codec::Json> json = codec::Json::Parse(text);
  if (!json) return std::move(json).error().With(start);
  TimedKeys timed;
  Result<std::string> id = json->StringAt("AccessKeyId");
  Result<std::string> secret = json->StringAt("SecretAccessKey");
  Result<std::string> token = json->StringAt(token_name, "");
  Result<std::string> expiration = json->StringAt("Expiration", "");
  for (Result<std::string>* member : {&id, &secret, &token, &expiration}) {
    if (!*member) return std::move(*member).error().With(start);
  }
  timed.keys = {.id = *std::move(id), .secret = *std::move(secret), .token = *std::move(token)};
  if (!expiration->empty()) {
    TRY(timed.expires, ParseTime(*expiration));
  }
  return timed;
}

class ChainedKeys final : public AwsKeySource {
 public:
  ChainedKeys(const Options& options, const AwsProfile& profile) : options_(options), profile_(profile) {}

  Result<AwsKeys> Keys() override {
    const std::lock_guard lock(mutex_);
    const TimeMs now = options_.clock().Now();
    if (!known_ || (known_->expires != TimedKeys::kForEver && now > known_->expires - kRenewBeforeMs)) {
      TRY(known_, Find());
    }
    return known_->keys;
  }

 private:
  using Found = Result<std::optional<TimedKeys>>;

  Found Find() {
    for (const auto source : {&ChainedKeys::OfOptions, &ChainedKeys::OfEnvironment, &ChainedKeys::OfWebIdentity,
                              &ChainedKeys::OfChosenProfile, &ChainedKeys::OfContainer, &ChainedKeys::OfInstance}) {
      TRY(std::optional<TimedKeys> keys, (this->*source)());
      if (keys) return keys;
    }
    return Fail(Code::kDenied, fmt::format("cannot sign in to '{}': unable to locate credentials", SafeUrl(options_.url())));
  }

  Found OfOptions() {
    const auto id = options_.Text("access_key_id");
    const auto secret = options_.Text("secret_access_key");
    if (!id && !secret) return std::optional<TimedKeys>();
    if (!id || !secret) return options_.Refuse("'access_key_id' and 'secret_access_key' go together");
    return std::optional(TimedKeys{.keys = {.id = *id, .secret = *secret, .token = options_.Text("session_token", "")}});
  }

  Found OfEnvironment() { return options_.Text("profile") ? Found(std::optional<TimedKeys>()) : KeysInEnvironment(); }

  Found KeysInEnvironment() {
    const auto id = options_.Env("AWS_ACCESS_KEY_ID");
    const auto secret = options_.Env("AWS_SECRET_ACCESS_KEY");
    if (!id || !secret) return std::optional<TimedKeys>();
    const std::string token = options_.Env("AWS_SESSION_TOKEN").value_or(options_.Text("session_token", ""));
    return std::optional(TimedKeys{.keys = {.id = *id, .secret = *secret, .token = token}});
  }

  // What Kubernetes and some CI systems set up.
  Found OfWebIdentity() {
    const auto file = options_.Env("AWS_WEB_IDENTITY_TOKEN_FILE");
    const auto arn = options_.Env("AWS_ROLE_ARN");
    if (options_.Text("profile") || !file || !arn) return std::optional<TimedKeys>();
    const RoleAsked role{
        .arn = *arn, .session_name = options_.Env("AWS_ROLE_SESSION_NAME").value_or(""), .region = AwsRegion(options_, profile_)};
    TRY(TimedKeys keys, AssumeRoleByToken(options_, role, *file));
    return std::optional(std::move(keys));
  }

  Found OfChosenProfile() { return OfProfile(profile_, 1); }

  Found OfProfile(const AwsProfile& profile, int depth) {
    if (profile.Value("role_arn")) {
      TRY(std::optional<TimedKeys> keys, OfRole(profile, depth));
      if (keys) return keys;
    }
    if (profile.Value("sso_account_id")) {
      TRY(TimedKeys keys, KeysBySso(options_, profile));
      return std::optional(std::move(keys));
    }
    std::optional<TimedKeys> own = OwnKeys(profile);
    return own ? Found(std::move(own)) : OfProcess(profile);
  }

  static std::optional<TimedKeys> OwnKeys(const AwsProfile& profile) {
    const auto id = profile.Value("aws_access_key_id");
    const auto secret = profile.Value("aws_secret_access_key");
    if (!id || !secret) return std::nullopt;
    return TimedKeys{.keys = {.id = *id, .secret = *secret, .token = profile.Value("aws_session_token").value_or("")}};
  }

  // Nothing when the profile names a role but not whose keys to take it with.
  Found OfRole(const AwsProfile& profile, int depth) {
    const RoleAsked role{.arn = *profile.Value("role_arn"),
                         .session_name = profile.Value("role_session_name").value_or(""),
                         .external_id = profile.Value("external_id").value_or(""),
                         .region = AwsRegion(options_, profile)};
    if (const auto file = profile.Value("web_identity_token_file")) {
      TRY(TimedKeys keys, AssumeRoleByToken(options_, role, options_.Resolve(*file)));
      return std::optional(std::move(keys));
    }
    if (profile.Value("mfa_serial")) {
      return Fail(
          Code::kDenied,
          fmt::format("cannot take the role '{}': profile '{}' asks for a code each time ('mfa_serial')", role.arn, profile.name),
          fmt::format("eval \"$(aws configure export-credentials --profile {} --format env)\"", profile.name));
    }
    TRY(const std::optional<TimedKeys> with, KeysForRole(profile, depth));
    if (!with) return std::optional<TimedKeys>();
    TRY(TimedKeys keys, AssumeRole(options_, role, with->keys));
    return std::optional(std::move(keys));
  }

  Found KeysForRole(const AwsProfile& profile, int depth) {
    if (const auto name = profile.Value("source_profile")) {
      if (*name == profile.name) return OwnKeys(profile);
      if (depth >= kMaxProfiles)
        return options_.Refuse(
            fmt::format("the profiles from '{}' on name each other by 'source_profile' too often", profile_.name));
      TRY(const AwsProfile source, LoadAwsProfile(options_, *name));
      TRY(std::optional<TimedKeys> keys, OfProfile(source, depth + 1));
      if (!keys) return options_.Refuse(fmt::format("profile '{}' has no keys for profile '{}'", *name, profile.name));
      return keys;
    }
    const std::string source = profile.Value("credential_source").value_or("");
    if (source == "Environment") return KeysInEnvironment();
    if (source == "EcsContainer") return OfContainer();
    if (source == "Ec2InstanceMetadata") return OfInstance();
    return std::optional<TimedKeys>();
  }

  Found OfProcess(const AwsProfile& profile) {
    const auto command = profile.Value("credential_process");
    if (!command) return std::optional<TimedKeys>();
    // stderr may hold anything; only stdout is JSON.
    TRY(const os::ProcessOutcome done,
        os::RunProcess(
            {.shell = "( " + *command + " ) 2>/dev/null", .capture = true, .timeout_ms = 60'000, .cancel = options_.cancel()}));
    if (!done.Ok()) {
      return Fail(Code::kDenied, fmt::format("cannot sign in to '{}': the credential_process of profile '{}' ended with {}",
                                             SafeUrl(options_.url()), profile.name, done.Describe()));
    }
    TRY(TimedKeys keys, KeysOfJson(done.output, "SessionToken", "credential_process"));
    return std::optional(std::move(keys));
  }

  Found OfContainer() {
    net::Request request;
    if (const auto path = options_.Env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
      request.url = "http://169.254.170.2" + *path;
    } else if (const auto url = options_.Env("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
      request.url = *url;
    } else {
      return std::optional<TimedKeys>();
    }
    std::string token = options_.Env("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
    if (const auto file = options_.Env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
      TRY(token, os::ReadFile(*file, 64u << 10));
      token = Trim(token);
    }
    if (!token.empty()) request.headers.emplace_back("Authorization", token);
    request.timeout_ms = 2'000;
    TRY(const net::Response response, Ask(request));
    if (response.status != 200) {
      return Fail(Code::kDenied,
                  fmt::format("cannot get keys from '{}': the service answers {}", SafeUrl(request.url), response.status));
    }
    TRY(TimedKeys keys, KeysOfJson(response.body, "Token", "the container"));
    return std::optional(std::move(keys));
  }

  // IMDSv2. Not being on an instance is no error: nothing answers there.
  Found OfInstance() {
    if (ToLower(options_.Env("AWS_EC2_METADATA_DISABLED").value_or("")) == "true") return std::optional<TimedKeys>();
    std::string service = options_.Env("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
    while (service.ends_with('/')) service.pop_back();
    const Result<net::Response> token = Ask({.method = "PUT",
                                             .url = service + "/latest/api/token",
                                             .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                                             .timeout_ms = 1'000,
                                             .connect_timeout_ms = 1'000});
    if (!token || token->status != 200) return std::optional<TimedKeys>();
    const std::string roles = service + "/latest/meta-data/iam/security-credentials/";
    const auto get = [&](const std::string& url) {
      return Ask(
          {.url = url, .headers = {{"X-aws-ec2-metadata-token", token->body}}, .timeout_ms = 2'000, .connect_timeout_ms = 1'000});
    };
    TRY(const net::Response role, get(roles));
    const std::string name(Trim(role.body.substr(0, role.body.find('\n'))));
    if (role.status != 200 || name.empty()) return std::optional<TimedKeys>();
    TRY(const net::Response keys, get(roles + name));
    if (keys.status != 200) return std::optional<TimedKeys>();
    TRY(TimedKeys timed, KeysOfJson(keys.body, "Token", "the instance"));
    return std::optional(std::move(timed));
  }

  static Result<net::Response> Ask(net::Request request) {
    request.max_response_bytes = 64u << 10;
    net::Client client;
    return client.Send(request);
  }

  const Options options_;
  const AwsProfile profile_;
  std::mutex mutex_;
  std::optional<TimedKeys> known_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<AwsKeySource> MakeAwsKeySource(const Options& options, const AwsProfile& profile) {
  return std::make_unique<ChainedKeys>(options, profile);
}

}  // namespace mlean::remotes
