// A bucket of S3 with the contents of a project's artifacts, each an object <two digits>/<SHA-256> below the url; the folder of
// blobs on the disk is a cache in front of it (docs/adr/0017-artifacts-in-a-bucket.md). Thread-safe.
//
// Every call has deadlines. A bucket that cannot be reached is kBusy: whoever asked may ask again. No call belongs inside a
// transaction of the database.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/artifact_store.hpp"
#include "base/result.hpp"
#include "remotes/remote.hpp"

namespace mlean::flows {

constexpr std::int64_t kArtifactCacheBytes = std::int64_t{10} << 30;

class BlobBucket {
 public:
  // `blobs` the cache, `uploads` a folder on the same file system for what is under way.
  BlobBucket(std::string url, std::filesystem::path blobs, std::filesystem::path uploads);

  const std::string& url() const { return url_; }
  void SetCacheBytes(std::int64_t bytes) { cache_bytes_ = bytes; }
  // Calls that run end with kCancelled soon.
  void Cancel() { cancel_ = true; }

  // Makes the bucket ours, or finds that it is: an object "mlean-store" holds `store`. kConflict when it is another project's,
  // and when it should be ours (`known`) and is not.
  Result<void> Claim(const std::string& store, bool known);

  Result<void> Upload(const std::filesystem::path& file, const std::string& digest);
  // The blob in the cache, fetched if need be; it stays there for a minute at least.
  Result<std::filesystem::path> Fetch(const artifacts::Blob& blob);
  Result<void> Remove(std::span<const std::string> digests);
  Result<void> List(const std::function<Result<void>(const artifacts::LooseBlob& blob)>& take);
  // A file was put into the cache: takes away what was not used for longest when there is too much.
  void NoteCached(std::int64_t bytes);

 private:
  Result<remotes::Remote*> Open();
  Result<void> Download(const artifacts::Blob& blob, const std::filesystem::path& place);
  void Trim();

  const std::string url_;
  const std::filesystem::path blobs_;
  const std::filesystem::path uploads_;
  std::atomic<bool> cancel_ = false;
  std::atomic<int> transfers_ = 0;
  std::atomic<std::int64_t> cache_bytes_ = kArtifactCacheBytes;
  std::atomic<std::int64_t> cached_ = INT64_MAX / 2;  // bytes put there since the last look; the first look is due at once
  std::mutex trim_;
  std::mutex mutex_;
  std::condition_variable fetched_;
  std::set<std::string> fetching_;           // guarded by mutex_
  std::unique_ptr<remotes::Remote> remote_;  // guarded by mutex_ until it is made
};

}  // namespace mlean::flows
