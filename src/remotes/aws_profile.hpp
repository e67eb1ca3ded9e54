// Inside of the remotes room: AWS's configuration: ~/.aws/config, ~/.aws/credentials, the environment, and where keys come from.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "remotes/aws_sign.hpp"
#include "remotes/options.hpp"

namespace mlean::remotes {

// The values of an INI file by section; nested lines ("s3 =" and an indented "addressing_style = path" below) are named
// "s3.addressing_style". Lines that are neither are skipped.
using IniFile = std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>>;
IniFile ReadIni(std::string_view text);

// One profile, of both files: keys of the credentials file win.
struct AwsProfile {
  std::string name;
  bool found = false;
  std::map<std::string, std::string, std::less<>> values;
  std::optional<std::string> Value(std::string_view key) const;
};
// By the options profile, credentialpath, configpath and AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE. kInvalid
// "the config profile (x) could not be found" when one is asked for that is in neither file.
Result<AwsProfile> LoadAwsProfile(const Options& options);
// The one of that name.
Result<AwsProfile> LoadAwsProfile(const Options& options, std::string_view name);
// By the option, the environment and the profile; else "us-east-1".
std::string AwsRegion(const Options& options, const AwsProfile& profile);

// Where keys come from, asked before each request; renews what expires. Thread-safe.
class AwsKeySource {
 public:
  virtual ~AwsKeySource() = default;
  virtual Result<AwsKeys> Keys() = 0;
};
// In this order: the remote's options, the environment (unless the remote names a profile), a web identity in the environment,
// the profile (its role, its single sign-on, its own keys, its credential_process), the container's service, the instance's
// service (IMDSv2; one second). The services are asked on the first Keys() call.
std::unique_ptr<AwsKeySource> MakeAwsKeySource(const Options& options, const AwsProfile& profile);

}  // namespace mlean::remotes
