#include "cas/link.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

#include "cas/facts.hpp"
#include "cas/temp_name.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

// The numbers that make DVC try the next kind.
bool IsRefusal(int number) {
  constexpr std::array kRefusals = {EPERM, ENOTSUP, EXDEV, ENOTTY, ENOSYS, EINVAL, EAGAIN};
  return std::find(kRefusals.begin(), kRefusals.end(), number) != kRefusals.end();
}

struct FdCloser {
  int fd;
  ~FdCloser() { ::close(fd); }
};

// All bytes from the current place of `in`; 0 or errno. A small file goes through a buffer, which is cheaper than asking the
// kernel.
int CopyBytes(int in, int out, std::uint64_t size) {
  constexpr std::size_t kSmall = std::size_t{64} << 10;
  constexpr std::size_t kLarge = std::size_t{1} << 20;
  bool in_kernel = size > kSmall;
  char small[kSmall];
  std::unique_ptr<char[]> large;
  for (;;) {
    if (in_kernel) {
      const ssize_t count = ::copy_file_range(in, nullptr, out, nullptr, std::size_t{1} << 30, 0);
      if (count > 0 || (count < 0 && errno == EINTR)) continue;
      if (count == 0) return 0;
      if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS) return errno;
      in_kernel = false;
      large.reset(new char[kLarge]);
    }
    char* const buffer = large != nullptr ? large.get() : small;
    const std::size_t room = large != nullptr ? kLarge : kSmall;
    const ssize_t count = ::read(in, buffer, room);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return 0;
    for (ssize_t at = 0; at < count;) {
      const ssize_t written = ::write(out, buffer + at, static_cast<std::size_t>(count - at));
      if (written < 0 && errno != EINTR) return errno;
      if (written > 0) at += written;
    }
    // The end of a small file was reached: no need to ask for it.
    if (static_cast<std::uint64_t>(count) == size) return 0;
  }
}

// 0 or errno. By the descriptor itself older kernels than 6.10 let only the administrator do it, and say ENOENT; the way through
// /proc, which makes entries there first, is open to all.
int GiveName(int file, const char* name) {
  static std::atomic<bool> refused = false;
  if (!refused.load(std::memory_order_relaxed)) {
    if (::linkat(file, "", AT_FDCWD, name, AT_EMPTY_PATH) == 0) return 0;
    if (errno != ENOENT) return errno;
    refused.store(true, std::memory_order_relaxed);
  }
  char path[32];
  *fmt::format_to_n(path, sizeof path - 1, "/proc/self/fd/{}", file).out = '\0';
  return ::linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

// 0 or errno; EEXIST when there is something and it may not be replaced.
int RenameTo(const std::string& from, const fs::path& to, bool replace) {
  if (replace) return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system that does not know how.
  struct stat st {};
  if (::lstat(to.c_str(), &st) == 0) return EEXIST;
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

// Fills a new file with the object's bytes; 0 or errno.
int Fill(LinkType type, int in, std::uint64_t size, int out, std::uint32_t mode, bool exec) {
  int failure = 0;
  if (type == LinkType::kReflink) {
    if (::ioctl(out, FICLONE, in) != 0) failure = errno;
  } else {
    failure = CopyBytes(in, out, size);
  }
  if (failure == 0 && exec && ::fchmod(out, mode | 0100) != 0) failure = errno;
  return failure;
}

// A new file with the object's bytes; 0 or errno, EEXIST when there is one. It has its name when it is whole, and a failure
// leaves nothing behind.
int MakeFile(LinkType type, const char* object, const char* path, std::uint32_t mode, bool exec) {
  const int in = ::open(object, O_RDONLY | O_CLOEXEC);
  if (in < 0) return errno;
  const FdCloser in_closer{in};
  struct stat st {};
  if (::fstat(in, &st) != 0) return errno;
  const auto size = static_cast<std::uint64_t>(st.st_size);
  const fs::path folder = fs::path(path).parent_path();
  if (const int out = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666); out >= 0) {
    const FdCloser out_closer{out};
    const int failure = Fill(type, in, size, out, mode, exec);
    return failure != 0 ? failure : GiveName(out, path);
  }
  // A file system without files that have no name.
  const std::string temp = (folder / TempName()).native();
  const int out = ::open(temp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (out < 0) return errno;
  const FdCloser out_closer{out};
  int failure = Fill(type, in, size, out, mode, exec);
  if (failure == 0) failure = RenameTo(temp, path, false);
  if (failure != 0) ::unlink(temp.c_str());
  return failure;
}

// 0 or errno, EEXIST when there is something.
int MakeLink(LinkType type, const fs::path& object, const char* path, std::uint32_t mode) {
  switch (type) {
    case LinkType::kReflink:
    case LinkType::kCopy: return MakeFile(type, object.c_str(), path, mode, false);
    case LinkType::kHardlink: {
      struct stat st {};
      if (::stat(object.c_str(), &st) != 0) return errno;
      if (st.st_size == 0) return MakeFile(LinkType::kCopy, object.c_str(), path, mode, false);
      return ::link(object.c_str(), path) == 0 ? 0 : errno;
    }
    case LinkType::kSymlink: return ::symlink(fs::absolute(object).c_str(), path) == 0 ? 0 : errno;
  }
  return EINVAL;
}

// A temporary name that os::RemoveLeftovers knows: ".x.0123456789ab.tmp".
std::string SweptName() { return TempName().insert(11, "."); }

Error Refused(const fs::path& to, int number) {
  return Fail(Code::kUnsupported, fmt::format("cannot link '{}': no link type is left to try ({})", to.string(),
                                              std::generic_category().message(number)));
}

}  // namespace

std::optional<LinkType> ParseLinkType(std::string_view name) {
  for (const LinkType type : {LinkType::kReflink, LinkType::kHardlink, LinkType::kSymlink, LinkType::kCopy}) {
    if (name == NameOf(type)) return type;
  }
  return std::nullopt;
}

std::string_view NameOf(LinkType type) {
  switch (type) {
    case LinkType::kReflink: return "reflink";
    case LinkType::kHardlink: return "hardlink";
    case LinkType::kSymlink: return "symlink";
    case LinkType::kCopy: return "copy";
  }
  return {};
}

std::uint32_t Umask() {
  constexpr std::string_view kLine = "\nUmask:\t";
  const Result<std::string> status = os::ReadFile("/proc/self/status");
  const std::size_t at = status ? status->find(kLine) : std::string::npos;
  if (at == std::string::npos) return 022;
  return static_cast<std::uint32_t>(std::strtoul(status->c_str() + at + kLine.size(), nullptr, 8)) & 0777;
}

Linker::Linker(const std::vector<LinkType>& types, fs::path temp_dir)
    : types_(types), temp_dir_(std::move(temp_dir)), mode_(0666 & ~Umask()) {}

int Linker::Place(LinkType type, const fs::path& object, const fs::path& to, const LinkOptions& options) const {
  const auto make = [&](const fs::path& path) {
    return options.exec ? MakeFile(type, object.c_str(), path.c_str(), mode_, true) : MakeLink(type, object, path.c_str(), mode_);
  };
  struct stat st {};
  if (!options.replace || ::lstat(to.c_str(), &st) != 0) {
    const int failure = make(to);
    if (failure != EEXIST || !options.replace) return failure;
  }
  int failure = 0;
  for (const fs::path& temp : {temp_dir_.empty() ? fs::path() : temp_dir_ / SweptName(), to.parent_path() / TempName()}) {
    if (temp.empty()) continue;
    failure = make(temp);
    if (failure == 0) {
      failure = RenameTo(temp.native(), to, true);
      // Renaming one of two hard links over the other does nothing at all: both stay.
      if (failure != 0 || type == LinkType::kHardlink) ::unlink(temp.c_str());
    }
    if (failure != EXDEV && failure != ENOENT) break;  // else: on another disk, or not there
  }
  return failure;
}

Result<LinkType> Linker::Link(const fs::path& object, const fs::path& to, const LinkOptions& options) {
  int failure = ENOTSUP;
  LinkType type = LinkType::kCopy;
  if (options.exec) {
    failure = Place(type, object, to, options);
  } else {
    std::size_t which = first_.load(std::memory_order_relaxed);
    for (; which < types_.size(); ++which) {
      type = types_[which];
      if (type == options.present) return type;
      failure = Place(type, object, to, options);
      if (failure == 0 || !IsRefusal(failure)) break;
      first_.store(which + 1, std::memory_order_relaxed);
    }
    if (which >= types_.size()) return Refused(to, failure);
  }
  if (failure == 0) return type;
  if (failure == ENOENT && !os::Exists(object)) return os::FileError("check out", object, failure);
  return os::FileError("make", to, failure);
}

std::optional<LinkType> LinkOf(const fs::path& file, const FileFacts& facts, const fs::path& object) {
  if (facts.is_link) {
    std::error_code failure;
    if (fs::read_symlink(file, failure) != fs::absolute(object)) return std::nullopt;
    return LinkType::kSymlink;
  }
  if (!facts.is_hard_linked) return LinkType::kCopy;
  struct stat st {};
  if (::stat(object.c_str(), &st) != 0 || st.st_ino != facts.inode) return std::nullopt;
  return LinkType::kHardlink;
}

bool NeedsRelink(const fs::path& file, const FileFacts& facts, const fs::path& object, const std::vector<LinkType>& types) {
  const std::optional<LinkType> present = LinkOf(file, facts, object);
  return std::none_of(types.begin(), types.end(), [&](LinkType type) {
    return type == present || (type == LinkType::kReflink && present == LinkType::kCopy);
  });
}

}  // namespace mlean::cas
