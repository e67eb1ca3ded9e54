#include "repo/ignore_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/files.hpp"

namespace mlean::repo {
namespace {

constexpr std::uint64_t kMaxIgnoreFile = std::uint64_t{16} << 20;

}  // namespace

Result<std::optional<std::string>> ReadIgnoreFile(const std::string& path, bool follow_link) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow_link ? 0 : O_NOFOLLOW));
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return std::optional<std::string>();
    return os::FileError("read", path, errno);
  }
  std::string text;
  struct stat info {};
  int fault = ::fstat(fd, &info) == 0 ? 0 : errno;
  if (fault == 0 && S_ISDIR(info.st_mode)) fault = EISDIR;
  char buffer[16384];
  while (fault == 0) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got == 0) break;
    if (got < 0) {
      if (errno != EINTR) fault = errno;
    } else {
      text.append(buffer, static_cast<std::size_t>(got));
      if (text.size() > kMaxIgnoreFile) fault = EFBIG;
    }
  }
  ::close(fd);
  if (fault != 0) return os::FileError("read", path, fault);
  return std::optional(std::move(text));
}

}  // namespace mlean::repo
