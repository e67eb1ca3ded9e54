#include "remotes/download.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "remotes/local_files.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kWorthKeeping = 8u << 20;

// In a folder that is there only when something is kept: to look in vain for a name among many costs as much as a read.
fs::path KeptPart(const fs::path& target) { return target.parent_path() / ".parts" / target.filename(); }

Result<void> Check(PartFile& part, std::string_view key, const DownloadOptions& options, std::string& md5) {
  md5 = part.HexDigest();
  if (options.md5.empty()) return {};
  std::string found = md5;
  if (options.legacy_hash) {
    TRY(found, options.legacy_hash(part.path()));
  }
  if (found == options.md5) return {};
  return Fail(Code::kCorrupt, fmt::format("cannot fetch '{}': its md5 is {} instead of {}", key, found, options.md5));
}

}  // namespace

Result<Downloaded> Download(Remote& remote, std::string_view key, const fs::path& target, const DownloadOptions& options) {
  // Only what can be checked at the end may be put together from two tries.
  const fs::path kept = options.md5.empty() ? fs::path() : KeptPart(target);
  Downloaded done;
  TRY(PartFile part, PartFile::Open(target, options.mode, kept));
  const bool resumed = part.size() > 0;
  if (resumed && options.on_bytes) options.on_bytes(part.size());
  const Result<void> read = remote.Read(key, part.size(), [&](std::string_view piece) -> Result<void> {
    if (piece.size() > options.max_bytes - std::min(options.max_bytes, part.size()))
      return Fail(Code::kTooLarge, fmt::format("cannot fetch '{}': it is over {} bytes", key, options.max_bytes));
    TRYV(part.Write(piece));
    if (options.on_bytes) options.on_bytes(piece.size());
    return {};
  });
  if (!read) {
    const bool hopeless = read.error().code == Code::kNotFound || read.error().code == Code::kTooLarge;
    if (part.size() >= kWorthKeeping && !kept.empty() && !hopeless) part.Keep(kept);
    return read.error();
  }
  done.size = part.size();
  const Result<void> checked = Check(part, key, options, done.md5);
  if (!checked) return checked.error();
  TRYV(part.Commit());
  return done;
}

}  // namespace mlean::remotes
