#include "remotes/local_files.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <random>
#include <utility>

#include "os/files.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPieceBytes = 1u << 20;
constexpr std::size_t kSmallBytes = 64u << 10;  // up to here one read and one write beat copying in the kernel

struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
};

Result<void> WriteAll(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return os::FileError("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

// A new file beside `target`, with `mode` less the umask; its folder is made when missing.
Result<std::pair<int, fs::path>> OpenTemp(const fs::path& target, std::uint32_t mode) {
  for (int tries = 0; tries < 100; ++tries) {
    fs::path path = TempBeside(target);
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd >= 0) return std::pair(fd, std::move(path));
    if (errno == ENOENT) {
      TRYV(MakeFolders(target.parent_path()));
    } else if (errno != EEXIST) {
      return os::FileError("write", target, errno);
    }
  }
  return Fail(Code::kIo, fmt::format("cannot write '{}': its folder vanishes again and again", target.string()));
}

std::uint32_t FreshMode() {
  // The umask can only be read by setting it, which is not safe with threads: the kernel shows it since Linux 4.7.
  static const std::uint32_t mode = [] {
    const Result<std::string> status = os::ReadFile("/proc/self/status");
    const std::size_t at = status ? status->find("\nUmask:") : std::string::npos;
    return at == std::string::npos ? 0644u
                                   : 0666u & ~static_cast<std::uint32_t>(std::strtoul(status->c_str() + at + 7, nullptr, 8));
  }();
  return mode;
}

// A file that was opened with its mode has it already, unless the umask takes a bit of it: a change costs a write of the inode.
Result<void> SetMode(int fd, std::uint32_t mode, const fs::path& target) {
  if ((mode & ~FreshMode()) == 0 || ::fchmod(fd, mode) == 0) return {};
  return os::FileError("write", target, errno);
}

}  // namespace

fs::path TempBeside(const fs::path& target) {
  static const std::uint64_t start = (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  static std::atomic<std::uint64_t> count = 0;
  const std::uint64_t number = start + 0x9E3779B97F4A7C15u * count.fetch_add(1, std::memory_order_relaxed);
  return target.parent_path() / fmt::format(".{:016x}.tmp", number);
}

Result<void> MakeFolders(const fs::path& folder, bool group) {
  if (folder.empty() || os::IsDir(folder)) return {};
  TRYV(MakeFolders(folder.parent_path(), group));
  if (::mkdir(folder.c_str(), 0777) != 0) {
    const int number = errno;
    if (number == EEXIST && os::IsDir(folder)) return {};
    return os::FileError("make folder", folder, number);
  }
  if (group) TRYV(os::Chmod(folder, 02775));
  return {};
}

PartFile::PartFile(fs::path target, fs::path path, int fd, std::uint32_t mode)
    : target_(std::move(target)), path_(std::move(path)), fd_(fd), mode_(mode), hasher_(Hasher::Kind::kMd5) {}

PartFile::PartFile(PartFile&& other) noexcept
    : target_(std::move(other.target_)),
      path_(std::exchange(other.path_, {})),
      fd_(std::exchange(other.fd_, -1)),
      mode_(other.mode_),
      size_(other.size_),
      hasher_(std::move(other.hasher_)) {}

PartFile::~PartFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<PartFile> PartFile::Open(const fs::path& target, std::uint32_t mode, const fs::path& kept) {
  if (mode == 0) mode = FreshMode();
  if (!kept.empty() && ::access(kept.c_str(), F_OK) == 0) {
    // Renaming it makes it ours: of two processes only one succeeds.
    fs::path path = TempBeside(target);
    if (::rename(kept.c_str(), path.c_str()) == 0) {
      ::rmdir(kept.parent_path().c_str());  // when it was the last one
      const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
      PartFile part(target, std::move(path), fd, mode);
      if (fd >= 0) {
        if (::fchmod(fd, mode) != 0) return os::FileError("write", target, errno);
        TRYV(part.HashExisting());
        return part;
      }
    }
  }
  TRY(auto opened, OpenTemp(target, mode));
  return PartFile(target, std::move(opened.second), opened.first, mode);
}

Result<void> PartFile::HashExisting() {
  const auto buffer = std::make_unique<char[]>(kPieceBytes);
  for (;;) {
    const ssize_t got = ::read(fd_, buffer.get(), kPieceBytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os::FileError("read", path_, errno);
    if (got == 0) return {};
    hasher_.Update(buffer.get(), static_cast<std::size_t>(got));
    size_ += static_cast<std::uint64_t>(got);
  }
}

Result<void> PartFile::Write(std::string_view bytes) {
  TRYV(WriteAll(fd_, bytes, target_));
  hasher_.Update(bytes.data(), bytes.size());
  size_ += bytes.size();
  return {};
}

Result<void> PartFile::Commit() {
  TRYV(SetMode(fd_, mode_, target_));
  // Some file systems report a full disk or quota only now.
  if (::close(std::exchange(fd_, -1)) != 0) return os::FileError("write", target_, errno);
  if (::rename(path_.c_str(), target_.c_str()) != 0) return os::FileError("write", target_, errno);
  path_.clear();
  return {};
}

void PartFile::Keep(const fs::path& kept) noexcept {
  ::mkdir(kept.parent_path().c_str(), 0777);
  // So that the later try may write it.
  if (::fchmod(fd_, 0600) == 0 && ::rename(path_.c_str(), kept.c_str()) == 0) path_.clear();
}

Result<void> CopyFileInto(const fs::path& from, const fs::path& to, const CopyFileOptions& options) {
  constexpr std::size_t kKernelPiece = 64u << 20;
  const Descriptor source(::open(from.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));  // O_NONBLOCK: a pipe must not hang us
  struct stat facts {};
  if (source.fd < 0 || ::fstat(source.fd, &facts) != 0) return os::FileError("read", from, errno);
  if (!S_ISREG(facts.st_mode)) return Fail(Code::kInvalid, fmt::format("cannot copy '{}': it is no file", from.string()));
  TRY(auto opened, OpenTemp(to, options.mode));
  const Descriptor target(opened.first);
  struct Unlink {
    const fs::path& path;
    bool wanted = true;
    ~Unlink() {
      if (wanted) ::unlink(path.c_str());
    }
  } unlink{opened.second};
  const auto tell = [&](std::uint64_t bytes) -> Result<void> {
    if (!options.on_bytes || options.on_bytes(bytes)) return {};
    return Fail(Code::kCancelled, fmt::format("cannot copy '{}': cancelled", from.string()));
  };
  bool in_kernel = static_cast<std::uint64_t>(facts.st_size) > kSmallBytes;
  for (bool more = true; more && in_kernel;) {
    const ssize_t done = ::copy_file_range(source.fd, nullptr, target.fd, nullptr, kKernelPiece, 0);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)) return os::FileError("write", to, errno);
    if (done < 0) in_kernel = false;  // not between these file systems: go on by hand, where it stopped
    if (done > 0) TRYV(tell(static_cast<std::uint64_t>(done)));
    more = done > 0;
  }
  if (!in_kernel) {
    const std::size_t piece = std::clamp<std::size_t>(static_cast<std::size_t>(facts.st_size), 4096, kPieceBytes);
    const auto buffer = std::make_unique_for_overwrite<char[]>(piece);
    for (;;) {
      const ssize_t got = ::read(source.fd, buffer.get(), piece);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return os::FileError("read", from, errno);
      if (got == 0) break;
      TRYV(WriteAll(target.fd, {buffer.get(), static_cast<std::size_t>(got)}, to));
      TRYV(tell(static_cast<std::uint64_t>(got)));
      // All of a small file, as far as it was when it was opened: it is not asked for its end.
      if (got == facts.st_size) break;
    }
  }
  TRYV(SetMode(target.fd, options.mode, to));
  const int renamed = options.exclusive ? ::link(opened.second.c_str(), to.c_str()) : ::rename(opened.second.c_str(), to.c_str());
  if (renamed != 0) return os::FileError("write", to, errno);
  unlink.wanted = options.exclusive;
  return {};
}

Result<void> ReadPieces(const fs::path& file, std::uint64_t offset, const std::function<Result<void>(std::string_view)>& sink) {
  const Descriptor source(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));  // O_NONBLOCK: a pipe must not hang us
  struct stat facts {};
  if (source.fd < 0 || ::fstat(source.fd, &facts) != 0) return os::FileError("read", file, errno);
  if (!S_ISREG(facts.st_mode)) return Fail(Code::kInvalid, fmt::format("cannot read '{}': it is no file", file.string()));
  if (offset > 0 && ::lseek(source.fd, static_cast<off_t>(offset), SEEK_SET) < 0) return os::FileError("read", file, errno);
  const std::size_t piece = std::clamp<std::size_t>(static_cast<std::size_t>(facts.st_size), 4096, kPieceBytes);
  const auto buffer = std::make_unique_for_overwrite<char[]>(piece);
  for (;;) {
    const ssize_t got = ::read(source.fd, buffer.get(), piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os::FileError("read", file, errno);
    if (got == 0) return {};
    TRYV(sink({buffer.get(), static_cast<std::size_t>(got)}));
    if (offset == 0 && got == facts.st_size) return {};
  }
}

Result<std::string> Md5OfFile(const fs::path& file) {
  Hasher hasher(Hasher::Kind::kMd5);
  TRYV(ReadPieces(file, 0, [&](std::string_view piece) -> Result<void> {
    hasher.Update(piece.data(), piece.size());
    return {};
  }));
  return hasher.HexDigest();
}

}  // namespace mlean::remotes
