// Hashing of files and folders, and the text of .dir objects.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <unordered_set>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "cas/object_store.hpp"
#include "codec/json.hpp"
#include "codec/python_text.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;
using codec::Json;

constexpr std::size_t kReadBytes = 1 << 20;
constexpr std::size_t kMaxDirBytes = std::size_t{1} << 30;

Result<std::string> ReadMd5(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return os::FileError("read", file, errno);
  Hasher hasher(Hasher::Kind::kMd5);
  const std::unique_ptr<char[]> buffer(new char[kReadBytes]);
  for (;;) {
    const ssize_t count = ::read(fd, buffer.get(), kReadBytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const Error error = os::FileError("read", file, errno);
      ::close(fd);
      return error;
    }
    if (count == 0) break;
    hasher.Update(buffer.get(), static_cast<std::size_t>(count));
  }
  ::close(fd);
  return hasher.HexDigest();
}

// A path that stays in its folder: no absolute ones, no empty parts, no "." and "..".
bool IsInside(std::string_view path) {
  if (path.empty() || path.find('\0') != path.npos) return false;
  for (const std::string& part : Split(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

bool IsMd5(std::string_view text) { return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == text.npos; }

}  // namespace

Result<ObjectInfo> HashFile(const fs::path& file, HashState* state) {
  os::FileStat stat;
  return HashFile(file, state, stat);
}

Result<ObjectInfo> HashFile(const fs::path& file, HashState* state, os::FileStat& before) {
  TRY(before, os::Stat(file));
  if (before.kind != os::FileKind::kFile)
    return Fail(Code::kInvalid, fmt::format("cannot hash '{}': not a regular file", file.string()));
  ObjectInfo info;
  info.size = before.size;
  info.is_exec = (before.mode & 0100) != 0;
  if (state != nullptr) {
    if (std::optional<std::string> known = state->Find(file, before)) {
      info.md5 = *std::move(known);
      return info;
    }
  }
  TRY(info.md5, ReadMd5(file));
  if (state != nullptr) {
    // Only when the file did not change while it was read.
    TRY(const os::FileStat after, os::Stat(file));
    if (after.inode == before.inode && after.size == before.size && after.mtime_ns == before.mtime_ns &&
        after.ctime_ns == before.ctime_ns) {
      state->Remember(file, after, info.md5, SystemClock().Now());
    }
  }
  return info;
}

Result<HashedTree> HashTree(const fs::path& dir, HashState* state) {
  TRY(const std::vector<os::TreeEntry> entries, os::ListTree(dir));
  HashedTree tree;
  for (const os::TreeEntry& entry : entries) {
    const fs::path path = dir / entry.path;
    if (entry.stat.kind == os::FileKind::kLink) {
      const Result<os::FileStat> target = os::Stat(path);
      if (!target) return target.error();
      if (target->kind != os::FileKind::kFile) continue;
    } else if (entry.stat.kind != os::FileKind::kFile) {
      continue;
    }
    os::FileStat stat;
    TRY(ObjectInfo file, HashFile(path, state, stat));
    tree.info.size += file.size;
    tree.files.push_back({std::move(file.md5), entry.path});
    tree.stats.push_back(stat);
  }
  tree.info.nfiles = tree.files.size();
  tree.body = WriteDirObject(tree.files);
  tree.info.md5 = Md5Hex(tree.body) + ".dir";
  return tree;
}

Result<ObjectInfo> HashPath(const fs::path& path, HashState* state) {
  if (!os::IsDir(path)) return HashFile(path, state);
  TRY(HashedTree tree, HashTree(path, state));
  return std::move(tree.info);
}

std::string WriteDirObject(std::vector<TreeFile> files) {
  std::sort(files.begin(), files.end(), [](const TreeFile& a, const TreeFile& b) { return codec::PythonLess(a.path, b.path); });
  std::string body = "[";
  for (const TreeFile& file : files) {
    body += body.size() > 1 ? ", {\"md5\": \"" : "{\"md5\": \"";
    body += file.md5;
    body += "\", \"relpath\": ";
    codec::AppendPythonJsonString(body, file.path);
    body += '}';
  }
  return body + "]";
}

Result<std::vector<TreeFile>> ReadDirObject(std::string_view body) {
  const auto bad = [](std::string_view cause) {
    return Fail(Code::kCorrupt, fmt::format("cannot read a .dir object: {}", cause));
  };
  if (body.size() > kMaxDirBytes) return bad("it is too large");
  const Result<Json> list = Json::Parse(body, {.max_depth = 4, .surrogate_escape = true});
  if (!list) return bad(list.error().what);
  if (!list->IsArray()) return bad("not a list");
  std::vector<TreeFile> files;
  files.reserve(list->AsArray().size());
  std::unordered_set<std::string> seen;
  for (const Json& item : list->AsArray()) {
    const Result<std::string> md5 = item.StringAt("md5");
    const Result<std::string> path = item.StringAt("relpath");
    if (!md5 || !path) return bad(!md5 ? md5.error().what : path.error().what);
    if (!IsMd5(*md5)) return bad(fmt::format("'{}' is no md5", *md5));
    if (!IsInside(*path)) return bad(fmt::format("the path '{}' leaves its folder", *path));
    if (!seen.insert(*path).second) return bad(fmt::format("the path '{}' occurs twice", *path));
    files.push_back({*md5, *path});
  }
  return files;
}

}  // namespace mlean::cas
