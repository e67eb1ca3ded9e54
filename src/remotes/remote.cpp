#include "remotes/remote.hpp"

#include <fmt/core.h>

#include <cctype>
#include <mutex>

#include "base/text.hpp"
#include "remotes/options.hpp"
#include "remotes/parallel.hpp"

namespace mlean::remotes {

Result<std::vector<bool>> Remote::Exists(std::span<const std::string> keys, int jobs) {
  std::vector<char> found(keys.size(), 0);  // not vector<bool>: threads write neighbours
  std::mutex mutex;
  Result<void> outcome;
  ForEach(keys.size(), jobs > 0 ? jobs : traits_.jobs, [&](std::size_t i) {
    const Result<FileInfo> info = Stat(keys[i]);
    if (info && !info->is_dir) found[i] = 1;
    if (info || info.error().code == Code::kNotFound) return true;
    const std::lock_guard lock(mutex);
    if (outcome) outcome = info.error();
    return false;
  });
  TRYV(outcome);
  return std::vector<bool>(found.begin(), found.end());
}

Result<void> Remote::CopyOut(std::string_view key, const std::filesystem::path&) {
  return Fail(Code::kUnsupported, fmt::format("cannot copy '{}' inside '{}': it is no local folder", key, url_));
}

std::string SchemeOf(std::string_view url) {
  const std::size_t at = url.find("://");
  if (at == std::string_view::npos || at == 0) return {};
  for (const char c : url.substr(0, at)) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '+' && c != '-' && c != '.') return {};
  }
  const std::string scheme = ToLower(url.substr(0, at));
  return scheme == "file" ? std::string() : scheme;
}

std::optional<RemoteUrl> SplitRemoteUrl(std::string_view url) {
  if (SchemeOf(url) != "remote") return std::nullopt;
  const UrlParts parts = SplitUrl(url);
  return RemoteUrl{.name = ToLower(parts.host), .path = parts.path.empty() ? "" : parts.path.substr(1)};
}

std::string SafeUrl(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  std::string safe(url);
  // Up to the first '/' whatever stands there: a password that should have been encoded may hold '?' and '#'.
  const std::size_t end = std::min(safe.find('/', scheme + 3), safe.size());
  const std::size_t at = safe.rfind('@', end);
  const std::size_t colon = safe.find(':', scheme + 3);
  if (at != std::string::npos && at > scheme && colon < at) safe.erase(colon, at - colon);
  safe.resize(std::min(safe.find_first_of("?#", scheme), safe.size()));
  return safe;
}

Result<std::unique_ptr<Remote>> OpenRemote(const RemoteConfig& config, const OpenOptions& open) {
  const Options options(config, open);
  if (config.url.empty()) return options.Refuse("it has no url");
  const std::string scheme = SchemeOf(config.url);
  if (scheme.empty()) return OpenLocal(options);
  if (scheme == "s3") return OpenS3(options);
  if (scheme == "gs") return OpenGoogle(options);
  if (scheme == "azure") return OpenAzure(options);
  if (scheme == "http" || scheme == "https") return OpenHttp(options);
  if (scheme == "webdav" || scheme == "webdavs") return OpenWebDav(options);
  if (scheme == "ssh") return OpenSsh(options);
  for (const std::string_view known : {"hdfs", "webhdfs", "oss", "gdrive", "remote"}) {
    if (scheme != known) continue;
    return options.Refuse(
        fmt::format("'{}://' is not supported; local folders, s3, gs, azure, ssh, http, https, webdav and webdavs are", scheme),
        Code::kUnsupported);
  }
  return options.Refuse(fmt::format("unsupported url scheme '{}://'", scheme));
}

}  // namespace mlean::remotes
