#include "os/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <system_error>

#include "base/ids.hpp"
#include "base/text.hpp"

namespace mlean::os {
namespace {

namespace fs = std::filesystem;

int OpenRetry(const fs::path& path, int flags, std::uint32_t mode = 0) {
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

// All of it, or false with errno set.
bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

struct FdGuard {
  int fd;
  ~FdGuard() { ::close(fd); }
};

Result<void> SyncFolder(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const int fd = OpenRetry(folder, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return FileError("open folder", folder, errno);
  const FdGuard guard{fd};
  // Some file systems cannot sync a folder and say EINVAL; there is nothing more to do there.
  if (::fsync(fd) != 0 && errno != EINVAL) return FileError("sync folder", folder, errno);
  return {};
}

FileStat FromStat(const struct stat& st) {
  FileStat out;
  out.kind = S_ISREG(st.st_mode)   ? FileKind::kFile
             : S_ISDIR(st.st_mode) ? FileKind::kDir
             : S_ISLNK(st.st_mode) ? FileKind::kLink
                                   : FileKind::kOther;
  out.size = static_cast<std::uint64_t>(st.st_size);
  out.mtime_ns = st.st_mtim.tv_sec * std::int64_t{1'000'000'000} + st.st_mtim.tv_nsec;
  out.ctime_ns = st.st_ctim.tv_sec * std::int64_t{1'000'000'000} + st.st_ctim.tv_nsec;
  out.inode = st.st_ino;
  out.device = st.st_dev;
  out.links = st.st_nlink;
  out.mode = st.st_mode & 07777;
  return out;
}

}  // namespace

bool MeansFull(int number) { return number == ENOSPC || number == EDQUOT || number == EFBIG; }

Error FileError(std::string_view verb, const fs::path& path, int number) {
  const Code code = number == ENOENT || number == ENOTDIR ? Code::kNotFound
                    : number == EEXIST                    ? Code::kExists
                    : MeansFull(number)                   ? Code::kFull
                                                          : Code::kIo;
  return Fail(code, fmt::format("cannot {} '{}': {}", verb, path.string(), std::generic_category().message(number)));
}

// ---- whole files

Result<std::string> ReadFile(const fs::path& path, std::uint64_t max_bytes) {
  const int fd = OpenRetry(path, O_RDONLY);
  if (fd < 0) return FileError("read", path, errno);
  const FdGuard guard{fd};
  struct stat st {};
  if (::fstat(fd, &st) != 0) return FileError("read", path, errno);
  const auto too_large = [&] {
    return Fail(Code::kTooLarge, fmt::format("cannot read '{}': over {}", path.string(), HumanBytes(max_bytes)));
  };
  const std::uint64_t expected = S_ISREG(st.st_mode) ? static_cast<std::uint64_t>(st.st_size) : 0;
  if (expected > max_bytes) return too_large();
  // One byte more than expected, so that the usual read finds the end at once; a file that grows meanwhile goes on in steps.
  std::string out(static_cast<std::size_t>(expected) + 1, '\0');
  std::size_t filled = 0;
  for (;;) {
    if (filled == out.size()) out.resize(std::max<std::size_t>(2 * out.size(), 4096));
    const ssize_t n = ::read(fd, out.data() + filled, out.size() - filled);
    if (n < 0) {
      if (errno == EINTR) continue;
      return FileError("read", path, errno);
    }
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
    if (filled > max_bytes) return too_large();
  }
  out.resize(filled);
  return out;
}

Result<void> ReadPieces(const fs::path& path, const TakePiece& take) {
  const int fd = OpenRetry(path, O_RDONLY);
  if (fd < 0) return FileError("read", path, errno);
  const FdGuard guard{fd};
  std::string buffer(1 << 20, '\0');
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("read", path, errno);
    if (n == 0) return {};
    TRYV(take(std::string_view(buffer.data(), static_cast<std::size_t>(n))));
  }
}

Result<void> WriteFileAtomic(const fs::path& path, std::string_view bytes, const WriteOptions& options) {
  TRY(AtomicFile file, AtomicFile::Open(path, options));
  TRYV(file.Write(bytes));
  return file.Commit();
}

Result<bool> GrowFile(const fs::path& path, std::uint64_t size, std::string_view bytes) {
  constexpr std::uint64_t kPage = 4096;  // the smallest: the kernel takes a write page by page, and a kill ends it between two
  if (bytes.empty() || size == 0 || size / kPage != (size + bytes.size() - 1) / kPage) return false;
  const int fd = OpenRetry(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return false;
  const FdGuard guard{fd};
  struct stat st {};
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 || static_cast<std::uint64_t>(st.st_size) != size) {
    return false;
  }
  const ssize_t n = ::write(fd, bytes.data(), bytes.size());
  if (n == static_cast<ssize_t>(bytes.size())) return true;
  const int number = n < 0 ? errno : EIO;
  if (n > 0 && ::ftruncate(fd, static_cast<off_t>(size)) != 0) return FileError("write", path, errno);
  return FileError("write", path, number);
}

// ---- AtomicFile

namespace {

constexpr int kNewFile = O_WRONLY | O_CREAT | O_EXCL;
constexpr std::string_view kTempEnd = ".tmp";
constexpr std::size_t kTempDigits = 12;

// The longest name still has room for the dots and the random part: only a part of it is kept.
std::string TempNameOf(const std::string& name) {
  return fmt::format(".{}.{}{}", name.substr(0, 200), NewHex32().substr(0, kTempDigits), kTempEnd);
}

bool IsTempName(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kTempEnd)) return false;
  name.remove_suffix(kTempEnd.size());
  if (name.size() < kTempDigits + 3 || name[name.size() - kTempDigits - 1] != '.') return false;
  return name.substr(name.size() - kTempDigits).find_first_not_of("0123456789abcdef") == name.npos;
}

}  // namespace

Result<AtomicFile> AtomicFile::Open(const fs::path& path, const WriteOptions& options) {
  AtomicFile file;
  file.path_ = path;
  file.sync_ = options.sync;
  const std::string name = path.filename().string();
  if (name.empty() || name == "." || name == "..") {
    return Fail(Code::kInvalid, fmt::format("cannot write '{}': not a file name", path.string()));
  }
  const std::string temp_name = TempNameOf(name);
  if (!options.temp_dir.empty()) {
    file.temp_path_ = options.temp_dir / temp_name;
    file.fd_ = OpenRetry(file.temp_path_, kNewFile, options.mode);
    if (file.fd_ < 0 && errno == ENOENT && ::mkdir(options.temp_dir.c_str(), 0777) == 0) {
      file.fd_ = OpenRetry(file.temp_path_, kNewFile, options.mode);
    }
  }
  if (file.fd_ < 0) {
    file.temp_path_ = path.parent_path() / temp_name;
    file.fd_ = OpenRetry(file.temp_path_, kNewFile, options.mode);
  }
  if (file.fd_ < 0) {
    file.temp_path_.clear();
    return FileError("write", path, errno);
  }
  struct stat st {};
  if (::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) && ::fchmod(file.fd_, st.st_mode & 07777) != 0) {
    return FileError("set mode of", file.temp_path_, errno);
  }
  return file;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temp_path_(std::move(other.temp_path_)),
      fd_(std::exchange(other.fd_, -1)),
      sync_(other.sync_) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this == &other) return *this;
  Drop();
  path_ = std::move(other.path_);
  temp_path_ = std::move(other.temp_path_);
  fd_ = std::exchange(other.fd_, -1);
  sync_ = other.sync_;
  return *this;
}

AtomicFile::~AtomicFile() { Drop(); }

void AtomicFile::Drop() noexcept {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temp_path_.c_str());
  fd_ = -1;
}

Result<void> AtomicFile::Write(std::string_view bytes) {
  CHECK_BUG(fd_ >= 0);
  if (!WriteAll(fd_, bytes)) return FileError("write", path_, errno);
  return {};
}

Result<void> AtomicFile::Commit() {
  CHECK_BUG(fd_ >= 0);
  if (sync_ && ::fsync(fd_) != 0) return FileError("write", path_, errno);
  if (::rename(temp_path_.c_str(), path_.c_str()) != 0) {
    if (errno != EXDEV) return FileError("write", path_, errno);
    TRYV(CopyFile(temp_path_, path_, {.sync = sync_}));
    Drop();
    return {};
  }
  ::close(std::exchange(fd_, -1));
  if (sync_) return SyncFolder(path_);
  return {};
}

// ---- AppendFile

Result<AppendFile> AppendFile::Open(const fs::path& path, std::uint32_t mode) {
  AppendFile file;
  file.path_ = path;
  file.fd_ = OpenRetry(path, O_WRONLY | O_CREAT | O_APPEND, mode);
  if (file.fd_ < 0) return FileError("append to", path, errno);
  return file;
}

AppendFile::AppendFile(AppendFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

AppendFile::~AppendFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> AppendFile::Append(std::string_view bytes) {
  if (!WriteAll(fd_, bytes)) return FileError("append to", path_, errno);
  return {};
}

Result<void> AppendFile::Sync() {
  if (::fdatasync(fd_) != 0) return FileError("sync", path_, errno);
  return {};
}

Result<std::uint64_t> AppendFile::Size() const {
  struct stat st {};
  if (::fstat(fd_, &st) != 0) return FileError("stat", path_, errno);
  return static_cast<std::uint64_t>(st.st_size);
}

// ---- the tree

Result<void> MakeDirs(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (!IsDir(path) && Exists(path)) return FileError("make folder", path, EEXIST);
  if (failure) return FileError("make folder", path, failure.value());
  return {};
}

Result<void> Remove(const fs::path& path) {
  std::error_code failure;
  fs::remove(path, failure);
  if (failure && failure.value() != ENOENT) return FileError("remove", path, failure.value());
  return {};
}

Result<void> RemoveTree(const fs::path& path) {
  std::error_code failure;
  fs::remove_all(path, failure);
  if (failure && failure.value() != ENOENT) return FileError("remove", path, failure.value());
  return {};
}

Result<void> SyncFile(const fs::path& path) {
  const int fd = OpenRetry(path, O_RDONLY);
  if (fd < 0) return FileError("sync", path, errno);
  const FdGuard guard{fd};
  if (::fsync(fd) != 0) return FileError("sync", path, errno);
  return SyncFolder(path);
}

Result<void> Rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return FileError(fmt::format("rename to '{}'", to.string()), from, errno);
  return {};
}

Result<void> CopyFile(const fs::path& from, const fs::path& to, const WriteOptions& options) {
  const int in = OpenRetry(from, O_RDONLY);
  if (in < 0) return FileError("copy", from, errno);
  const FdGuard guard{in};
  struct stat st {};
  if (::fstat(in, &st) != 0) return FileError("copy", from, errno);
  if (!S_ISREG(st.st_mode)) return Fail(Code::kInvalid, fmt::format("cannot copy '{}': not a file", from.string()));
  TRY(AtomicFile out, AtomicFile::Open(to, options));
  if (::fchmod(out.fd_, st.st_mode & 07777) != 0) return FileError("set mode of", to, errno);
  if (::ioctl(out.fd_, FICLONE, in) == 0) return out.Commit();
  bool in_kernel = true;  // copy_file_range, until it says that it cannot
  std::string buffer;
  for (;;) {
    if (in_kernel) {
      const ssize_t n = ::copy_file_range(in, nullptr, out.fd_, nullptr, std::size_t{1} << 30, 0);
      if (n > 0) continue;
      if (n == 0) break;
      if (errno == EINTR) continue;
      if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS) return FileError("write", to, errno);
      in_kernel = false;
      buffer.resize(std::size_t{1} << 20);
    }
    const ssize_t n = ::read(in, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("read", from, errno);
    if (n == 0) break;
    TRYV(out.Write(std::string_view(buffer.data(), static_cast<std::size_t>(n))));
  }
  return out.Commit();
}

Result<void> Touch(const fs::path& path) {
  if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0) return FileError("touch", path, errno);
  return {};
}

Result<void> Chmod(const fs::path& path, std::uint32_t mode) {
  if (::chmod(path.c_str(), mode) != 0) return FileError("set mode of", path, errno);
  return {};
}

bool Exists(const fs::path& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0;
}

bool IsDir(const fs::path& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

namespace {

Result<void> Reflink(const fs::path& from, const fs::path& to) {
  const int in = OpenRetry(from, O_RDONLY);
  if (in < 0) return FileError("link", from, errno);
  const FdGuard in_guard{in};
  const int out = OpenRetry(to, O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (out < 0) return FileError("link to", to, errno);
  const FdGuard out_guard{out};
  if (::ioctl(out, FICLONE, in) == 0) return {};
  const int number = errno;
  ::unlink(to.c_str());
  if (number == ENOSPC || number == EDQUOT || number == EIO) return FileError("link to", to, number);
  return Fail(Code::kUnsupported, fmt::format("cannot link '{}': no reflinks there", to.string()));
}

}  // namespace

Result<void> Link(LinkKind kind, const fs::path& from, const fs::path& to) {
  int done = 0;
  switch (kind) {
    case LinkKind::kReflink: return Reflink(from, to);
    case LinkKind::kHard: done = ::link(from.c_str(), to.c_str()); break;
    case LinkKind::kSymbolic: done = ::symlink(from.c_str(), to.c_str()); break;
  }
  if (done == 0) return {};
  if (errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP) {
    return Fail(Code::kUnsupported, fmt::format("cannot link '{}': {}", to.string(), std::generic_category().message(errno)));
  }
  return FileError("link to", to, errno);
}

Result<FileStat> Stat(const fs::path& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return FileError("stat", path, errno);
  return FromStat(st);
}

Result<FileStat> StatLink(const fs::path& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) return FileError("stat", path, errno);
  return FromStat(st);
}

namespace {

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, DirCloser>;

// The next name, "" at the end.
Result<std::string> NextName(DIR* dir, const fs::path& path) {
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(dir);
    if (entry == nullptr) {
      if (errno != 0) return FileError("list", path, errno);
      return std::string();
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return std::string(name);
  }
}

}  // namespace

Result<std::vector<std::string>> ListDir(const fs::path& path) {
  const Dir dir(::opendir(path.c_str()));
  if (dir == nullptr) return FileError("list", path, errno);
  std::vector<std::string> names;
  for (;;) {
    TRY(std::string name, NextName(dir.get(), path));
    if (name.empty()) break;
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<TreeEntry>> ListTree(const fs::path& root, const TreeFilter& keep, std::size_t max_entries) {
  std::vector<TreeEntry> out;
  std::vector<std::string> folders{""};  // still to read, relative, "" or ending in '/'
  while (!folders.empty()) {
    const std::string prefix = std::move(folders.back());
    folders.pop_back();
    const fs::path folder = prefix.empty() ? root : root / prefix;
    const Dir dir(::opendir(folder.c_str()));
    if (dir == nullptr) return FileError("list", folder, errno);
    for (;;) {
      TRY(std::string name, NextName(dir.get(), folder));
      if (name.empty()) break;
      struct stat st {};
      if (::fstatat(::dirfd(dir.get()), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;  // removed meanwhile
        return FileError("stat", folder / name, errno);
      }
      std::string path = prefix + name;
      const bool is_dir = S_ISDIR(st.st_mode);
      if (keep && !keep(path, is_dir)) continue;
      if (out.size() + folders.size() >= max_entries) {
        return Fail(Code::kTooLarge, fmt::format("cannot list '{}': over {} entries", root.string(), HumanCount(max_entries)));
      }
      if (is_dir) {
        folders.push_back(std::move(path) + "/");
      } else {
        out.push_back({std::move(path), FromStat(st)});
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
  return out;
}

void RemoveLeftovers(const fs::path& folder, std::chrono::seconds age) noexcept {
  const Dir dir(::opendir(folder.c_str()));
  if (dir == nullptr) return;
  const std::time_t limit = std::time(nullptr) - age.count();
  while (const dirent* const entry = ::readdir(dir.get())) {
    if (!IsTempName(entry->d_name)) continue;
    struct stat st {};
    if (::fstatat(::dirfd(dir.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const bool ours = S_ISREG(st.st_mode) || S_ISLNK(st.st_mode);
    if (ours && st.st_mtim.tv_sec < limit) ::unlinkat(::dirfd(dir.get()), entry->d_name, 0);
  }
}

// ---- TempDir

Result<TempDir> TempDir::Make(std::string_view prefix, const fs::path& parent) {
  const char* const from_env = std::getenv("TMPDIR");
  const fs::path base = !parent.empty()                            ? parent
                        : from_env != nullptr && *from_env != '\0' ? fs::path(from_env)
                                                                   : fs::path("/tmp");
  std::string name = (base / fmt::format("{}-XXXXXX", prefix)).string();
  if (::mkdtemp(name.data()) == nullptr) return FileError("make folder in", base, errno);
  return TempDir(name);
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempDir::~TempDir() {
  if (!path_.empty()) (void)RemoveTree(path_);
}

}  // namespace mlean::os
