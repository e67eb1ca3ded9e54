// Links between the cache and the workspace (cache.type): the kinds, their order of trial, and how a file is linked now.
//
// Kinds are tried in the configured order; a kind that the file system refuses (EPERM, ENOTSUP, EXDEV, ENOTTY, ENOSYS, EINVAL,
// EAGAIN) is not tried again by the same Linker. Empty files are made anew, never hard-linked (their one object would run into
// the limit on links). Symlinks are absolute. Copies and reflinks get mode 0666 less the umask; hard links and symlinks stay as
// read-only as the object.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cas/scanner.hpp"

namespace mlean::cas {

enum class LinkType : std::uint8_t { kReflink, kHardlink, kSymlink, kCopy };

std::optional<LinkType> ParseLinkType(std::string_view name);  // "reflink" "hardlink" "symlink" "copy"
std::string_view NameOf(LinkType type);

// The umask of this process, read without changing it.
std::uint32_t Umask();

struct LinkOptions {
  bool exec = false;                // executable for the owner; always a copy, because a link would change the object's mode
  bool replace = true;              // false: kExists when something is there
  std::optional<LinkType> present;  // what `to` is now: when it comes to that kind, nothing is done
};

// Makes files of objects. Thread-safe.
class Linker {
 public:
  // `types` in order of trial; nothing else is tried. `temp_dir`: where files that replace others are made, to be renamed, so
  // that a kill leaves nothing among the user's files; beside them when it is empty, missing or on another file system.
  explicit Linker(const std::vector<LinkType>& types, std::filesystem::path temp_dir = {});

  // Makes `to` hold `object`, in one step; the folder must exist. kUnsupported when all kinds were refused.
  Result<LinkType> Link(const std::filesystem::path& object, const std::filesystem::path& to, const LinkOptions& options = {});

  std::uint32_t mode() const { return mode_; }  // of copies

 private:
  // 0 or errno.
  int Place(LinkType type, const std::filesystem::path& object, const std::filesystem::path& to,
            const LinkOptions& options) const;

  std::vector<LinkType> types_;
  std::filesystem::path temp_dir_;
  std::atomic<std::size_t> first_ = 0;  // earlier kinds were refused
  std::uint32_t mode_;
};

// How the file is linked to the object; a reflink looks like a copy. Nothing for a link to something else.
std::optional<LinkType> LinkOf(const std::filesystem::path& file, const FileFacts& facts, const std::filesystem::path& object);

// Whether a file that was stored must be linked to its object: not when its kind is any one of `types` (DVC's rule for add and
// commit).
bool NeedsRelink(const std::filesystem::path& file, const FileFacts& facts, const std::filesystem::path& object,
                 const std::vector<LinkType>& types);

}  // namespace mlean::cas
