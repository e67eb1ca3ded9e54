// Inside of the remotes room: files in the making and copies that keep to one pass over the data.
//
// Errors as in os/files.hpp. Files and folders are not flushed to the disk: objects are named by their content, so a torn one is
// found out and fetched again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/result.hpp"

namespace mlean::remotes {

// The random name of a file in the making, beside `target`: ".<random>.tmp".
std::filesystem::path TempBeside(const std::filesystem::path& target);

// Makes a folder and those above it; `group` gives new ones mode 02775.
Result<void> MakeFolders(const std::filesystem::path& folder, bool group = false);

// A file in the making beside its target, hashed while it is written. The destructor removes what was not committed.
class PartFile {
 public:
  // Makes missing folders. `mode` of the file, 0: 0666 less the umask. `kept` names the part that an earlier try left behind,
  // taken over when it is there: size() says how much of it there is; its bytes are hashed by this call. Its folder goes with the
  // last one.
  static Result<PartFile> Open(const std::filesystem::path& target, std::uint32_t mode, const std::filesystem::path& kept = {});
  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile();

  Result<void> Write(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  std::string HexDigest() { return hasher_.HexDigest(); }  // once
  const std::filesystem::path& path() const { return path_; }
  Result<void> Commit();  // renames it to the target
  // Leaves it behind under `kept` for a later try; makes the folder.
  void Keep(const std::filesystem::path& kept) noexcept;

 private:
  PartFile(std::filesystem::path target, std::filesystem::path path, int fd, std::uint32_t mode);
  Result<void> HashExisting();
  std::filesystem::path target_;
  std::filesystem::path path_;  // empty: committed, kept or moved from
  int fd_ = -1;
  std::uint32_t mode_ = 0;
  std::uint64_t size_ = 0;
  Hasher hasher_;
};

// Copies inside the kernel where it can (sharing blocks on file systems that do that) and renames at the end. `on_bytes` gets
// what was copied since its last call; false cancels (kCancelled). `exclusive`: kExists when `to` is there.
struct CopyFileOptions {
  std::uint32_t mode = 0444;
  bool exclusive = false;
  std::function<bool(std::uint64_t bytes)> on_bytes;
};
Result<void> CopyFileInto(const std::filesystem::path& from, const std::filesystem::path& to,
                          const CopyFileOptions& options = {});

// Reads a file from `offset` in pieces of up to 1 MiB.
Result<void> ReadPieces(const std::filesystem::path& file, std::uint64_t offset,
                        const std::function<Result<void>(std::string_view)>& sink);

// md5 in hex of a file's bytes.
Result<std::string> Md5OfFile(const std::filesystem::path& file);

}  // namespace mlean::remotes
