#include "cas/object_store.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_set>

#include "base/digest.hpp"
#include "base/ids.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kObjectMode = 0444;

bool IsDirId(std::string_view md5) { return md5.ends_with(".dir"); }

bool IsId(std::string_view md5) {
  if (IsDirId(md5)) md5.remove_suffix(4);
  return md5.size() == 32 && md5.find_first_not_of("0123456789abcdef") == md5.npos;
}

Error BadId(std::string_view md5) { return Fail(Code::kInvalid, fmt::format("cannot use object '{}': not an md5", md5)); }

// A temporary neighbour of `path`, named as DVC names its own.
fs::path TempName(const fs::path& path) { return path.parent_path() / fmt::format(".{}.tmp", NewHex32()); }

// Copies `from` to `to` by way of a temporary file; reflinks where the file system can. `to` gets `mode` when not 0.
Result<void> CopyInto(const fs::path& from, const fs::path& to, std::uint32_t mode) {
  const fs::path temp = TempName(to);
  Result<void> done = os::Link(os::LinkKind::kReflink, from, temp);
  // A reflink of a file system that refuses may leave an empty file behind.
  if (!done) {
    TRYV(os::Remove(temp));
    done = os::CopyFile(from, temp, {.mode = 0666, .sync = false});
  }
  if (done && mode != 0) done = os::Chmod(temp, mode);
  if (done) done = os::Rename(temp, to);
  if (!done) (void)os::Remove(temp);
  return done;
}

}  // namespace

ObjectStore::ObjectStore(fs::path cache_dir, HashState* state) : cache_dir_(std::move(cache_dir)), state_(state) {}

fs::path ObjectStore::PathOf(std::string_view md5) const {
  return cache_dir_ / "files" / "md5" / std::string(md5.substr(0, 2)) /
         std::string(md5.substr(std::min<std::size_t>(2, md5.size())));
}

Result<bool> ObjectStore::HasFile(std::string_view md5) const {
  const fs::path path = PathOf(md5);
  const Result<os::FileStat> stat = os::Stat(path);
  if (!stat) {
    if (stat.error().code == Code::kNotFound) return false;
    return stat.error();
  }
  if (stat->kind != os::FileKind::kFile) return false;
  if (stat->mode == kObjectMode) return true;
  TRY(const ObjectInfo info, HashFile(path));
  if (info.md5 == md5.substr(0, 32)) {
    TRYV(os::Chmod(path, kObjectMode));
    return true;
  }
  TRYV(os::Remove(path));
  return false;
}

Result<bool> ObjectStore::Has(std::string_view md5) const {
  if (!IsId(md5)) return BadId(md5);
  TRY(const bool there, HasFile(md5));
  if (!there || !IsDirId(md5)) return there;
  TRY(const std::vector<TreeFile> files, ReadTree(md5));
  std::unordered_set<std::string> asked;
  for (const TreeFile& file : files) {
    if (!asked.insert(file.md5).second) continue;
    TRY(const bool child, HasFile(file.md5));
    if (!child) return false;
  }
  return true;
}

Result<std::vector<TreeFile>> ObjectStore::ReadTree(std::string_view md5) const {
  if (!IsId(md5) || !IsDirId(md5)) return BadId(md5);
  TRY(const std::string body, os::ReadFile(PathOf(md5)));
  if (Md5Hex(body) != md5.substr(0, 32)) {
    return Fail(Code::kCorrupt, fmt::format("cannot read object '{}': its bytes have another md5", md5));
  }
  return ReadDirObject(body);
}

Result<void> ObjectStore::PutFile(const fs::path& file, std::string_view md5, const os::FileStat& hashed) {
  TRY(const bool there, HasFile(md5));
  if (there) return {};
  const fs::path path = PathOf(md5);
  TRYV(os::MakeDirs(path.parent_path()));
  TRYV(CopyInto(file, path, kObjectMode));
  TRY(const os::FileStat now, os::Stat(file));
  if (now.inode == hashed.inode && now.size == hashed.size && now.mtime_ns == hashed.mtime_ns && now.ctime_ns == hashed.ctime_ns)
    return {};
  TRYV(os::Remove(path));
  return Fail(Code::kConflict, fmt::format("cannot store '{}': it changed meanwhile", file.string()));
}

Result<void> ObjectStore::PutBytes(std::string_view bytes, std::string_view md5) {
  TRY(const bool there, HasFile(md5));
  if (there) return {};
  const fs::path path = PathOf(md5);
  TRYV(os::MakeDirs(path.parent_path()));
  const fs::path temp = TempName(path);
  TRYV(os::WriteFileAtomic(temp, bytes, {.sync = false}));
  TRYV(os::Chmod(temp, kObjectMode));
  return os::Rename(temp, path);
}

Result<ObjectInfo> ObjectStore::Put(const fs::path& path) {
  if (!os::IsDir(path)) {
    os::FileStat stat;
    TRY(ObjectInfo info, HashFile(path, state_, stat));
    TRYV(PutFile(path, info.md5, stat));
    return info;
  }
  TRY(HashedTree tree, HashTree(path, state_));
  for (std::size_t i = 0; i < tree.files.size(); ++i) TRYV(PutFile(path / tree.files[i].path, tree.files[i].md5, tree.stats[i]));
  // Last: a .dir that is there says that its files are.
  TRYV(PutBytes(tree.body, tree.info.md5));
  return std::move(tree.info);
}

namespace {

// The mode of a new file in `folder`: 0666 less the umask, which only a new file tells without changing it for other threads.
Result<std::uint32_t> NewFileMode(const fs::path& folder) {
  const fs::path probe = TempName(folder / "probe");
  TRYV(os::WriteFileAtomic(probe, "", {.mode = 0666, .sync = false}));
  const Result<os::FileStat> stat = os::Stat(probe);
  TRYV(os::Remove(probe));
  if (!stat) return stat.error();
  return stat->mode;
}

}  // namespace

Result<void> ObjectStore::CheckoutFile(std::string_view md5, std::uint32_t mode, const fs::path& target) {
  const Result<os::FileStat> stat = os::StatLink(target);
  if (stat && stat->kind == os::FileKind::kFile) {
    TRY(const ObjectInfo now, HashFile(target, state_));
    if (now.md5 == md5 && now.is_exec == ((mode & 0100) != 0)) return {};
  } else if (stat && stat->kind == os::FileKind::kDir) {
    TRYV(os::RemoveTree(target));
  }
  TRYV(os::MakeDirs(target.parent_path()));
  return CopyInto(PathOf(md5), target, mode);
}

Result<void> ObjectStore::CheckoutTree(std::string_view md5, std::uint32_t mode, const fs::path& target) {
  TRY(const std::vector<TreeFile> files, ReadTree(md5));
  const Result<os::FileStat> stat = os::StatLink(target);
  if (stat && stat->kind != os::FileKind::kDir) TRYV(os::Remove(target));
  TRYV(os::MakeDirs(target));
  std::unordered_set<std::string> wanted;
  for (const TreeFile& file : files) wanted.insert(file.path);
  TRY(const std::vector<os::TreeEntry> present, os::ListTree(target));
  for (const os::TreeEntry& entry : present) {
    if (!wanted.contains(entry.path)) TRYV(os::Remove(target / entry.path));
  }
  for (const TreeFile& file : files) {
    // DVC does not keep executable bits of folder members; one that is there stays.
    const Result<os::FileStat> now = os::Stat(target / file.path);
    const std::uint32_t exec = now && now->kind == os::FileKind::kFile ? now->mode & 0100 : 0;
    TRYV(CheckoutFile(file.md5, mode | exec, target / file.path));
  }
  return {};
}

Result<void> ObjectStore::Checkout(const ObjectInfo& info, const fs::path& target) {
  TRY(const bool there, Has(info.md5));
  if (!there) {
    return Fail(Code::kNotFound, fmt::format("cannot check out '{}': '{}' is not in the cache", target.string(), info.md5),
                "mlean pull");
  }
  TRYV(os::MakeDirs(target.parent_path()));
  TRY(const std::uint32_t mode, NewFileMode(target.parent_path()));
  return info.IsDir() ? CheckoutTree(info.md5, mode, target) : CheckoutFile(info.md5, mode | (info.is_exec ? 0100 : 0), target);
}

}  // namespace mlean::cas
