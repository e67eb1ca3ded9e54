// HashState: remembers the md5 of files by path, inode, size, mtime and ctime, so that unchanged files are not read again.
//
// Kept in memory and in one compact file, which is a cache only: it may be deleted at any time, and a damaged one counts as
// empty. A file that changed within the last two seconds before it was hashed is not remembered (a change in the same clock tick
// would not show). Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "os/files.hpp"

namespace mlean::cas {

class HashState {
 public:
  HashState() = default;  // in memory only
  // Reads `file` when it is there.
  static Result<HashState> Open(const std::filesystem::path& file);
  HashState(HashState&& other) noexcept;

  std::optional<std::string> Find(const std::filesystem::path& path, const os::FileStat& stat) const;
  // `now`: wall time after hashing.
  void Remember(const std::filesystem::path& path, const os::FileStat& stat, std::string_view md5, TimeMs now);
  // Writes the file, if there is one and something has changed.
  Result<void> Save();
  std::size_t size() const;

 private:
  struct Entry {
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::int64_t ctime_ns = 0;
    std::string md5;
  };
  std::filesystem::path file_;
  mutable std::mutex mutex_;  // guards all below
  std::unordered_map<std::string, Entry> entries_;
  bool changed_ = false;
};

}  // namespace mlean::cas
