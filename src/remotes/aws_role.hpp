// Inside of the remotes room: keys for a limited time that a service of AWS hands out for a role: the Security Token Service
// (AssumeRole, AssumeRoleWithWebIdentity) and IAM Identity Center (single sign-on).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "remotes/aws_profile.hpp"
#include "remotes/aws_sign.hpp"
#include "remotes/options.hpp"

namespace mlean::remotes {

struct TimedKeys {
  static constexpr TimeMs kForEver = INT64_MAX;
  AwsKeys keys;
  TimeMs expires = kForEver;
};

struct RoleAsked {
  std::string arn;
  std::string session_name;  // "": made up
  std::string external_id;   // "": none
  std::string region;
};

// With the keys of somebody who may take the role. kDenied with the service's own words when it refuses.
Result<TimedKeys> AssumeRole(const Options& options, const RoleAsked& role, const AwsKeys& keys);
// With a token that an identity provider wrote into `token_file` (Kubernetes, CI systems).
Result<TimedKeys> AssumeRoleByToken(const Options& options, const RoleAsked& role, const std::filesystem::path& token_file);
// With the token that `aws sso login` left in ~/.aws/sso/cache for the profile. kDenied with that command as the fix when there
// is none or it is too old.
Result<TimedKeys> KeysBySso(const Options& options, const AwsProfile& profile);

// The answer of the Security Token Service. kCorrupt when it holds no keys.
Result<TimedKeys> ReadStsAnswer(std::string_view body);

}  // namespace mlean::remotes
