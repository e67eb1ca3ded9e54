// Inside of the remotes room: reading the options of one remote, and the functions that make each kind of remote.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/client.hpp"
#include "remotes/remote.hpp"

namespace mlean::remotes {

// A url taken apart; nothing is decoded.
struct UrlParts {
  std::string scheme;  // lower case
  std::string user;
  std::string password;
  std::string host;  // with "[…]" around IPv6
  std::string port;
  std::string path;   // with its leading '/', "" when there is none
  std::string query;  // after '?'
};
UrlParts SplitUrl(std::string_view url);
// The url without password and query, for messages.
std::string SafeUrl(std::string_view url);

// Percent-encodes what may not stand in a url at all (blanks, controls, non-ASCII) and leaves the rest as it is.
std::string MendUrl(std::string_view url);

class Options {
 public:
  Options(const RemoteConfig& config, const OpenOptions& open);

  const std::string& url() const { return config_.url; }
  // The option's text; nothing when absent or empty.
  std::optional<std::string> Text(std::string_view name) const;
  std::string Text(std::string_view name, std::string_view otherwise) const;
  Result<bool> Bool(std::string_view name, bool otherwise) const;
  // Seconds as a number, in milliseconds.
  Result<std::int64_t> Seconds(std::string_view name, std::int64_t otherwise_ms) const;
  // A path: "~" is the home folder, a relative one counts from the folder of the config.
  std::optional<std::filesystem::path> Path(std::string_view name) const;
  std::filesystem::path Resolve(std::string_view path) const;
  std::optional<std::string> Env(std::string_view name) const;
  std::filesystem::path Home() const;
  // The option `name`; when it is absent and "ask_<name>" is true, what a person types.
  Result<std::optional<std::string>> Secret(std::string_view name, std::string_view whose) const;
  // ssl_verify: true, false, or the path of a certificate file.
  Result<net::Tls> Tls() const;
  Result<Traits> MakeTraits(Traits traits = {}) const;

  const RetryPolicy& retry() const { return open_.retry; }
  const std::atomic<bool>* cancel() const { return open_.cancel; }
  const Clock& clock() const;
  // kInvalid "cannot use remote '<name>': <cause>"
  Error Refuse(std::string_view cause, Code code = Code::kInvalid) const;

 private:
  RemoteConfig config_;
  OpenOptions open_;
};

using RemotePtr = std::unique_ptr<Remote>;
Result<RemotePtr> OpenLocal(const Options& options);
Result<RemotePtr> OpenS3(const Options& options);
Result<RemotePtr> OpenGoogle(const Options& options);
Result<RemotePtr> OpenAzure(const Options& options);
Result<RemotePtr> OpenHttp(const Options& options);
Result<RemotePtr> OpenWebDav(const Options& options);
Result<RemotePtr> OpenSsh(const Options& options);

}  // namespace mlean::remotes
