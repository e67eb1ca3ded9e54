#include "flows/blob_store.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <unordered_set>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "flows/artifact_folder.hpp"
#include "flows/artifact_uri.hpp"
#include "flows/blob_bucket.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kSweepAtOnce = 500;
constexpr int kUploadAtOnce = 500;
constexpr int kLockDigits = 15;  // 60 bits: a number that a lock can have
constexpr std::chrono::seconds kLockWait{60};

std::int64_t LockOf(const std::string& digest) { return std::stoll(digest.substr(0, kLockDigits), nullptr, 16); }

Result<os::NumberLocks> OpenLocks(const Workspace& workspace) {
  TRYV(os::MakeDirs(workspace.project.ArtifactDir()));
  return os::NumberLocks::Open(workspace.project.ArtifactDir() / "blobs.lock");
}

// Who holds one alone is removing it, which takes no longer than a call to the bucket.
Result<void> Share(os::NumberLocks& locks, const std::string& digest) {
  const auto deadline = std::chrono::steady_clock::now() + kLockWait;
  for (;;) {
    TRY(const bool ours, locks.TryShare(LockOf(digest)));
    if (ours) return {};
    if (std::chrono::steady_clock::now() > deadline) {
      return Fail(Code::kBusy, fmt::format("cannot keep artifact content {}: it is just being removed", digest));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // between two tries
  }
}

Result<bool> HasRow(const Workspace& workspace, const std::string& digest) {
  TRY(const std::int64_t names, workspace.db->Read([&](sql::Conn& conn) { return artifacts::CountNames(conn, digest); }));
  return names > 0;
}

void Add(artifacts::Swept& all, const artifacts::Swept& some) {
  all.blobs += some.blobs;
  all.bytes += some.bytes;
}

// Removes those that no row names and nobody holds; with the locks no row can come in between. Returns how many were looked at.
Result<std::size_t> RemoveLoose(const Workspace& workspace, const std::vector<artifacts::LooseBlob>& blobs,
                                artifacts::Swept& all) {
  TRY(os::NumberLocks locks, OpenLocks(workspace));
  std::vector<std::string> unused;
  std::vector<std::string> gone;
  artifacts::Swept swept;
  for (const artifacts::LooseBlob& blob : blobs) {
    TRY(const bool ours, locks.TryHoldAlone(LockOf(blob.digest)));
    if (!ours) continue;
    unused.push_back(blob.digest);
    TRY(const bool named, HasRow(workspace, blob.digest));
    if (named) continue;
    gone.push_back(blob.digest);
    ++swept.blobs;
    swept.bytes += blob.size;
  }
  if (unused.empty()) return std::size_t{0};
  if (!gone.empty()) TRYV(workspace.bucket->Remove(gone));
  for (const std::string& digest : gone) TRYV(os::Remove(artifacts::BlobPath(workspace.BlobDir(), digest)));
  TRYV(workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    for (const std::string& digest : unused) TRYV(artifacts::ForgetUnused(txn, digest));
    return {};
  }));
  Add(all, swept);
  return unused.size();
}

Result<void> SweepUnused(const Workspace& workspace, artifacts::Swept& all) {
  for (;;) {
    TRY(const auto unused, workspace.db->Read(artifacts::ListUnused));
    if (unused.empty()) return {};
    TRY(const std::size_t settled, RemoveLoose(workspace, unused, all));
    if (settled == 0) return {};  // the rest is held by others, and is looked at again with the next sweep
  }
}

Result<void> SweepOrphans(const Workspace& workspace, artifacts::Swept& all) {
  std::vector<artifacts::LooseBlob> some;
  const auto remove = [&]() -> Result<void> {
    TRYV(RemoveLoose(workspace, some, all));
    some.clear();
    return {};
  };
  TRYV(workspace.bucket->List([&](const artifacts::LooseBlob& blob) -> Result<void> {
    TRY(const bool named, HasRow(workspace, blob.digest));
    if (!named) some.push_back(blob);
    return some.size() < kSweepAtOnce ? Result<void>() : remove();
  }));
  return remove();
}

// Uploads what rows name and `there` lacks. Returns how many that were.
Result<std::size_t> UploadMissing(const Workspace& workspace, BlobBucket& bucket, std::unordered_set<std::string>& there) {
  std::size_t count = 0;
  for (std::string after;;) {
    TRY(const auto some,
        workspace.db->Read([&](sql::Conn& conn) { return artifacts::ListContents(conn, after, kUploadAtOnce); }));
    if (some.empty()) return count;
    for (const artifacts::LooseBlob& blob : some) {
      if (there.contains(blob.digest)) continue;
      TRYV(bucket.Upload(artifacts::BlobPath(workspace.BlobDir(), blob.digest), blob.digest));
      there.insert(blob.digest);
      ++count;
    }
    after = some.back().digest;
  }
}

// From the transaction on that finds all of them in the bucket, it is where they are.
Result<void> MoveIn(const Workspace& workspace, BlobBucket& bucket, artifacts::Bucket row) {
  row.ready = true;
  std::unordered_set<std::string> there;
  TRYV(bucket.List([&](const artifacts::LooseBlob& blob) -> Result<void> {
    there.insert(blob.digest);
    return {};
  }));
  for (;;) {
    TRY(const std::size_t moved, UploadMissing(workspace, bucket, there));
    if (moved > 0) log::Info("artifacts.moved", {{"bucket", row.url}, {"contents", fmt::format("{}", moved)}});
    TRY(const bool done, workspace.db->Write([&](sql::Txn& txn) -> Result<bool> {
      for (std::string after;;) {
        TRY(const auto some, artifacts::ListContents(txn, after, kUploadAtOnce));
        if (some.empty()) break;
        for (const artifacts::LooseBlob& blob : some) {
          if (!there.contains(blob.digest)) return false;
        }
        after = some.back().digest;
      }
      TRYV(artifacts::SaveBucket(txn, row));
      return true;
    }));
    if (done) return {};
  }
}

bool IsBucketUrl(const std::string& url) {
  constexpr std::string_view kScheme = "s3://";
  return url.starts_with(kScheme) && url.size() > kScheme.size() &&
         url.find_first_of("/?#@ ", kScheme.size()) != kScheme.size() && url.find_first_of("?#@ ") == url.npos;
}

bool IsFolder(const artifacts::Bucket& row) { return row.url.starts_with('/'); }

// A bucket's url, or a folder's whole path.
Result<std::string> ParseDestination(std::string url, const fs::path& directory) {
  while (url.size() > 1 && url.ends_with('/') && url != "s3://") url.pop_back();
  if (IsBucketUrl(url)) return url;
  const bool is_path = url.find(':') == url.npos || url.find('/') < url.find(':');
  const ArtifactPlace place =
      is_path ? ArtifactPlace{ArtifactPlace::Kind::kFolder, (directory / url).string(), {}} : ParseArtifactUri(url);
  std::string path = fs::path(place.path).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (place.kind == ArtifactPlace::Kind::kFolder && path.size() > 1 && path.starts_with('/')) return path;
  return Fail(Code::kUsage,
              fmt::format("cannot keep artifacts in '{}': expected s3://BUCKET/PREFIX, a folder, or nothing: then they are below "
                          "the folder --root",
                          url),
              "mlean server --artifacts-destination s3://BUCKET/PREFIX");
}

}  // namespace

Result<BlobHold> HoldBlobs(const Workspace& workspace, const std::vector<NewBlob>& blobs) {
  if (!workspace.bucket) return BlobHold();
  TRY(os::NumberLocks locks, OpenLocks(workspace));
  for (const NewBlob& one : blobs) {
    TRYV(Share(locks, one.blob.digest));
    // While a row names it, and nobody can sweep it, it is there.
    TRY(const bool named, HasRow(workspace, one.blob.digest));
    if (named) continue;
    TRYV(workspace.bucket->Upload(one.file, one.blob.digest));
    workspace.bucket->NoteCached(one.blob.size);
  }
  return BlobHold(std::move(locks));
}

Result<void> PutHeld(sql::Txn& txn, const Workspace& workspace, const BlobHold&, const std::string& path,
                     const artifacts::Blob& blob, const fs::path& file) {
  TRY(const auto bucket, artifacts::FindBucket(txn));
  if (bucket && bucket->ready && !workspace.bucket && workspace.folder.place.empty()) {
    return Fail(Code::kBusy,
                fmt::format("cannot keep artifact '{}': the artifacts have moved to '{}' meanwhile", path, bucket->url));
  }
  if (!workspace.folder.place.empty()) return PutInFolder(workspace, "mlflow-artifacts:/", path, file);
  return artifacts::Put(txn, workspace.BlobDir(), path, blob, file, workspace.sync);
}

Result<fs::path> BlobFile(const Workspace& workspace, const artifacts::Blob& blob) {
  fs::path file = artifacts::BlobPath(workspace.BlobDir(), blob.digest);
  if (workspace.bucket) {
    TRY(file, workspace.bucket->Fetch(blob));
  }
  if (!artifacts::IsBlob(file)) {
    return Fail(Code::kNotFound, fmt::format("cannot read artifact: its content {} is not in the store", blob.digest));
  }
  return file;
}

Result<artifacts::Swept> SweepBlobs(const Workspace& workspace, bool orphans) {
  artifacts::Swept all;
  if (workspace.bucket) {
    TRYV(SweepUnused(workspace, all));
    if (orphans) TRYV(SweepOrphans(workspace, all));
    return all;
  }
  TRY(all, artifacts::SweepAllUnused(*workspace.db, workspace.BlobDir()));
  if (!workspace.folder.place.empty()) {  // what is in it and has no run is the team's
    TRY(const artifacts::Swept some, SweepFolder(workspace));
    Add(all, some);
  }
  if (!orphans) return all;
  TRY(const artifacts::Swept some, artifacts::SweepOrphans(*workspace.db, workspace.BlobDir()));
  Add(all, some);
  return all;
}

void SweepBlobsLater(const Workspace& workspace) {
  if (const auto swept = SweepBlobs(workspace); !swept) log::Warn("artifacts.sweep", {{"error", swept.error().what}});
}

Result<void> OpenDestination(Workspace& workspace) {
  TRY(const auto row, workspace.db->Read(artifacts::FindBucket));
  if (!row || !row->ready) return {};
  if (IsFolder(*row)) {
    workspace.folder = FolderOfRow(*row);
  } else {
    workspace.bucket = std::make_shared<BlobBucket>(row->url, workspace.BlobDir(), workspace.UploadDir());
  }
  return {};
}

Result<void> UseDestination(Workspace& workspace, std::string url, const fs::path& directory) {
  TRY(std::optional<artifacts::Bucket> row, workspace.db->Read(artifacts::FindBucket));
  const bool known = row && row->ready;
  if (url.empty() && !known) return {};
  if (!url.empty()) {
    TRY(url, ParseDestination(url, directory));
  }
  if (known && !url.empty() && row->url != url) {
    const artifacts::Bucket moved{url, row->store, true};
    if (!IsFolder(*row) || !IsFolder(moved) || !IsMarked(FolderOfRow(moved))) {
      return Fail(Code::kConflict, fmt::format("cannot keep artifacts in '{}': this project's are in '{}'", url, row->url),
                  fmt::format("mlean server --artifacts-destination {}", row->url));
    }
    row = moved;
    TRYV(workspace.db->Write([&](sql::Txn& txn) { return artifacts::SaveBucket(txn, *row); }));
  }
  if (!known && (!row || row->url != url)) {
    // Written down before the bucket is told: a start that is cut off finds its own claim.
    row = artifacts::Bucket{url, NewHex32(), false};
    TRYV(workspace.db->Write([&](sql::Txn& txn) { return artifacts::SaveBucket(txn, *row); }));
  }
  if (IsFolder(*row)) {
    TRYV(UseFolder(workspace, *row, known));
    SweepBlobsLater(workspace);
    return {};
  }
  auto bucket = std::make_shared<BlobBucket>(row->url, workspace.BlobDir(), workspace.UploadDir());
  TRYV(bucket->Claim(row->store, known));
  if (!known) TRYV(MoveIn(workspace, *bucket, *row));
  workspace.bucket = std::move(bucket);
  return {};
}

}  // namespace mlean::flows
