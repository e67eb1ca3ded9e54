// Files: reading whole files, atomic writes, appends, listings, links. The only face of the file system for other rooms.
//
// Errors read "cannot <verb> '<path>': <strerror>"; codes: kNotFound (ENOENT), kExists (EEXIST), kFull (MeansFull), kIo
// (everything else), kTooLarge (over a bound of ours). All functions are thread-safe; objects belong to one
// thread.
//
//   TRYV(os::WriteFileAtomic(path, text));                      // readers see the old or the new content, never a part
//   TRY(os::AtomicFile file, os::AtomicFile::Open(path));       // the same for content made piece by piece
//   TRYV(file.Write(chunk));
//   TRYV(file.Commit());                                        // without Commit the old content stays
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mlean::os {

constexpr std::uint64_t kMaxReadBytes = std::uint64_t{1} << 30;

// ENOSPC and its kind.
bool MeansFull(int number);
// The error of a failed system call with errno `number`: "cannot <verb> '<path>': <strerror>".
Error FileError(std::string_view verb, const std::filesystem::path& path, int number);

// ---- whole files
// The content; over `max_bytes` kTooLarge. Works for /proc files, whose size reads as 0.
Result<std::string> ReadFile(const std::filesystem::path& path, std::uint64_t max_bytes = kMaxReadBytes);
// The content in pieces of at most 1 MiB, in order; an error of `take` ends it and is returned.
using TakePiece = std::function<Result<void>(std::string_view piece)>;
Result<void> ReadPieces(const std::filesystem::path& path, const TakePiece& take);

struct WriteOptions {
  std::uint32_t mode = 0644;  // of a new file; less the umask. An existing file keeps its mode
  bool sync = true;           // fsync file and folder: survives power loss. false: survives kill -9 only
  // Where the file is made until it is whole, so that a killed process leaves nothing beside `path`. Made when its parent is
  // there; where it cannot be used, and by default, the folder of `path`.
  std::filesystem::path temp_dir = {};
};
// Replaces `path` by `bytes` in one step; its folder must exist. On error the old content is untouched.
Result<void> WriteFileAtomic(const std::filesystem::path& path, std::string_view bytes, const WriteOptions& options = {});

// Adds `bytes` to a file that is `size` bytes long, when that is one step which a kill cannot halve and no reader sees a part of:
// they end in the page of the file in which they begin. False, and nothing is done: they do not, or the file is of another size,
// a link, has several names or cannot be written; the caller replaces it (WriteFileAtomic). Survives kill -9; a power cut may
// leave zero bytes in their place.
// For a text that grows again and again: replacing it makes and frees an inode each time, which costs ext4 up to a millisecond.
Result<bool> GrowFile(const std::filesystem::path& path, std::uint64_t size, std::string_view bytes);

// A file in the making: `.NAME.<12 hex digits>.tmp` beside its target, or in WriteOptions::temp_dir, until Commit() renames it.
// The destructor removes it when not committed.
class AtomicFile {
 public:
  static Result<AtomicFile> Open(const std::filesystem::path& path, const WriteOptions& options = {});
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  ~AtomicFile();

  Result<void> Write(std::string_view bytes);  // all of them, or an error
  Result<void> Commit();                       // once; a temp_dir on another file system costs a copy
  const std::filesystem::path& temp_path() const { return temp_path_; }

 private:
  AtomicFile() = default;
  void Drop() noexcept;
  friend Result<void> CopyFile(const std::filesystem::path& from, const std::filesystem::path& to, const WriteOptions& options);
  std::filesystem::path path_;
  std::filesystem::path temp_path_;
  int fd_ = -1;
  bool sync_ = true;
};

// Removes what killed processes have left of such files in `folder` that is older than `age`; what cannot be removed stays.
void RemoveLeftovers(const std::filesystem::path& folder, std::chrono::seconds age) noexcept;

// A file that only grows: O_APPEND, made when missing. Several processes may append: each Append lands in one piece as long as
// the disk takes it whole; when it does not, the error is returned and a part may stand in the file.
class AppendFile {
 public:
  static Result<AppendFile> Open(const std::filesystem::path& path, std::uint32_t mode = 0644);
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  ~AppendFile();

  Result<void> Append(std::string_view bytes);
  Result<void> Sync();  // fdatasync
  Result<std::uint64_t> Size() const;

 private:
  AppendFile() = default;
  std::filesystem::path path_;
  int fd_ = -1;
};

// ---- the tree
Result<void> MakeDirs(const std::filesystem::path& path);
// A file, a link or an empty folder. What is not there counts as removed.
Result<void> Remove(const std::filesystem::path& path);
// A whole tree, links not followed. What is not there counts as removed.
Result<void> RemoveTree(const std::filesystem::path& path);
// What was written to the file is on the disk afterwards, and so is its name in its folder.
Result<void> SyncFile(const std::filesystem::path& path);
Result<void> Rename(const std::filesystem::path& from, const std::filesystem::path& to);
// Content and mode, atomically; shares blocks where the file system can (reflink).
Result<void> CopyFile(const std::filesystem::path& from, const std::filesystem::path& to, const WriteOptions& options = {});
// Its time of change is now.
Result<void> Touch(const std::filesystem::path& path);
Result<void> Chmod(const std::filesystem::path& path, std::uint32_t mode);
// Follow links; false when not there or not to be seen.
bool Exists(const std::filesystem::path& path);
bool IsDir(const std::filesystem::path& path);

enum class LinkKind : std::uint8_t { kReflink, kHard, kSymbolic };
// Makes `to` a link to `from`; kExists when `to` is there, kUnsupported when the file system (or its border) refuses this kind.
Result<void> Link(LinkKind kind, const std::filesystem::path& from, const std::filesystem::path& to);

enum class FileKind : std::uint8_t { kFile, kDir, kLink, kOther };
struct FileStat {
  FileKind kind = FileKind::kOther;
  std::uint64_t size = 0;  // bytes
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  std::uint64_t links = 0;
  std::uint32_t mode = 0;  // permission bits, 07777
};
Result<FileStat> Stat(const std::filesystem::path& path);      // follows links
Result<FileStat> StatLink(const std::filesystem::path& path);  // does not

// Names in the folder, sorted by bytes, without "." and "..".
Result<std::vector<std::string>> ListDir(const std::filesystem::path& path);

struct TreeEntry {
  std::string path;  // relative to the root, '/' between the parts
  FileStat stat;     // of the entry itself: a link is a link
};
// Says whether to go into the folder (`dir` true) or to keep the entry.
using TreeFilter = std::function<bool(std::string_view relative_path, bool dir)>;
// Everything under `root` that is no folder, sorted by bytes of `path`; links are not followed. Over `max_entries`: kTooLarge.
Result<std::vector<TreeEntry>> ListTree(const std::filesystem::path& root, const TreeFilter& keep = {},
                                        std::size_t max_entries = 10'000'000);

// A new folder under `parent` (default: $TMPDIR or /tmp), removed with its content on destruction.
class TempDir {
 public:
  static Result<TempDir> Make(std::string_view prefix = "mlean", const std::filesystem::path& parent = {});
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) noexcept;
  ~TempDir();
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace mlean::os
