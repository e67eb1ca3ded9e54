#include "artifacts/artifact_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "os/files.hpp"
#include "sql/rows.hpp"

namespace mlean::artifacts {
namespace {

constexpr std::size_t kMaxPath = 1000;
constexpr int kMaxDecodings = 10;

constexpr int kSweepAtOnce = 500;

constexpr const char* kUnused = "CREATE TABLE unused_blobs(digest TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;";
constexpr const char* kBucket = R"sql(
ALTER TABLE unused_blobs ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
CREATE TABLE artifact_bucket(
  id INTEGER NOT NULL PRIMARY KEY CHECK(id = 1), url TEXT NOT NULL, store TEXT NOT NULL, ready INTEGER NOT NULL);
)sql";
constexpr const char* kRemoved = "CREATE TABLE removed_artifacts(path TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;";
constexpr const char* kTables = R"sql(
CREATE TABLE artifacts(
  path TEXT NOT NULL PRIMARY KEY, digest TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX artifacts_by_digest ON artifacts(digest);
)sql";

Error InvalidPath() { return Fail(Code::kInvalid, "Invalid path"); }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Decodes what is a sound escape and leaves the rest.
std::string Unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Bytes that are no UTF-8 as U+FFFD, as Python does it.
std::string Readable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t size = 1;
    while (size <= 4 && !IsValidUtf8(text.substr(0, size))) ++size;
    out += size <= 4 ? text.substr(0, size) : "\xEF\xBF\xBD";
    text.remove_prefix(std::min(size <= 4 ? size : 1, text.size()));
  }
  return out;
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string WithEscapedControls(std::string_view text) {
  std::string out;
  for (const char c : text) out += IsControl(c) ? fmt::format("%{:02x}", static_cast<int>(c)) : std::string(1, c);
  return out;
}

bool IsUnsafe(std::string_view path) {
  if (!path.empty() && path.front() == '/') return true;
  for (const char c : path) {
    if (c == '\\' || c == '#' || c == '\0') return true;
  }
  for (const std::string& part : Split(path, '/')) {
    if (part == "..") return true;
  }
  return false;
}

// The range of keys under a folder: from "folder/" to before "folder0" ('0' follows '/').
// As long as the longest path, of the last character.
std::string AboveAllPaths() {
  std::string out;
  while (out.size() <= kMaxPath) out += "\xF4\x8F\xBF\xBF";
  return out;
}

struct Range {
  std::string from;
  std::string to;
};
Range Under(const std::string& folder) {
  if (folder.empty()) return {"", AboveAllPaths()};
  return {folder + "/", folder + "0"};
}

// kConflict when `path` cannot be a file beside what is there.
Result<void> CheckPlace(sql::Txn& txn, const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    TRY(const auto parent, Find(txn, path.substr(0, slash)));
    if (parent) {
      return Fail(Code::kConflict, fmt::format("cannot write artifact '{}': '{}' is a file", path, path.substr(0, slash)));
    }
  }
  const Range range = Under(path);
  TRY(sql::Stmt stmt, txn.Prepare("SELECT 1 FROM artifacts WHERE path >= ?1 AND path < ?2 LIMIT 1"));
  stmt.Bind(range.from).Bind(range.to);
  TRY(const bool folder, stmt.Step());
  if (folder) return Fail(Code::kConflict, fmt::format("cannot write artifact '{}': it is a folder", path));
  return {};
}

Result<void> NoteUnused(sql::Txn& txn, const std::string& digest, std::int64_t size) {
  return txn.Exec(
      "INSERT INTO unused_blobs(digest, size) SELECT ?1, ?2 WHERE NOT EXISTS(SELECT 1 FROM artifacts WHERE digest = ?1) "
      "ON CONFLICT DO NOTHING",
      digest, size);
}

// Only for a blob of which the transaction has seen that no row names it.
Result<void> Drop(const std::filesystem::path& root, const std::string& digest, Swept& swept) {
  const std::filesystem::path file = BlobPath(root, digest);
  const Result<os::FileStat> stat = os::Stat(file);
  if (!stat) return {};
  TRYV(os::Remove(file));
  ++swept.blobs;
  swept.bytes += static_cast<std::int64_t>(stat->size);
  return {};
}

// A link in the place of a folder would lead out of the store.
Result<void> CheckFolder(const std::filesystem::path& place) {
  TRY(const os::FileStat stat, os::StatLink(place.parent_path()));
  if (stat.kind == os::FileKind::kDir) return {};
  return Fail(Code::kInvalid,
              fmt::format("cannot write artifact: '{}' is no folder of the store's", place.parent_path().string()));
}

LooseBlob ReadLoose(const sql::Stmt& row) { return {row.Text(0), row.Int(1)}; }
NamedBlob ReadNamed(const sql::Stmt& row) { return {row.Text(0), {row.Text(1), row.Int(2), row.Int(3)}}; }

}  // namespace

std::vector<sql::Migration> Migrations() {
  return {{"artifacts", 1, kTables}, {"artifacts", 2, kUnused}, {"artifacts", 3, kBucket}, {"artifacts", 4, kRemoved}};
}

Result<std::string> CleanPath(std::string_view path) {
  if (path.size() > kMaxPath || !IsValidUtf8(path)) return InvalidPath();
  std::string decoded(path);
  for (int i = 0;; ++i) {
    if (i == kMaxDecodings || IsUnsafe(decoded)) return InvalidPath();
    std::string next = Readable(Unescaped(decoded));
    if (next == decoded) break;
    decoded = std::move(next);
  }
  std::vector<std::string> parts = Split(WithEscapedControls(decoded), '/');
  std::erase_if(parts, [](const std::string& part) { return part.empty() || part == "."; });
  std::string clean = Join(parts, "/");
  return clean.size() > kMaxPath ? Result<std::string>(InvalidPath()) : std::move(clean);
}

Result<Blob> DigestFile(const std::filesystem::path& file) {
  Hasher hasher(Hasher::Kind::kSha256);
  Blob blob;
  TRYV(os::ReadPieces(file, [&](std::string_view piece) -> Result<void> {
    hasher.Update(piece.data(), piece.size());
    blob.size += static_cast<std::int64_t>(piece.size());
    return {};
  }));
  blob.digest = hasher.HexDigest();
  return blob;
}

std::filesystem::path BlobPath(const std::filesystem::path& root, std::string_view digest) {
  return root / digest.substr(0, 2) / digest;
}

bool IsBlob(const std::filesystem::path& place) {
  const Result<os::FileStat> stat = os::StatLink(place);
  return stat && stat->kind == os::FileKind::kFile && CheckFolder(place);
}

Result<void> Put(sql::Txn& txn, const std::filesystem::path& root, const std::string& path, const Blob& blob,
                 const std::filesystem::path& file, sql::Sync sync) {
  TRYV(CheckPlace(txn, path));
  const std::filesystem::path place = BlobPath(root, blob.digest);
  TRYV(os::MakeDirs(place.parent_path()));
  TRYV(CheckFolder(place));
  if (IsBlob(place)) {
    TRYV(os::Remove(file));
  } else {
    TRYV(os::Rename(file, place));
    TRYV(os::Chmod(place, 0444));
    if (sync == sql::Sync::kFull) TRYV(os::SyncFile(place));
  }
  TRY(const auto before, Find(txn, path));
  TRYV(
      txn.Exec("INSERT INTO artifacts(path, digest, size, modified) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(path) DO UPDATE SET "
               "digest = excluded.digest, size = excluded.size, modified = excluded.modified",
               path, blob.digest, blob.size, blob.modified));
  if (before && before->digest != blob.digest) return NoteUnused(txn, before->digest, before->size);
  return {};
}

Result<std::optional<Blob>> Find(sql::Conn& conn, const std::string& path) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT digest, size, modified FROM artifacts WHERE path = ?1"));
  stmt.Bind(path);
  return sql::ReadRow(stmt, [](const sql::Stmt& row) { return Blob{row.Text(0), row.Int(1), row.Int(2)}; });
}

Result<std::vector<Entry>> List(sql::Conn& conn, const std::string& folder) {
  const Range range = Under(folder);
  TRY(sql::Stmt stmt, conn.Prepare("SELECT path, size FROM artifacts WHERE path >= ?1 AND path < ?2 ORDER BY path"));
  std::vector<Entry> out;
  std::string from = range.from;
  for (;;) {
    // A folder's files are passed over by a new search behind it: listing the top of a large tree stays cheap.
    stmt.Bind(from).Bind(range.to);
    bool again = false;
    for (;;) {
      TRY(const bool more, stmt.Step());
      if (!more) break;
      const std::string rest = stmt.Text(0).substr(range.from.size());
      const std::size_t slash = rest.find('/');
      if (slash == rest.npos) {
        out.push_back({rest, false, stmt.Int(1)});
        continue;
      }
      const std::string name = rest.substr(0, slash);
      out.push_back({name, true, 0});
      from = range.from + name + "0";
      again = true;
      break;
    }
    stmt.Reset();
    if (!again) break;
  }
  // "a.txt" sorts before "a/…": by name, folders are out of place.
  std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return out;
}

Result<std::size_t> Remove(sql::Txn& txn, const std::string& path) {
  const Range range = Under(path);
  TRY(sql::Stmt stmt, txn.Prepare("SELECT DISTINCT digest, size FROM artifacts WHERE path = ?1 OR (path >= ?2 AND path < ?3)"));
  stmt.Bind(path).Bind(range.from).Bind(range.to);
  TRY(const std::vector<LooseBlob> blobs, sql::ReadRows(stmt, ReadLoose));
  if (blobs.empty()) return std::size_t{0};
  TRYV(txn.Exec("DELETE FROM artifacts WHERE path = ?1 OR (path >= ?2 AND path < ?3)", path, range.from, range.to));
  const auto removed = static_cast<std::size_t>(txn.Changes());
  for (const LooseBlob& blob : blobs) TRYV(NoteUnused(txn, blob.digest, blob.size));
  return removed;
}

Result<bool> HasUnused(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT 1 FROM unused_blobs LIMIT 1"));
  return stmt.Step();
}

Result<Swept> SweepUnused(sql::Txn& txn, const std::filesystem::path& root) {
  TRY(sql::Stmt stmt, txn.Prepare("SELECT digest FROM unused_blobs LIMIT ?1"));
  stmt.Bind(kSweepAtOnce);
  TRY(const std::vector<std::string> digests, sql::ReadRows(stmt, [](const sql::Stmt& row) { return row.Text(0); }));
  Swept swept;
  for (const std::string& digest : digests) {
    TRY(const std::int64_t names, CountNames(txn, digest));
    // Killed behind this: the digest is still written down, and its blob is looked for again.
    if (names == 0) TRYV(Drop(root, digest, swept));
    TRYV(ForgetUnused(txn, digest));
  }
  return swept;
}

Result<std::optional<Bucket>> FindBucket(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT url, store, ready FROM artifact_bucket"));
  return sql::ReadRow(stmt, [](const sql::Stmt& row) { return Bucket{row.Text(0), row.Text(1), row.Int(2) != 0}; });
}

Result<void> SaveBucket(sql::Txn& txn, const Bucket& bucket) {
  return txn.Exec(
      "INSERT INTO artifact_bucket(id, url, store, ready) VALUES(1, ?1, ?2, ?3) "
      "ON CONFLICT(id) DO UPDATE SET url = excluded.url, store = excluded.store, ready = excluded.ready",
      bucket.url, bucket.store, std::int64_t{bucket.ready});
}

Result<std::vector<LooseBlob>> ListUnused(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT digest, size FROM unused_blobs LIMIT ?1"));
  stmt.Bind(kSweepAtOnce);
  return sql::ReadRows(stmt, ReadLoose);
}

Result<void> ForgetUnused(sql::Txn& txn, const std::string& digest) {
  return txn.Exec("DELETE FROM unused_blobs WHERE digest = ?1", digest);
}

Result<std::vector<LooseBlob>> ListContents(sql::Conn& conn, const std::string& after, int limit) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT digest, max(size) FROM artifacts WHERE digest > ?1 GROUP BY digest ORDER BY digest LIMIT ?2"));
  stmt.Bind(after).Bind(limit);
  return sql::ReadRows(stmt, ReadLoose);
}

Result<void> NoteRemoved(sql::Txn& txn, const std::string& path) {
  return txn.Exec("INSERT INTO removed_artifacts(path) VALUES(?1) ON CONFLICT DO NOTHING", path);
}

Result<std::vector<std::string>> ListRemoved(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT path FROM removed_artifacts ORDER BY path LIMIT ?1"));
  stmt.Bind(kSweepAtOnce);
  return sql::ReadRows(stmt, [](const sql::Stmt& row) { return row.Text(0); });
}

Result<void> ForgetRemoved(sql::Txn& txn, const std::string& path) {
  return txn.Exec("DELETE FROM removed_artifacts WHERE path = ?1", path);
}

Result<Swept> SweepAllUnused(sql::Database& db, const std::filesystem::path& root) {
  Swept all;
  for (;;) {
    TRY(const bool more, db.Read(HasUnused));
    if (!more) return all;
    TRY(const Swept some, db.Write([&](sql::Txn& txn) { return SweepUnused(txn, root); }));
    all.blobs += some.blobs;
    all.bytes += some.bytes;
  }
}

Result<Swept> SweepOrphans(sql::Database& db, const std::filesystem::path& root) {
  Swept swept;
  if (!os::IsDir(root)) return swept;
  TRY(const std::vector<std::string> folders, os::ListDir(root));
  for (const std::string& folder : folders) {
    if (folder.size() != 2 || !os::IsDir(root / folder)) continue;
    TRY(const std::vector<std::string> digests, os::ListDir(root / folder));
    for (std::size_t from = 0; from < digests.size(); from += kSweepAtOnce) {
      // A new row puts its blob into place in its own transaction: in ours, what has no row will get none.
      TRYV(db.Write([&](sql::Txn& txn) -> Result<void> {
        for (std::size_t i = from; i < std::min(digests.size(), from + kSweepAtOnce); ++i) {
          TRY(const std::int64_t names, CountNames(txn, digests[i]));
          if (names == 0) TRYV(Drop(root, digests[i], swept));
        }
        return {};
      }));
    }
  }
  return swept;
}

Result<std::vector<NamedBlob>> ListBehind(sql::Conn& conn, const std::string& after, int limit) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT path, digest, size, modified FROM artifacts WHERE path > ?1 ORDER BY path LIMIT ?2"));
  stmt.Bind(after).Bind(limit);
  return sql::ReadRows(stmt, ReadNamed);
}

Result<std::vector<NamedBlob>> ListBelow(sql::Conn& conn, const std::string& folder) {
  const Range range = Under(folder);
  TRY(sql::Stmt stmt, conn.Prepare("SELECT path, digest, size, modified FROM artifacts WHERE path >= ?1 AND path < ?2"));
  stmt.Bind(range.from).Bind(range.to);
  return sql::ReadRows(stmt, ReadNamed);
}

Result<std::int64_t> CountNames(sql::Conn& conn, const std::string& digest) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT count(*) FROM artifacts WHERE digest = ?1"));
  stmt.Bind(digest);
  TRY(const bool found, stmt.Step());
  return found ? stmt.Int(0) : 0;
}

}  // namespace mlean::artifacts
