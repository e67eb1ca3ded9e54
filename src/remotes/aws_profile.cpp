#include "remotes/aws_profile.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "os/files.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxConfigBytes = 4u << 20;

Result<IniFile> LoadIni(const fs::path& path) {
  const Result<std::string> text = os::ReadFile(path, kMaxConfigBytes);
  if (text) return ReadIni(*text);
  if (text.error().code == Code::kNotFound) return IniFile();
  return text.error();
}

fs::path FilePath(const Options& options, std::string_view option, std::string_view variable, std::string_view name) {
  // As DVC: the environment comes before the option.
  if (const auto path = options.Env(variable)) return options.Resolve(*path);
  if (const auto path = options.Path(option)) return *path;
  return options.Home() / ".aws" / name;
}

Result<AwsProfile> ReadProfile(const Options& options, std::string_view name) {
  AwsProfile profile;
  profile.name = name;
  TRY(const IniFile config, LoadIni(FilePath(options, "configpath", "AWS_CONFIG_FILE", "config")));
  TRY(const IniFile secrets, LoadIni(FilePath(options, "credentialpath", "AWS_SHARED_CREDENTIALS_FILE", "credentials")));
  for (const std::string& section : {"profile " + profile.name, profile.name == "default" ? profile.name : std::string()}) {
    const auto at = config.find(section);
    if (section.empty() || at == config.end()) continue;
    profile.found = true;
    profile.values = at->second;
  }
  if (const auto at = secrets.find(profile.name); at != secrets.end()) {
    profile.found = true;
    for (const auto& [key, value] : at->second) profile.values[key] = value;
  }
  // A session that several profiles share stands in a section of its own.
  if (const auto session = profile.Value("sso_session")) {
    if (const auto at = config.find("sso-session " + *session); at != config.end())
      profile.values.insert(at->second.begin(), at->second.end());
  }
  return profile;
}

}  // namespace

IniFile ReadIni(std::string_view text) {
  IniFile file;
  std::map<std::string, std::string, std::less<>>* section = nullptr;
  std::string parent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view content = Trim(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[' && content.back() == ']') {
      section = &file[std::string(Trim(content.substr(1, content.size() - 2)))];
      parent.clear();
      continue;
    }
    const std::size_t equals = content.find('=');
    if (section == nullptr || equals == std::string_view::npos) continue;
    const std::string key = ToLower(Trim(content.substr(0, equals)));
    const std::string value(Trim(content.substr(equals + 1)));
    const bool nested = (line.front() == ' ' || line.front() == '\t') && !parent.empty();
    if (nested) {
      (*section)[parent + "." + key] = value;
    } else {
      parent = value.empty() ? key : std::string();
      (*section)[key] = value;
    }
  }
  return file;
}

std::optional<std::string> AwsProfile::Value(std::string_view key) const {
  const auto found_at = values.find(key);
  if (found_at == values.end() || found_at->second.empty()) return std::nullopt;
  return found_at->second;
}

Result<AwsProfile> LoadAwsProfile(const Options& options) {
  std::optional<std::string> asked = options.Text("profile");
  if (!asked) asked = options.Env("AWS_PROFILE");
  if (!asked) asked = options.Env("AWS_DEFAULT_PROFILE");
  return asked ? LoadAwsProfile(options, *asked) : ReadProfile(options, "default");
}

Result<AwsProfile> LoadAwsProfile(const Options& options, std::string_view name) {
  TRY(AwsProfile profile, ReadProfile(options, name));
  if (!profile.found) return options.Refuse(fmt::format("the config profile ({}) could not be found", name));
  return profile;
}

std::string AwsRegion(const Options& options, const AwsProfile& profile) {
  if (const auto region = options.Text("region")) return *region;
  for (const std::string_view variable : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const auto region = options.Env(variable)) return *region;
  }
  return profile.Value("region").value_or("us-east-1");
}

}  // namespace mlean::remotes
