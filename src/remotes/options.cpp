#include "remotes/options.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/text.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;

UrlParts SplitUrl(std::string_view url) {
  UrlParts parts;
  if (const std::size_t at = url.find("://"); at != std::string_view::npos) {
    parts.scheme = ToLower(url.substr(0, at));
    url.remove_prefix(at + 3);
  }
  if (const std::size_t at = url.find('#'); at != std::string_view::npos) url = url.substr(0, at);
  if (const std::size_t at = url.find('?'); at != std::string_view::npos) {
    parts.query = url.substr(at + 1);
    url = url.substr(0, at);
  }
  const std::size_t slash = std::min(url.find('/'), url.size());
  parts.path = url.substr(slash);
  std::string_view authority = url.substr(0, slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    const std::size_t colon = std::min(user.find(':'), user.size());
    parts.user = user.substr(0, colon);
    parts.password = colon < user.size() ? user.substr(colon + 1) : "";
    authority.remove_prefix(at + 1);
  }
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    parts.port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
  }
  parts.host = authority;
  return parts;
}

std::string MendUrl(std::string_view url) {
  std::string mended;
  for (const char c : url) {
    const bool fits = c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>';
    mended += fits ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return mended;
}

Options::Options(const RemoteConfig& config, const OpenOptions& open) : config_(config), open_(open) {}

std::optional<std::string> Options::Text(std::string_view name) const {
  const auto found = config_.options.find(name);
  if (found == config_.options.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::string Options::Text(std::string_view name, std::string_view otherwise) const {
  return Text(name).value_or(std::string(otherwise));
}

Result<bool> Options::Bool(std::string_view name, bool otherwise) const {
  const std::optional<std::string> text = Text(name);
  if (!text) return otherwise;
  const std::string lower = ToLower(*text);
  if (lower == "true") return true;
  if (lower == "false") return false;
  return Refuse(fmt::format("'{}' must be true or false, not '{}'", name, *text));
}

Result<std::int64_t> Options::Seconds(std::string_view name, std::int64_t otherwise_ms) const {
  const std::optional<std::string> text = Text(name);
  if (!text) return otherwise_ms;
  const std::optional<double> seconds = ParseDouble(*text);
  if (!seconds || !(*seconds >= 0 && *seconds < 1e6)) {
    return Refuse(fmt::format("'{}' must be a number of seconds, not '{}'", name, *text));
  }
  return static_cast<std::int64_t>(*seconds * 1000);
}

fs::path Options::Resolve(std::string_view path) const {
  if (path == "~" || path.starts_with("~/")) return Home() / path.substr(std::min<std::size_t>(path.size(), 2));
  const fs::path given(path);
  return (given.is_absolute() ? given : config_.config_dir / given).lexically_normal();
}

std::optional<fs::path> Options::Path(std::string_view name) const {
  const std::optional<std::string> text = Text(name);
  if (!text) return std::nullopt;
  return Resolve(*text);
}

std::optional<std::string> Options::Env(std::string_view name) const {
  std::optional<std::string> value;
  if (open_.environment) {
    value = open_.environment(name);
  } else if (const char* const found = std::getenv(std::string(name).c_str()); found != nullptr) {
    value = found;
  }
  return value && !value->empty() ? value : std::nullopt;
}

fs::path Options::Home() const { return Env("HOME").value_or("/"); }

Result<std::optional<std::string>> Options::Secret(std::string_view name, std::string_view whose) const {
  std::optional<std::string> secret = Text(name);
  TRY(const bool ask, Bool("ask_" + std::string(name), false));
  if (secret || !ask) return secret;
  if (!open_.ask_secret) return Refuse(fmt::format("'ask_{}' needs a terminal to ask on", name), Code::kDenied);
  TRY(std::string typed, open_.ask_secret(fmt::format("Enter a {} for {}", name, whose)));
  return std::optional<std::string>(std::move(typed));
}

Result<net::Tls> Options::Tls() const {
  net::Tls tls;
  const std::string verify = Text("ssl_verify", "true");
  const std::string lower = ToLower(verify);
  if (lower == "false") {
    tls.verify = false;
  } else if (lower != "true") {
    tls.ca_file = Resolve(verify).string();
  }
  return tls;
}

Result<Traits> Options::MakeTraits(Traits traits) const {
  traits.jobs = 4 * static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 64u));
  if (const std::optional<std::string> text = Text("jobs")) {
    const std::optional<std::int64_t> jobs = ParseInt(*text);
    if (!jobs || *jobs < 1 || *jobs > 1024) return Refuse(fmt::format("'jobs' must be from 1 to 1024, not '{}'", *text));
    traits.jobs = static_cast<int>(*jobs);
  }
  return traits;
}

const Clock& Options::clock() const {
  static const SystemClock system;
  return open_.clock != nullptr ? *open_.clock : system;
}

Error Options::Refuse(std::string_view cause, Code code) const {
  return Fail(code, fmt::format("cannot use remote '{}': {}", config_.name.empty() ? SafeUrl(config_.url) : config_.name, cause));
}

}  // namespace mlean::remotes
