// HashState: remembers the md5 of files and folders, so that unchanged ones are not read again.
//
// A file is the same when its path, inode, size, mtime and ctime are (to the nanosecond). To also see a change that falls into
// the same tick of the file system's clock, a file is only remembered when it was older than that clock at a time before its
// bytes were read (git's rule for racily clean files): any later change then gets a newer ctime. A folder is the same when all
// its files are.
//
// Kept in one file of 32-byte records, sorted runs one behind the other: reading 100,000 takes a few ms, saving appends only what
// is new, and many old runs are now and then made one. It is a cache only: it may be deleted at any time; damaged parts are
// dropped. Several processes may use it at once. Thread-safe. Memory: the records (32 MB a million).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cas/object_id.hpp"
#include "cas/scanner.hpp"

namespace mlean::cas {

class HashState {
 public:
  // One file or folder in one condition. Keys are hashes; an accidental match of two is as likely as 1 : 2^64.
  struct Key {
    std::uint64_t path = 0;
    std::uint64_t condition = 0;
  };
  struct Record {
    Key key;
    Md5 md5{};
  };

  HashState();  // in memory only
  // Reads `file` when first asked and it is there. A file that is damaged or cannot be read counts as empty, one that cannot be
  // written is not. Its folder is made when first saved.
  static Result<HashState> Open(const std::filesystem::path& file);
  HashState(HashState&&) noexcept;
  HashState& operator=(HashState&&) noexcept;
  ~HashState();

  // `path` absolute or not: the same text must be used again. `legacy`: the other kind of md5.
  static Key KeyOfFile(std::string_view path, const FileFacts& facts, bool legacy = false);
  // The file `index` of a listing; the same as KeyOfFile of the whole path.
  static Key KeyOfFile(const Listing& listing, std::size_t index, bool legacy = false);
  static std::uint64_t PathKey(std::string_view path);  // Listing::path_key of the same path
  // A folder with all its files, added in any order; `path` as it was scanned.
  class FolderSum {
   public:
    void Add(std::uint64_t path_key, const FileFacts& facts);
    Key KeyOf(std::string_view path, bool legacy = false) const;

   private:
    std::uint64_t sum_ = 0;
    std::uint64_t count_ = 0;
  };
  static Key KeyOfFolder(std::string_view path, const Listing& listing, bool legacy = false);

  std::optional<Md5> Find(const Key& key) const;

  // A time of the clock of the file system that the state lies on, to be asked for before bytes are read.
  struct Moment {
    std::int64_t ns = 0;
    std::uint32_t device = 0;
  };
  Moment Now() const;
  // Whether a file in this condition at that moment cannot have changed since without showing it. On other file systems than the
  // state's, whose clocks may be coarser or go otherwise, it must be two seconds old.
  static bool IsSettled(const FileFacts& facts, const Moment& moment);

  void Remember(const Key& key, const Md5& md5);
  void Remember(std::vector<Record> records);
  // For files that this process has made just now (checkout): trusted when they are settled at the time of Save, as in git.
  // `newest` has the latest times, for a folder of all its files.
  void RememberMade(const Key& key, const Md5& md5, const FileFacts& newest);

  // Appends what is new to the file, if there is one, and frees the memory; what is asked for later is read again. A failed save
  // is an error, but only costs time later.
  Result<void> Save();
  std::size_t size() const;  // records, old ones of the same path counted

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace mlean::cas
