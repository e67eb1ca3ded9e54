// ObjectStore: DVC 3's content-addressed cache, shared with the real tool: ROOT/files/md5/xx/rest, folders as "….dir" objects.
//
// An object is its md5; it is written beside its place and renamed, with mode 0444, which DVC takes as "trusted, do not rehash".
// Folders are hashed as DVC does (reference/dvc.md 1.6): body = Python's json.dumps of [{"md5", "relpath"}…] sorted by relpath.
// Symlinked files count by content; symlinked sub-folders, sockets and pipes are left out. Thread-safe.
//
//   cas::ObjectStore store(project.CacheDir(), &state);
//   TRY(const cas::ObjectInfo info, store.Put("model/m.ubj"));     // hash and keep
//   TRYV(store.Checkout(info, "model/m.ubj"));                     // bring back
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cas/hash_state.hpp"
#include "os/files.hpp"

namespace mlean::cas {

struct ObjectInfo {
  std::string md5;           // 32 hex digits; of a folder with ".dir"
  std::uint64_t size = 0;    // bytes; of a folder the sum
  std::uint64_t nfiles = 0;  // 0 for a file
  bool is_exec = false;      // a file with owner execute permission
  bool IsDir() const { return md5.ends_with(".dir"); }
};

struct TreeFile {
  std::string md5;
  std::string path;  // relative to the folder, '/' between the parts, raw bytes
};

struct HashedTree {
  ObjectInfo info;
  std::string body;                 // of the .dir object
  std::vector<TreeFile> files;      // sorted by the bytes of their paths
  std::vector<os::FileStat> stats;  // of the files when they were hashed, in the same order
};

// md5 of a file's bytes, read in pieces of 1 MiB. `state` may be null.
Result<ObjectInfo> HashFile(const std::filesystem::path& file, HashState* state = nullptr);
// The same; `stat` gets what the file was like when it was hashed.
Result<ObjectInfo> HashFile(const std::filesystem::path& file, HashState* state, os::FileStat& stat);
Result<HashedTree> HashTree(const std::filesystem::path& dir, HashState* state = nullptr);
// Either of them, by what `path` is. kNotFound when it is not there.
Result<ObjectInfo> HashPath(const std::filesystem::path& path, HashState* state = nullptr);

// The text of a .dir object; kCorrupt for anything that DVC would not write, also for paths that leave the folder.
std::string WriteDirObject(std::vector<TreeFile> files);
Result<std::vector<TreeFile>> ReadDirObject(std::string_view body);

class ObjectStore {
 public:
  // `cache_dir` is .dvc/cache; made when first written. `state` may be null, and must outlive the store.
  explicit ObjectStore(std::filesystem::path cache_dir, HashState* state = nullptr);

  std::filesystem::path PathOf(std::string_view md5) const;
  // Whether the object is there and sound: mode 0444 is trusted, any other is hashed again (a bad one is removed, as DVC does).
  // A folder is there when its .dir and all its files are.
  Result<bool> Has(std::string_view md5) const;
  // Hashes and keeps a file or a folder (files first, then the .dir); shares blocks where the file system can. kConflict when a
  // file changes meanwhile.
  Result<ObjectInfo> Put(const std::filesystem::path& path);
  // Makes `target` hold the object, replacing what is there; a target that matches already is left alone. Files are copies with
  // mode 0666 less the umask. kNotFound "cannot check out '…': '<md5>' is not in the cache" before anything is touched.
  Result<void> Checkout(const ObjectInfo& info, const std::filesystem::path& target);
  Result<std::vector<TreeFile>> ReadTree(std::string_view md5) const;

 private:
  Result<void> PutFile(const std::filesystem::path& file, std::string_view md5, const os::FileStat& hashed);
  Result<void> PutBytes(std::string_view bytes, std::string_view md5);
  Result<void> CheckoutFile(std::string_view md5, std::uint32_t mode, const std::filesystem::path& target);
  Result<void> CheckoutTree(std::string_view md5, std::uint32_t mode, const std::filesystem::path& target);
  Result<bool> HasFile(std::string_view md5) const;

  std::filesystem::path cache_dir_;
  HashState* state_;
};

}  // namespace mlean::cas
