// ObjectStore: DVC's content-addressed cache, shared with the real tool: ROOT/files/md5/xx/rest, legacy ROOT/xx/rest; folders as
// "….dir" objects.
//
// An object is its md5; it is written under a temporary name in its folder, gets mode 0444, which DVC takes as "trusted, do not
// rehash", and is renamed: a killed process leaves no broken objects. Power loss may leave empty ones behind (they are taken as
// absent) unless `durable` is set, which syncs each object first. The .dir of a folder is stored after its files. Thread-safe.
//
//   cas::ObjectStore store({.cache_dir = dir, .state = &state});
//   TRY(const cas::ObjectInfo info, store.Put("model/m.ubj"));                 // hash and keep
//   TRY(cas::CheckoutPlan plan, cas::CheckoutPlan::Make(store, info, path));   // bring back: checkout.hpp
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cas/file_hash.hpp"
#include "cas/hash_state.hpp"
#include "cas/link.hpp"
#include "cas/object_id.hpp"
#include "cas/tree.hpp"
#include "cas/work.hpp"

namespace mlean::cas {

struct StoreOptions {
  std::filesystem::path cache_dir;                                           // .dvc/cache; made when first written
  HashState* state = nullptr;                                                // outlives the store
  std::vector<LinkType> link_types = {LinkType::kReflink, LinkType::kCopy};  // cache.type
  std::filesystem::path temp_dir;  // of the repository: where files that replace others are made (link.hpp)
  bool group_shared = false;       // cache.shared = group: folders 02775, files 0664 before they are protected
  bool durable = false;            // survive power loss: slow
};

struct PutOptions {
  bool legacy = false;
  IgnoreRule ignored;
  Work work;
  std::vector<ScanWarning>* warnings = nullptr;  // what was left out is added here
  // Makes objects hard links of the files where possible, as DVC does when the workspace is linked to the cache afterwards and
  // hardlink is the first link type. The files become read-only.
  bool hardlink = false;
  // All of that in one go (what `dvc add` does): when everything is stored, files whose kind of link is not the one that the link
  // types ask for are linked to their objects; includes `hardlink` where that is the first type.
  bool relink = false;
};

class ObjectStore {
 public:
  explicit ObjectStore(StoreOptions options);
  explicit ObjectStore(std::filesystem::path cache_dir, HashState* state = nullptr);

  const StoreOptions& options() const { return options_; }
  std::filesystem::path LayoutDir(bool legacy) const;  // "files/md5" in the cache, or the cache itself
  std::filesystem::path PathOf(const ObjectId& id) const;
  std::filesystem::path PathOf(std::string_view md5, bool legacy = false) const;

  // Whether this one object is there and sound: mode 0444 is trusted, any other is hashed again (a bad one is removed, as DVC
  // does); an empty object that should not be empty is bad.
  Result<bool> HasObject(const ObjectId& id) const;
  // The same with a folder's files. kInvalid when `md5` is no object's name.
  Result<bool> Has(std::string_view md5, bool legacy = false, const Work& work = {}) const;
  // Which of the tree's objects are not there: indices into the tree, of the first file for each object.
  Result<std::vector<std::size_t>> Missing(const Tree& tree, bool legacy = false, const Work& work = {}) const;

  // Hashes and keeps a file or a folder (files first, then the .dir): each file is read once, and what is returned is what was
  // stored, also when a file changes meanwhile. When it fails, what had been stored stays. Links to folders, pipes and the like
  // are left out with a warning.
  Result<ObjectInfo> Put(const std::filesystem::path& path, const PutOptions& options = {});
  Result<HashedTree> PutTree(const std::filesystem::path& dir, const PutOptions& options = {});
  // Only the .dir object; its files are the caller's business. size is 0.
  Result<ObjectInfo> PutDirObject(const Tree& tree, bool legacy = false);
  Result<ObjectId> PutBytes(std::string_view bytes);
  // Takes a file that nobody changes as an object, by a hard link where possible (`dvc cache migrate`); `id` is what
  // it was hashed to.
  Result<void> Adopt(const std::filesystem::path& file, const ObjectId& id);

  // kNotFound when it is not in the cache, kCorrupt when its bytes do not have its md5.
  Result<Tree> ReadTree(std::string_view md5, bool legacy = false) const;

  // All objects of one layout, in no order; files with other names are passed over. Called by one thread.
  Result<void> ForEach(bool legacy, const std::function<Result<void>(const ObjectId& id)>& sink, const Work& work = {}) const;

 private:
  Result<ObjectInfo> PutFile(const std::filesystem::path& file, const PutOptions& options);
  StoreOptions options_;
};

}  // namespace mlean::cas
