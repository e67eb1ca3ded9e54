#include "cas/object_store.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <set>

#include "cas/children_check.hpp"
#include "cas/file_reader.hpp"
#include "cas/object_finder.hpp"
#include "cas/object_writer.hpp"
#include "cas/tree_hasher.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kObjectMode = 0444;

Error BadId(std::string_view md5) { return Fail(Code::kInvalid, fmt::format("cannot use object '{}': not an md5", md5)); }

}  // namespace

ObjectStore::ObjectStore(StoreOptions options) : options_(std::move(options)) {}
ObjectStore::ObjectStore(fs::path cache_dir, HashState* state)
    : ObjectStore(StoreOptions{.cache_dir = std::move(cache_dir), .state = state}) {}

fs::path ObjectStore::LayoutDir(bool legacy) const { return legacy ? options_.cache_dir : options_.cache_dir / "files" / "md5"; }

fs::path ObjectStore::PathOf(const ObjectId& id) const { return options_.cache_dir / id.Key(); }

fs::path ObjectStore::PathOf(std::string_view md5, bool legacy) const {
  return LayoutDir(legacy) / std::string(md5.substr(0, 2)) / std::string(md5.substr(std::min<std::size_t>(2, md5.size())));
}

Result<bool> ObjectStore::HasObject(const ObjectId& id) const {
  const fs::path path = PathOf(id);
  const Result<FileFacts> facts = FactsOf(path);
  if (!facts) {
    if (facts.error().code == Code::kNotFound || facts.error().code == Code::kInvalid) return false;
    return facts.error();
  }
  static const Md5 empty = Md5Of("");
  const bool is_suspect = facts->size == 0 && id.md5 != empty;
  if (facts->mode == kObjectMode && !is_suspect) return true;
  FileReader reader(nullptr);
  TRY(const HashedFile hashed, reader.Hash(AT_FDCWD, {}, path.c_str(), id.legacy, {}));
  if (hashed.md5 != id.md5) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os::FileError("remove", path, errno);
    return false;
  }
  // Not being able to protect it is no failure: others own the files of a shared cache.
  (void)os::Chmod(path, kObjectMode);
  return true;
}

Result<bool> ObjectStore::Has(std::string_view md5, bool legacy, const Work& work) const {
  const std::optional<ObjectId> id = ObjectId::Parse(md5, legacy);
  if (!id) return BadId(md5);
  TRY(const bool there, HasObject(*id));
  if (!there || !id->is_dir) return there;
  return HasAllChildren(*this, *id, work);
}

Result<std::vector<std::size_t>> ObjectStore::Missing(const Tree& tree, bool legacy, const Work& work) const {
  const ObjectFinder finder(*this, legacy);
  std::vector<std::size_t> missing;
  std::mutex mutex;  // guards missing
  TRYV(ParallelFor(work, tree.size(), 256, [&](std::size_t i, int) -> Result<void> {
    TRY(const bool there, finder.Has({tree[i].md5, false, legacy}));
    if (there) return {};
    const std::lock_guard lock(mutex);
    missing.push_back(i);
    return {};
  }));
  std::sort(missing.begin(), missing.end());
  std::set<Md5> seen;
  std::erase_if(missing, [&](std::size_t i) { return !seen.insert(tree[i].md5).second; });
  return missing;
}

Result<Tree> ObjectStore::ReadTree(std::string_view md5, bool legacy) const {
  const std::optional<ObjectId> id = ObjectId::Parse(md5, legacy);
  if (!id || !id->is_dir) return BadId(md5);
  return Tree::Read(PathOf(*id), &id->md5);
}

Result<ObjectId> ObjectStore::PutBytes(std::string_view bytes) {
  TRY(const std::unique_ptr<ObjectWriter> writer, ObjectWriter::Open(*this, false, {}));
  TRY(const ObjectId id, writer->StoreBytes(bytes));
  TRYV(writer->Finish());
  return id;
}

Result<ObjectInfo> ObjectStore::PutDirObject(const Tree& tree, bool legacy) {
  TRY(const std::unique_ptr<ObjectWriter> writer, ObjectWriter::Open(*this, legacy, {}));
  TRY(const ObjectId id, writer->StoreDir(tree));
  TRYV(writer->Finish());
  ObjectInfo info;
  info.md5 = id.Name();
  info.nfiles = tree.size();
  info.legacy = legacy;
  return info;
}

Result<void> ObjectStore::Adopt(const fs::path& file, const ObjectId& id) {
  TRY(const std::unique_ptr<ObjectWriter> writer, ObjectWriter::Open(*this, id.legacy, {}));
  TRYV(writer->Adopt(file, id));
  return writer->Finish();
}

Result<void> ObjectStore::ForEach(bool legacy, const std::function<Result<void>(const ObjectId& id)>& sink,
                                  const Work& work) const {
  const fs::path layout = LayoutDir(legacy);
  for (int first = 0; first < 256; ++first) {
    if (work.IsCancelled()) return Cancelled();
    const std::string prefix = fmt::format("{:02x}", first);
    const Result<std::vector<std::string>> names = os::ListDir(layout / prefix);
    if (!names && names.error().code == Code::kNotFound) continue;
    if (!names) return names.error();
    for (const std::string& name : *names) {
      if (const std::optional<ObjectId> id = ObjectId::Parse(prefix + name, legacy)) TRYV(sink(*id));
    }
  }
  return {};
}

}  // namespace mlean::cas
