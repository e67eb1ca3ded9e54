// Download: brings one object of a remote to a local file, hashed while it comes, whole or not at all.
//
// The bytes go to ".<random>.tmp" beside the target, which is renamed when they have the right md5. When a transfer of 8 MiB or
// more breaks off, its part stays as ".parts/<name>" beside the target and the next try, also of another process, goes on from
// there. Thread-safe for different targets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "remotes/remote.hpp"

namespace mlean::remotes {

// md5 (hex) of a file as the legacy layout counts it; given by the room that hashes files.
using LegacyHash = std::function<Result<std::string>(const std::filesystem::path& file)>;

struct DownloadOptions {
  std::string md5;                                    // hex; the file must have it. "": any content
  LegacyHash legacy_hash;                             // when set, `md5` is compared with this instead, after the download
  std::uint32_t mode = 0;                             // 0: 0666 less the umask. Objects: 0444
  std::uint64_t max_bytes = UINT64_MAX;               // kTooLarge beyond
  std::function<void(std::uint64_t bytes)> on_bytes;  // bytes since the last call
};

struct Downloaded {
  std::uint64_t size = 0;
  std::string md5;  // hex, of the bytes
};

// kCorrupt "cannot fetch '<key>': its md5 is … instead of …" leaves nothing behind.
Result<Downloaded> Download(Remote& remote, std::string_view key, const std::filesystem::path& target,
                            const DownloadOptions& options);

}  // namespace mlean::remotes
