#include "flows/blob_bucket.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

constexpr const char* kClaim = "mlean-store";
constexpr const char* kFix = "check the bucket, the endpoint (AWS_ENDPOINT_URL_S3) and the AWS credentials of the server";
constexpr int kMaxTransfers = 48;                                   // of app/serve.cpp's threads; the rest answers the others
constexpr std::int64_t kKeptNs = std::int64_t{60} * 1'000'000'000;  // for those who are about to open what they were given
constexpr std::size_t kDigits = 64;

std::string KeyOf(std::string_view digest) { return fmt::format("{}/{}", digest.substr(0, 2), digest); }

// The digest of "ab/ab12…"; "" for any other key.
std::string_view DigestOf(std::string_view key) {
  if (key.size() != kDigits + 3 || key[2] != '/' || key.substr(0, 2) != key.substr(3, 2)) return {};
  const std::string_view digest = key.substr(3);
  return digest.find_first_not_of("0123456789abcdef") == digest.npos ? digest : std::string_view{};
}

// What passes is "try again", whoever asked; what the server is refused is no refusal of who asked it.
Error Told(Error error, std::string_view url) {
  if (error.code == Code::kIo || error.code == Code::kTimeout) error.code = Code::kBusy;
  if (error.fix.empty()) error.fix = kFix;
  return std::move(error).With(fmt::format("cannot use bucket '{}'", url));
}

// One transfer less for others while it lives.
class Transfer {
 public:
  explicit Transfer(std::atomic<int>& count) : count_(count), allowed_(count.fetch_add(1) < kMaxTransfers) {}
  ~Transfer() { count_.fetch_sub(1); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Result<void> Check() const {
    if (allowed_) return {};
    return Fail(Code::kBusy, fmt::format("cannot move the artifact: {} others are moving to and from the bucket", kMaxTransfers));
  }

 private:
  std::atomic<int>& count_;
  bool allowed_;
};

}  // namespace

BlobBucket::BlobBucket(std::string url, fs::path blobs, fs::path uploads)
    : url_(std::move(url)), blobs_(std::move(blobs)), uploads_(std::move(uploads)) {}

// Not before it is needed: a verb that asks for no artifact needs no credentials.
Result<remotes::Remote*> BlobBucket::Open() {
  const std::lock_guard lock(mutex_);
  if (remote_) return remote_.get();
  remotes::RemoteConfig config{.url = url_, .name = "artifacts"};
  config.options = {{"connect_timeout", "5"}, {"read_timeout", "30"}};
  const char* const endpoint = std::getenv("MLFLOW_S3_ENDPOINT_URL");
  if (endpoint != nullptr && *endpoint != '\0') config.options["endpointurl"] = endpoint;
  Result<std::unique_ptr<remotes::Remote>> remote = remotes::OpenRemote(config, {.retry = {.attempts = 3}, .cancel = &cancel_});
  if (!remote) return Told(std::move(remote).error(), url_);
  remote_ = *std::move(remote);
  return remote_.get();
}

Result<void> BlobBucket::Claim(const std::string& store, bool known) {
  TRY(remotes::Remote* const remote, Open());
  const auto read = [&](std::string& text) {
    return remote->Read(kClaim, 0, [&](std::string_view bytes) -> Result<void> {
      if (text.size() < 4096) text += bytes;
      return {};
    });
  };
  std::string text;
  Result<void> there = read(text);
  if (!there && there.error().code == Code::kNotFound && !known) {
    TRYV(os::MakeDirs(uploads_));
    const fs::path file = uploads_ / NewHex32();
    TRYV(os::WriteFileAtomic(file, store, {.sync = false}));
    Result<void> put = remote->Put(file, kClaim, {.if_absent = true});
    static_cast<void>(os::Remove(file));
    if (!put && put.error().code != Code::kExists) return Told(std::move(put).error(), url_);
    text.clear();
    there = read(text);
  }
  if (!there && there.error().code == Code::kNotFound && known) {
    return Fail(Code::kConflict, fmt::format("cannot use '{}': it does not hold the artifacts of this project", url_), kFix);
  }
  if (!there) return Told(std::move(there).error(), url_);
  if (text == store) return {};
  return Fail(Code::kConflict, fmt::format("cannot use '{}': another project keeps its artifacts there", url_),
              fmt::format("mlean server --artifacts-destination {}/NAME", url_));
}

Result<void> BlobBucket::Upload(const fs::path& file, const std::string& digest) {
  TRY(remotes::Remote* const remote, Open());
  const Transfer transfer(transfers_);
  TRYV(transfer.Check());
  Result<void> put = remote->Put(file, KeyOf(digest));
  return put ? Result<void>() : Told(std::move(put).error(), url_);
}

Result<fs::path> BlobBucket::Fetch(const artifacts::Blob& blob) {
  fs::path place = artifacts::BlobPath(blobs_, blob.digest);
  // One fetches, the others wait for it: parts of a large file are asked for at once.
  std::unique_lock lock(mutex_);
  fetched_.wait(lock, [&] { return !fetching_.contains(blob.digest); });
  if (os::Touch(place)) return place;
  fetching_.insert(blob.digest);
  lock.unlock();
  Result<void> done = Download(blob, place);
  lock.lock();
  fetching_.erase(blob.digest);
  lock.unlock();
  fetched_.notify_all();
  TRYV(std::move(done));
  NoteCached(blob.size);
  return place;
}

Result<void> BlobBucket::Download(const artifacts::Blob& blob, const fs::path& place) {
  TRY(remotes::Remote* const remote, Open());
  const Transfer transfer(transfers_);
  TRYV(transfer.Check());
  TRYV(os::MakeDirs(place.parent_path()));
  TRYV(os::MakeDirs(uploads_));
  TRY(os::AtomicFile file, os::AtomicFile::Open(place, {.mode = 0444, .sync = false, .temp_dir = uploads_}));
  Hasher hasher(Hasher::Kind::kSha256);
  Result<void> written;
  Result<void> read = remote->Read(KeyOf(blob.digest), 0, [&](std::string_view bytes) {
    hasher.Update(bytes.data(), bytes.size());
    written = file.Write(bytes);
    return written;
  });
  TRYV(std::move(written));
  if (!read) return Told(std::move(read).error(), url_);
  if (hasher.HexDigest() != blob.digest) {
    return Fail(Code::kCorrupt,
                fmt::format("cannot read '{}/{}': its content is not what was written", url_, KeyOf(blob.digest)));
  }
  return file.Commit();
}

Result<void> BlobBucket::Remove(std::span<const std::string> digests) {
  TRY(remotes::Remote* const remote, Open());
  std::vector<std::string> keys;
  for (const std::string& digest : digests) keys.push_back(KeyOf(digest));
  Result<void> removed = remote->Remove(keys);
  return removed ? Result<void>() : Told(std::move(removed).error(), url_);
}

Result<void> BlobBucket::List(const std::function<Result<void>(const artifacts::LooseBlob& blob)>& take) {
  TRY(remotes::Remote* const remote, Open());
  Result<void> taken;
  Result<void> listed = remote->List("", [&](const remotes::ListEntry& entry) {
    const std::string_view digest = DigestOf(entry.key);
    if (!digest.empty()) taken = take({std::string(digest), static_cast<std::int64_t>(entry.size)});
    return static_cast<bool>(taken);
  });
  TRYV(std::move(taken));
  return listed ? Result<void>() : Told(std::move(listed).error(), url_);
}

void BlobBucket::NoteCached(std::int64_t bytes) {
  // A tenth too much at most between two looks.
  if (cached_.fetch_add(bytes) + bytes < cache_bytes_ / 10) return;
  const std::unique_lock lock(trim_, std::try_to_lock);
  if (!lock) return;
  cached_ = 0;
  Trim();
}

// What cannot be seen or removed stays: it is only a cache.
void BlobBucket::Trim() {
  Result<std::vector<os::TreeEntry>> files = os::ListTree(blobs_);
  if (!files) return;
  std::uint64_t sum = 0;
  for (const os::TreeEntry& file : *files) sum += file.stat.size;
  const auto bound = static_cast<std::uint64_t>(cache_bytes_);
  if (sum <= bound) return;
  std::sort(files->begin(), files->end(),
            [](const os::TreeEntry& a, const os::TreeEntry& b) { return a.stat.mtime_ns < b.stat.mtime_ns; });
  const std::chrono::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
  for (const os::TreeEntry& file : *files) {
    if (sum <= bound - bound / 10 || now.count() - file.stat.mtime_ns < kKeptNs) return;
    if (os::Remove(blobs_ / file.path)) sum -= file.stat.size;
  }
}

}  // namespace mlean::flows
