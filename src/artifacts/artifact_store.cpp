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
constexpr int kMaxDecodings = 8;

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

bool IsUnsafe(std::string_view path) {
  if (!path.empty() && path.front() == '/') return true;
  for (const char c : path) {
    if (c == '\\' || c == '#' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  for (const std::string& part : Split(path, '/')) {
    if (part == "..") return true;
  }
  return false;
}

// The range of keys under a folder: from "folder/" to before "folder0" ('0' follows '/').
struct Range {
  std::string from;
  std::string to;
};
Range Under(const std::string& folder) {
  if (folder.empty()) return {"", "\xF4\x90"};  // above all UTF-8
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

// Removes the blob when no row names it any more.
Result<void> DropUnused(sql::Txn& txn, const std::filesystem::path& root, const std::string& digest) {
  TRY(sql::Stmt stmt, txn.Prepare("SELECT 1 FROM artifacts WHERE digest = ?1 LIMIT 1"));
  stmt.Bind(digest);
  TRY(const bool used, stmt.Step());
  return used ? Result<void>() : os::Remove(BlobPath(root, digest));
}

}  // namespace

std::vector<sql::Migration> Migrations() { return {{"artifacts", 1, kTables}}; }

Result<std::string> CleanPath(std::string_view path) {
  if (path.size() > kMaxPath || !IsValidUtf8(path)) return InvalidPath();
  std::string decoded(path);
  for (int i = 0; i < kMaxDecodings; ++i) {
    if (IsUnsafe(decoded)) return InvalidPath();
    std::string next = Unescaped(decoded);
    if (next == decoded) break;
    decoded = std::move(next);
  }
  if (IsUnsafe(decoded)) return InvalidPath();
  std::vector<std::string> parts = Split(path, '/');
  std::erase_if(parts, [](const std::string& part) { return part.empty() || part == "."; });
  return Join(parts, "/");
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

Result<void> Put(sql::Txn& txn, const std::filesystem::path& root, const std::string& path, const Blob& blob,
                 const std::filesystem::path& file) {
  TRYV(CheckPlace(txn, path));
  const std::filesystem::path place = BlobPath(root, blob.digest);
  if (os::Exists(place)) {
    TRYV(os::Remove(file));
  } else {
    TRYV(os::MakeDirs(place.parent_path()));
    TRYV(os::Rename(file, place));
    TRYV(os::Chmod(place, 0444));
  }
  TRY(const auto before, Find(txn, path));
  TRYV(
      txn.Exec("INSERT INTO artifacts(path, digest, size, modified) VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
               "digest = excluded.digest, size = excluded.size, modified = excluded.modified",
               path, blob.digest, blob.size, blob.modified));
  if (before && before->digest != blob.digest) return DropUnused(txn, root, before->digest);
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

Result<std::size_t> Remove(sql::Txn& txn, const std::filesystem::path& root, const std::string& path) {
  const Range range = Under(path);
  TRY(sql::Stmt stmt, txn.Prepare("SELECT DISTINCT digest FROM artifacts WHERE path = ?1 OR (path >= ?2 AND path < ?3)"));
  stmt.Bind(path).Bind(range.from).Bind(range.to);
  TRY(const std::vector<std::string> digests, sql::ReadRows(stmt, [](const sql::Stmt& row) { return row.Text(0); }));
  if (digests.empty()) return std::size_t{0};
  TRYV(txn.Exec("DELETE FROM artifacts WHERE path = ?1 OR (path >= ?2 AND path < ?3)", path, range.from, range.to));
  const auto removed = static_cast<std::size_t>(txn.Changes());
  for (const std::string& digest : digests) TRYV(DropUnused(txn, root, digest));
  return removed;
}

}  // namespace mlean::artifacts
