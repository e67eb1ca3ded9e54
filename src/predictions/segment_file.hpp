// SegmentFile: one segment on disk, read in pieces of a few MiB; and the list of a folder's segments.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "predictions/segment.hpp"

namespace mlean::predictions {

// Closes its descriptor; moves.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd();
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

class SegmentFile {
 public:
  // Opens for reading (`write`: also for repair) and reads the header. kCorrupt, kUnsupported, kNotFound, kIo.
  static Result<SegmentFile> Open(const std::filesystem::path& path, bool write = false);

  const SegmentHeader& header() const { return header_; }
  std::uint64_t size() const { return size_; }  // bytes, when opened
  int fd() const { return fd_.get(); }
  // Of a sealed segment.
  std::optional<SegmentSummary> Summary() const;
  // All records in order; `visit` returns false to stop. Offsets of the result count from the start of the file.
  Result<ScanResult> Scan(const std::function<bool(const Record&)>& visit) const;

 private:
  OwnedFd fd_;
  std::filesystem::path path_;
  std::uint64_t size_ = 0;
  std::size_t header_size_ = 0;
  SegmentHeader header_;
};

struct SegmentName {
  std::filesystem::path path;
  std::uint64_t sequence = 0;
  std::uint64_t bytes = 0;
};
// The folder's segments in log order; an absent folder has none. Files that are no segments by name are left out.
Result<std::vector<SegmentName>> ListSegments(const std::filesystem::path& folder);

}  // namespace mlean::predictions
