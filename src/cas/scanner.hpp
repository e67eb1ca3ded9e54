// ScanTree: the files of a folder with what stat tells of them, read by several threads.
//
// Regular files count; symlinks to files count by what they point to. Links to folders and files that are no regular ones (pipes,
// sockets, devices) are left out, and told as warnings. Empty folders do not count. Names are raw bytes. Files that vanish while
// the folder is read are left out; a folder that cannot be read is an error, and so is a link to nothing, unless it is wanted as
// a warning.
//
//   TRY(const cas::Listing files, cas::ScanTree(dir, {.ignored = ignored}));
//   for (std::size_t i = 0; i < files.size(); ++i) use(files.path(i), files.facts(i));
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cas/work.hpp"

namespace mlean::cas {

// What counts of a file for knowing whether it is still the same.
struct FileFacts {
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint32_t device = 0;     // its number, folded
  std::uint16_t mode = 0;       // permission bits
  bool is_link = false;         // the name is a symlink; the rest is about the file that it points to
  bool is_hard_linked = false;  // has other names
  std::int64_t newest_ns() const { return mtime_ns > ctime_ns ? mtime_ns : ctime_ns; }
  bool IsExec() const { return (mode & 0111) != 0; }  // for anybody, as in DVC
  // The same bytes, as far as stat can tell.
  bool SameContent(const FileFacts& other) const {
    return size == other.size && inode == other.inode && mtime_ns == other.mtime_ns && ctime_ns == other.ctime_ns;
  }
  // Whether a file that was as this is still untouched when it is looked at again soon. What other links of an object do shows
  // in the ctime, which therefore does not count for linked ones.
  bool IsStill(const FileFacts& now) const {
    const bool is_linked = is_link || is_hard_linked;
    return size == now.size && inode == now.inode && mtime_ns == now.mtime_ns && (is_linked || ctime_ns == now.ctime_ns);
  }
};

// kNotFound when nothing is there (also for a link to nothing), kInvalid when it is no regular file.
Result<FileFacts> FactsOf(const std::filesystem::path& file);

struct ScanWarning {
  enum class Kind : std::uint8_t {
    kLinkToFolder,  // left out
    kSpecialFile,   // left out
    kBrokenLink,    // left out; only with ScanOptions::broken_links
    kUndecodable,   // kept; the name is not UTF-8, the Python tool cannot add it
  };
  Kind kind = Kind::kSpecialFile;
  std::string path;  // relative to the scanned folder
  // "skipped 'd/pipe': not a regular file"
  std::string Text() const;
};

// Whether to leave out the path (relative to the scanned folder). A folder that is ignored is not entered. Called by several
// threads at once.
using IgnoreRule = std::function<bool(std::string_view path, bool is_dir)>;

class PathArena;
struct ScanOptions;

// The files, sorted as Python sorts their paths. About 70 bytes a file and its path.
class Listing {
 public:
  Listing();
  Listing(Listing&&) noexcept;
  Listing& operator=(Listing&&) noexcept;
  ~Listing();

  std::size_t size() const;
  // Relative, '/' between the parts, ended by a NUL; valid as long as the listing.
  std::string_view path(std::size_t index) const;
  const FileFacts& facts(std::size_t index) const;
  // HashState's name for the file: of the scanned folder's text and the path.
  std::uint64_t path_key(std::size_t index) const;
  std::uint64_t bytes() const;  // of all files
  // A file was found to be different when it was opened. By several threads at once for different files.
  void Replace(std::size_t index, const FileFacts& facts);
  // What holds the paths, for those who keep them longer than the listing.
  std::shared_ptr<const PathArena> arena() const;
  const std::vector<ScanWarning>& warnings() const;
  // Folders below the root, with empty ones; only with ScanOptions::folders. Sorted, parents first.
  const std::vector<std::string>& folders() const;

  struct Data;

 private:
  friend Result<Listing> ScanTree(const std::filesystem::path& dir, const ScanOptions& options);
  std::unique_ptr<Data> data_;
};

struct ScanOptions {
  IgnoreRule ignored;            // empty: nothing is
  bool folders = false;          // list folders too
  bool refuse_dvcignore = true;  // a .dvcignore that is not ignored itself is an error, as in DVC
  bool sorted = true;
  bool broken_links = false;  // tell links to nothing as warnings, instead of failing
  Work work;
};
// `dir` may be a link to a folder. kDenied with DVC's own text ".dvcignore file should not be in collected dir path: '…'";
// kNotFound when there is no folder; kInvalid for a link to nothing; kTooLarge over 100 million files.
Result<Listing> ScanTree(const std::filesystem::path& dir, const ScanOptions& options);
Result<Listing> ScanTree(const std::filesystem::path& dir);

}  // namespace mlean::cas
