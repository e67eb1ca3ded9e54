// Remote: one place that keeps files under keys: a folder, S3, HTTP, WebDAV, SSH, Azure Blob, Google Storage.
//
// A key is a '/'-separated path below the remote's url ("files/md5/ab/cdef…"), raw bytes, without ".." parts; "" is the url
// itself (a single file, for import-url). Thread-safe: any number of threads may call; connections are kept and reused, one a
// thread at work. Every call has deadlines and retries by itself what may pass (5xx, 429, timeouts, lost connections) with
// growing pauses. Memory is constant: bodies are streamed, listings come page by page.
//
// Errors: kNotFound (no such key), kDenied (credentials refused or missing), kBusy (the server asks to slow down, after all
// tries), kTimeout and kIo (not to be reached, broken off), kUnsupported (this store cannot), kInvalid (url, options), kExists,
// kCancelled. Texts: "cannot read 's3://b/k': <cause>"; no text holds a secret.
//
//   TRY(const std::unique_ptr<Remote> remote, OpenRemote({.url = "s3://bucket/path", .options = {{"region", "eu-west-1"}}}));
//   TRYV(remote->Put("/cache/files/md5/ab/cd", "files/md5/ab/cd"));
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace mlean::remotes {

// What a remote can do and what its answers cost.
struct Traits {
  bool can_list = true;
  bool cheap_exists = false;  // asking for one key costs no round trip worth saving: never list instead
  std::size_t page_size = 1000;
  int jobs = 8;  // workers that suit it: the option "jobs", else 4 x cores
};

struct FileInfo {
  std::uint64_t size = 0;
  std::string etag;     // as sent, with its quotes; "" when the store has none
  TimeMs modified = 0;  // 0: not told
  bool is_dir = false;  // only of stores with real folders
};

struct ListEntry {
  std::string_view key;  // below the url, borrowed
  std::uint64_t size = 0;
};
// False ends the listing early, without an error.
using ListSink = std::function<bool(const ListEntry& entry)>;
// Gets the bytes in order; an error ends the transfer and is returned.
using ByteSink = std::function<Result<void>(std::string_view bytes)>;

struct PutOptions {
  // MD5 of the file in hex, when known: stores that can (S3, Google, Azure) refuse a body that does not match.
  std::string md5;
  // kExists instead of replacing (S3, Google, Azure, local; elsewhere a check before).
  bool if_absent = false;
  // Called with the bytes sent since the last call, by any thread.
  std::function<void(std::uint64_t bytes)> on_bytes;
};

class Remote {
 public:
  virtual ~Remote() = default;
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  // For messages: without password and token.
  const std::string& url() const { return url_; }
  const Traits& traits() const { return traits_; }
  bool cancelled() const { return cancel_ != nullptr && cancel_->load(std::memory_order_relaxed); }

  virtual Result<FileInfo> Stat(std::string_view key) = 0;
  // Which keys are there, in order. `jobs` threads ask at once (0: traits().jobs).
  virtual Result<std::vector<bool>> Exists(std::span<const std::string> keys, int jobs = 0);
  // All files below `prefix` ("" or a folder with '/' at its end), in no order. A folder that is not there is empty.
  virtual Result<void> List(std::string_view prefix, const ListSink& sink) = 0;
  // The bytes from `offset` on. Continues by itself where a connection broke.
  virtual Result<void> Read(std::string_view key, std::uint64_t offset, const ByteSink& sink) = 0;
  // Puts a local file under `key`, whole or not at all: readers never see a part of it (HTTP: as far as the server does so).
  virtual Result<void> Put(const std::filesystem::path& file, std::string_view key, const PutOptions& options = {}) = 0;
  // What is not there counts as removed. The first error is returned after all were tried.
  virtual Result<void> Remove(std::span<const std::string> keys, int jobs = 0) = 0;
  // Copies to a local file without reading it here (same file system); kUnsupported elsewhere. Mode 0444, atomic.
  virtual Result<void> CopyOut(std::string_view key, const std::filesystem::path& to);

 protected:
  Remote(std::string url, Traits traits, const std::atomic<bool>* cancel)
      : url_(std::move(url)), traits_(traits), cancel_(cancel) {}
  const std::atomic<bool>* cancel_flag() const { return cancel_; }

 private:
  std::string url_;
  Traits traits_;
  const std::atomic<bool>* cancel_;
};

struct RemoteConfig {
  std::string url;
  std::map<std::string, std::string, std::less<>> options;  // DVC's names in lower case (reference/dvc.md 1.9), without "url"
  std::filesystem::path config_dir;                         // base of relative paths in url, keyfile, credentialpath …
  std::string name;                                         // for messages; may be empty
};

struct RetryPolicy {
  int attempts = 5;
  std::int64_t first_pause_ms = 200;  // doubles each time, up to 10 s; a server's Retry-After counts when shorter
};

using Environment = std::function<std::optional<std::string>(std::string_view name)>;

struct OpenOptions {
  RetryPolicy retry;
  const std::atomic<bool>* cancel =
      nullptr;              // not owned, outlives the remote: calls end with kCancelled soon after it turns true
  Environment environment;  // default: the process's own
  // Asks a person for a secret (ask_password, ask_passphrase); without it these options are refused with kDenied.
  std::function<Result<std::string>(std::string_view prompt)> ask_secret;
  const Clock* clock = nullptr;  // of signatures; default: the system's
};

// Checks the options and makes the remote; touches neither network nor disk, except for credential files. kInvalid "cannot use
// remote 'x': unsupported url scheme 'foo'" for unknown schemes, missing and contradicting options; kUnsupported for schemes that
// DVC knows and this program does not (hdfs, webhdfs, oss, gdrive), and for "remote://", which the caller resolves
// (SplitRemoteUrl).
Result<std::unique_ptr<Remote>> OpenRemote(const RemoteConfig& config, const OpenOptions& options = {});

// "remote://name/some/path" → name and path; nothing for any other url.
struct RemoteUrl {
  std::string name;
  std::string path;
};
std::optional<RemoteUrl> SplitRemoteUrl(std::string_view url);
// "s3", "ssh" …, lower case; "" for a local path (also for one with ':' in it and for file://).
std::string SchemeOf(std::string_view url);

}  // namespace mlean::remotes
