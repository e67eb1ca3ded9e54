// The files of runs and models, kept once by content. A path ("3/<run>/artifacts/model/MLmodel", relative to the artifact root,
// '/' between the parts) names a blob; a blob is a file under `root`/<two digits>/<SHA-256>, written once and never changed.
//
// Rows and blobs: a blob is put into its place inside the transaction that adds its row. A transaction that takes a blob's last
// row away writes the blob down as unused; a later one looks whether it still is, and removes it (SweepUnused). With SQLite's one
// writer no blob is taken from under a new row, and a crash can leave a blob without a row (SweepOrphans), never a row without a
// blob. There are no links and no folders: a folder is there while a file is in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "sql/database.hpp"

namespace mlean::artifacts {

std::vector<sql::Migration> Migrations();

// A path from outside as the store wants it, and as MLflow's server and clients make it: no leading, doubled or trailing '/', no
// "." parts, no percent-encoding ("a%41" is "aA": clients decode the names of a listing before they ask for them) but for control
// characters, which are always encoded ("plot%17": what 2.x clients call images has such parts by chance). kInvalid "Invalid
// path" for "..", a leading '/', a backslash, '#', NUL, also when they are percent-encoded (once or more), text that is not
// UTF-8, more than 1,000 bytes. "" (the root) is allowed.
Result<std::string> CleanPath(std::string_view path);

struct Blob {
  std::string digest;     // SHA-256, hex
  std::int64_t size = 0;  // bytes
  TimeMs modified = 0;    // when the path was written
};

struct Entry {
  std::string name;  // one part: no '/'
  bool folder = false;
  std::int64_t size = 0;  // bytes; 0 of a folder
};

// The digest and size of a file, read piece by piece.
Result<Blob> DigestFile(const std::filesystem::path& file);

std::filesystem::path BlobPath(const std::filesystem::path& root, std::string_view digest);
// A file of the store at that place: no link, and in no folder that is one.
bool IsBlob(const std::filesystem::path& place);

// `path` names `blob` from now on; `file`, on the same file system as `root`, is renamed into its place, or removed when the
// content is there already. kConflict when a part of `path` is a file, or `path` is a folder. With Sync::kFull the blob is on
// the disk before its row is.
Result<void> Put(sql::Txn& txn, const std::filesystem::path& root, const std::string& path, const Blob& blob,
                 const std::filesystem::path& file, sql::Sync sync = sql::Sync::kNormal);
Result<std::optional<Blob>> Find(sql::Conn& conn, const std::string& path);
// What lies directly in the folder, by name; a file or nothing has none.
Result<std::vector<Entry>> List(sql::Conn& conn, const std::string& folder);
// A file, or all in a folder; what is not there counts as removed. Returns how many files went. Their blobs stay until they are
// swept.
Result<std::size_t> Remove(sql::Txn& txn, const std::string& path);

struct Swept {
  std::int64_t blobs = 0;
  std::int64_t bytes = 0;
};
// Whether a transaction has left blobs without rows.
Result<bool> HasUnused(sql::Conn& conn);
// Removes some of the blobs that were left without rows, at most some hundred; none: there are none left.
Result<Swept> SweepUnused(sql::Txn& txn, const std::filesystem::path& root);
// The same until none is left, each time in a transaction of its own.
Result<Swept> SweepAllUnused(sql::Database& db, const std::filesystem::path& root);
// Removes the files in `root` that no row names: what uploads have left that were killed.
Result<Swept> SweepOrphans(sql::Database& db, const std::filesystem::path& root);

// ---- in a bucket (docs/adr/0017-artifacts-in-a-bucket.md)
// Then the files in `root` are a cache, and the ones who change rows take care of the objects (flows/blob_store.hpp): before a
// row is added its content is there, and what is written down as unused is removed under a lock.
struct Bucket {
  std::string url;     // s3://…, or the path of a folder (below)
  std::string store;   // who we are to others that may use the bucket; random
  bool ready = false;  // every row's content is in it
};
Result<std::optional<Bucket>> FindBucket(sql::Conn& conn);
Result<void> SaveBucket(sql::Txn& txn, const Bucket& bucket);

struct LooseBlob {
  std::string digest;
  std::int64_t size = 0;
};
// Some of the blobs that were left without rows, at most some hundred, as they were written down. They may have new rows.
Result<std::vector<LooseBlob>> ListUnused(sql::Conn& conn);
Result<void> ForgetUnused(sql::Txn& txn, const std::string& digest);
// Every content that a row names, once; the next ones behind `after`.
Result<std::vector<LooseBlob>> ListContents(sql::Conn& conn, const std::string& after, int limit);

// ---- in a folder under their paths (flows/artifact_folder.hpp)
// Then there are no rows above; the folder is kept as a Bucket with a path. A transaction notes what goes with it, and it goes
// after that.
Result<void> NoteRemoved(sql::Txn& txn, const std::string& path);
// Some of them, at most some hundred.
Result<std::vector<std::string>> ListRemoved(sql::Conn& conn);
Result<void> ForgetRemoved(sql::Txn& txn, const std::string& path);

struct NamedBlob {
  std::string path;
  Blob blob;
};
// The next paths behind `after`, at most `limit`; "" begins.
Result<std::vector<NamedBlob>> ListBehind(sql::Conn& conn, const std::string& after, int limit);
// All below a folder.
Result<std::vector<NamedBlob>> ListBelow(sql::Conn& conn, const std::string& folder);
// How many paths name the blob.
Result<std::int64_t> CountNames(sql::Conn& conn, const std::string& digest);

}  // namespace mlean::artifacts
