#include "flows/migrate_mlflow/local_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/digest.hpp"
#include "net/percent.hpp"
#include "os/files.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

constexpr std::string_view kProxyRoute = "/mlflow-artifacts/artifacts";

std::string Decoded(std::string_view text) {
  std::string out;
  return net::PercentDecode(text, out) ? out : std::string(text);
}

// Behind the authority, without a leading '/'.
std::string_view BehindAuthority(std::string_view rest) {
  if (rest.starts_with("//")) {
    const std::size_t slash = rest.find('/', 2);
    rest = slash == rest.npos ? std::string_view{} : rest.substr(slash);
  }
  while (rest.starts_with("/")) rest.remove_prefix(1);
  return rest;
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool WriteAll(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t put = ::write(fd, data, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    data += put;
    size -= static_cast<std::size_t>(put);
  }
  return true;
}

}  // namespace

std::optional<std::filesystem::path> LocalFolder(std::string_view uri, const std::optional<std::filesystem::path>& artifacts) {
  const std::size_t colon = uri.find(':');
  if (colon == uri.npos || uri.starts_with("/")) return std::filesystem::path(uri);
  const std::string_view scheme = uri.substr(0, colon);
  if (scheme == "file") return std::filesystem::path("/" + Decoded(BehindAuthority(uri.substr(colon + 1))));
  std::optional<std::string_view> below;
  if (scheme == "mlflow-artifacts") below = BehindAuthority(uri.substr(colon + 1));
  if (scheme == "http" || scheme == "https") {
    const std::size_t route = uri.find(kProxyRoute);
    if (route != uri.npos) below = BehindAuthority(uri.substr(route + kProxyRoute.size()));
  }
  if (!below || !artifacts) return std::nullopt;
  const Result<std::string> clean = artifacts::CleanPath(*below);  // nothing outside of the folder
  if (!clean) return std::nullopt;
  return *artifacts / *clean;
}

bool IsProxied(std::string_view uri) {
  return uri.starts_with("mlflow-artifacts:") || (uri.starts_with("http") && uri.find(kProxyRoute) != uri.npos);
}

bool IsReachable(const std::filesystem::path& folder) {
  std::filesystem::path location = folder;
  if (location.filename() == "artifacts") location = location.parent_path().parent_path();
  if (location.filename() == "models") location = location.parent_path();
  const std::filesystem::path around = location.parent_path();
  return os::IsDir(location) || (around != around.root_path() && os::IsDir(around));
}

Result<std::vector<std::string>> FilesBelow(const std::filesystem::path& folder, std::vector<std::string>& refused) {
  std::vector<std::string> out;
  if (!os::IsDir(folder)) return out;
  TRY(const std::vector<os::TreeEntry> entries, os::ListTree(folder));
  for (const os::TreeEntry& entry : entries) {
    if (entry.stat.kind == os::FileKind::kFile && artifacts::CleanPath(entry.path)) {
      out.push_back(entry.path);
    } else {
      refused.push_back(entry.path);
    }
  }
  return out;
}

Result<artifacts::Blob> CopyWithDigest(const std::filesystem::path& from, const std::filesystem::path& to) {
  const Fd in(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (in.get() < 0) return os::FileError("read", from, errno);
  const Fd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (out.get() < 0) return os::FileError("write", to, errno);
  Hasher hasher(Hasher::Kind::kSha256);
  artifacts::Blob blob;
  std::vector<char> buffer(std::size_t{1} << 20);
  for (;;) {
    const ssize_t got = ::read(in.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os::FileError("read", from, errno);
    if (got == 0) break;
    hasher.Update(buffer.data(), static_cast<std::size_t>(got));
    blob.size += got;
    if (!WriteAll(out.get(), buffer.data(), static_cast<std::size_t>(got))) return os::FileError("write", to, errno);
  }
  blob.digest = hasher.HexDigest();
  return blob;
}

}  // namespace mlean::flows::migrate_mlflow
