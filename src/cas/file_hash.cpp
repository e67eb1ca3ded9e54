#include "cas/file_hash.hpp"

#include <fcntl.h>

#include "cas/file_reader.hpp"
#include "cas/tree_hasher.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

Result<Listing> ScanFor(const std::filesystem::path& dir, const HashOptions& options) {
  TRY(Listing listing,
      ScanTree(dir, {.ignored = options.ignored, .sorted = false, .broken_links = options.broken_links, .work = options.work}));
  if (options.warnings != nullptr) {
    options.warnings->insert(options.warnings->end(), listing.warnings().begin(), listing.warnings().end());
  }
  return listing;
}

Result<HashedTree> HashListed(TreeHasher& hasher) {
  TRYV(hasher.LookUp({}));
  TRYV(hasher.HashRest());
  return hasher.Finish();
}

}  // namespace

Result<ObjectInfo> HashFile(const std::filesystem::path& file, const HashOptions& options) {
  TRY(const FileFacts facts, FactsOf(file));
  ObjectInfo info;
  info.size = facts.size;
  info.is_exec = facts.IsExec();
  info.legacy = options.legacy;
  if (options.state != nullptr) {
    if (const auto known = options.state->Find(HashState::KeyOfFile(file.native(), facts, options.legacy))) {
      info.md5 = HexOf(*known);
      return info;
    }
  }
  options.work.Expect(1, facts.size);
  FileReader reader(options.state);
  TRY(const HashedFile hashed, reader.Hash(AT_FDCWD, {}, file.c_str(), options.legacy, options.work));
  info.md5 = HexOf(hashed.md5);
  info.size = hashed.facts.size;
  if (hashed.is_settled) {
    options.state->Remember(HashState::KeyOfFile(file.native(), hashed.facts, options.legacy), hashed.md5);
  }
  return info;
}

Result<HashedTree> HashTree(const std::filesystem::path& dir, const HashOptions& options) {
  TRY(Listing listing, ScanFor(dir, options));
  TreeHasher hasher(dir, std::move(listing), options.state, options.legacy, options.work);
  return HashListed(hasher);
}

Result<ObjectInfo> HashPath(const std::filesystem::path& path, const HashOptions& options) {
  if (!os::IsDir(path)) return HashFile(path, options);
  TRY(Listing listing, ScanFor(path, options));
  TreeHasher hasher(path, std::move(listing), options.state, options.legacy, options.work);
  if (std::optional<ObjectInfo> info = hasher.FindFolder()) return *std::move(info);
  TRY(HashedTree tree, HashListed(hasher));
  return std::move(tree.info);
}

}  // namespace mlean::cas
