#include "predictions/segment_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.hpp"
#include "os/files.hpp"

namespace mlean::predictions {
namespace {

constexpr std::size_t kPiece = 4u << 20;
constexpr std::size_t kSummaryBytes = 40;

// Fills `out` from `offset`; shorter at the end of the file.
Result<void> ReadAt(int fd, const std::filesystem::path& path, std::uint64_t offset, std::size_t size, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(fd, out.data() + start + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os::FileError("read", path, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.resize(start + done);
  return {};
}

}  // namespace

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.fd_;
    other.fd_ = -1;
  }
  return *this;
}

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) close(fd_);
}

Result<SegmentFile> SegmentFile::Open(const std::filesystem::path& path, bool write) {
  SegmentFile out;
  out.path_ = path;
  out.fd_ = OwnedFd(open(path.c_str(), (write ? O_RDWR : O_RDONLY) | O_CLOEXEC));
  if (out.fd_.get() < 0) return os::FileError("read", path, errno);
  struct stat info {};
  if (fstat(out.fd_.get(), &info) != 0) return os::FileError("read", path, errno);
  out.size_ = static_cast<std::uint64_t>(info.st_size);
  std::string start;
  TRYV(ReadAt(out.fd_.get(), path, 0, 64u << 10, start));
  Result<ParsedHeader> parsed = ParseHeader(start);
  if (!parsed && start.size() == (64u << 10)) {  // a long list of names
    start.clear();
    TRYV(ReadAt(out.fd_.get(), path, 0, kMaxHeader + 16, start));
    parsed = ParseHeader(start);
  }
  if (!parsed) return std::move(parsed).error().With("'" + path.string() + "'");
  out.header_size_ = parsed->size;
  out.header_ = std::move(parsed->header);
  return out;
}

std::optional<SegmentSummary> SegmentFile::Summary() const {
  if (size_ < header_size_ + kSummaryBytes) return std::nullopt;
  std::string end;
  if (!ReadAt(fd_.get(), path_, size_ - kSummaryBytes, kSummaryBytes, end)) return std::nullopt;
  return FindSummary(end);
}

Result<ScanResult> SegmentFile::Scan(const std::function<bool(const Record&)>& visit) const {
  std::string buffer;
  std::uint64_t offset = header_size_;  // of the buffer's first byte
  bool stopped = false;
  const auto pass = [&](const Record& record) {
    stopped = !visit(record);
    return !stopped;
  };
  while (true) {
    const std::size_t before = buffer.size();
    TRYV(ReadAt(fd_.get(), path_, offset + before, kPiece, buffer));
    const bool at_end = buffer.size() - before < kPiece;
    ScanResult piece = ScanRecords(buffer, 0, header_.schema, pass);
    offset += piece.sound;
    if (stopped || at_end || piece.damaged || piece.sealed) {
      piece.sound = offset;
      return piece;
    }
    buffer.erase(0, piece.sound);
  }
}

Result<std::vector<SegmentName>> ListSegments(const std::filesystem::path& folder) {
  std::vector<SegmentName> out;
  if (!os::IsDir(folder)) return out;
  TRY(const std::vector<std::string> names, os::ListDir(folder));
  for (const std::string& name : names) {
    if (!name.ends_with(kSegmentSuffix)) continue;
    const auto sequence = ParseInt(std::string_view(name).substr(0, name.find('-')));
    if (!sequence || *sequence < 0) continue;
    const Result<os::FileStat> stat = os::Stat(folder / name);
    if (!stat) continue;  // deleted meanwhile
    out.push_back({folder / name, static_cast<std::uint64_t>(*sequence), stat->size});
  }
  std::sort(out.begin(), out.end(), [](const SegmentName& a, const SegmentName& b) { return a.sequence < b.sequence; });
  return out;
}

}  // namespace mlean::predictions
