// Inside of the remotes room: the S3 protocol as a remote; also Google Storage, whose XML interface is the same with another
// sign-in.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "remotes/http_session.hpp"
#include "remotes/remote.hpp"

namespace mlean::remotes {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct S3Setup {
  std::string url;  // for messages
  std::string bucket;
  std::string prefix;    // of all keys, "" or with '/' at its end
  std::string endpoint;  // "https://host[:port]"; "": AWS's by region
  bool use_ssl = true;
  bool path_style = false;
  std::string region;
  bool batch_delete = true;
  std::pair<std::string, std::string> absent_header = {"If-None-Match", "*"};  // makes a write fail when the key is there
  Headers put_headers;                                                         // of what makes an object: acl, encryption
  Headers access_headers;  // of every request on an object: encryption with a customer's key
  std::uint64_t multipart_threshold = 64u << 20;
  std::uint64_t part_size = 16u << 20;
};

class S3Remote final : public Remote {
 public:
  // `http.authorise` is left empty: `authorise` gets the region to sign for. Empty: anonymous.
  using AuthoriseIn = std::function<Result<void>(net::Request& request, std::string_view region)>;
  S3Remote(S3Setup setup, HttpSession::Setup http, AuthoriseIn authorise, Traits traits);

  Result<FileInfo> Stat(std::string_view key) override;
  Result<void> List(std::string_view prefix, const ListSink& sink) override;
  Result<void> Read(std::string_view key, std::uint64_t offset, const ByteSink& sink) override;
  Result<void> Put(const std::filesystem::path& file, std::string_view key, const PutOptions& options) override;
  Result<void> Remove(std::span<const std::string> keys, int jobs) override;

 private:
  // A request without its url, which depends on the region.
  struct Ask {
    std::string method = "GET";
    std::string path;   // of the object, percent-encoded, with the prefix; "" the bucket
    std::string query;  // percent-encoded
    net::Request rest;  // headers and body
  };
  Result<net::Response> Send(const Ask& ask, std::uint64_t offset = 0, const ByteSink* sink = nullptr);
  std::string UrlOf(const Ask& ask) const;
  std::string PathOf(std::string_view key) const;
  std::string Name(std::string_view key) const { return url() + (key.empty() ? "" : "/") + std::string(key); }
  // Takes over the region that AWS names when it refuses the one that was used; true when it is another.
  bool LearnRegion(const net::Response& response);
  std::string Region() const;

  Result<void> PutWhole(const std::filesystem::path& file, std::string_view key, const PutOptions& options);
  Result<void> PutParts(const std::filesystem::path& file, std::uint64_t size, std::string_view key, const PutOptions& options);
  Result<std::string> SendParts(const std::filesystem::path& file, std::uint64_t size, std::string_view key,
                                std::string_view upload, const PutOptions& options);
  Result<void> RemoveBatch(std::span<const std::string> keys);
  Result<void> RemoveOne(std::string_view key);

  const S3Setup setup_;
  const AuthoriseIn authorise_;
  HttpSession session_;
  mutable std::mutex mutex_;
  std::string region_;  // guarded by mutex_
  std::atomic<bool> batch_delete_;
};

// One page of a ListObjectsV2 answer. kCorrupt for anything else.
struct S3Page {
  std::vector<std::pair<std::string, std::uint64_t>> files;  // key with the prefix, size
  std::string next;                                          // "": this was the last page
};
Result<S3Page> ReadS3Page(std::string_view body);

}  // namespace mlean::remotes
