#include "cas/file_reader.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "cas/facts.hpp"
#include "os/files.hpp"

namespace mlean::cas {

FileReader::FileReader(FileReader&& other) noexcept
    : state_(other.state_),
      moment_(other.moment_),
      bytes_since_moment_(other.bytes_since_moment_),
      hasher_(std::move(other.hasher_)),
      buffer_(std::move(other.buffer_)),
      at_(other.at_),
      folder_(other.folder_),
      path_(other.path_),
      fd_(std::exchange(other.fd_, -1)),
      facts_(other.facts_),
      read_(other.read_),
      at_end_(other.at_end_) {}

FileReader::~FileReader() { Close(); }

void FileReader::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

// Any moment before the bytes are read will do; a late one lets younger files be remembered.
void FileReader::LookAtClock() {
  constexpr std::uint64_t kEvery = std::uint64_t{1} << 18;
  constexpr std::uint64_t kPerFile = 4096;
  if (state_ == nullptr) return;
  if (moment_.ns == 0 || bytes_since_moment_ > kEvery || !HashState::IsSettled(facts_, moment_)) {
    moment_ = state_->Now();
    bytes_since_moment_ = 0;
  }
  bytes_since_moment_ += kPerFile + facts_.size;
}

Result<void> FileReader::Open(int at, const std::filesystem::path& folder, const char* path) {
  Close();
  at_ = at;
  folder_ = &folder;
  path_ = path;
  read_ = 0;
  at_end_ = false;
  // O_NONBLOCK: a name may have become a pipe since it was looked at.
  fd_ = ::openat(at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) return os::FileError("read", shown(), errno);
  struct stat st {};
  if (::fstat(fd_, &st) != 0) return os::FileError("stat", shown(), errno);
  if (!S_ISREG(st.st_mode)) {
    return Fail(Code::kInvalid, fmt::format("cannot hash '{}': not a regular file", shown().string()));
  }
  facts_ = FactsFromStat(st);
  LookAtClock();
  return {};
}

Result<std::string_view> FileReader::Next() {
  if (at_end_) return std::string_view();
  if (buffer_ == nullptr) buffer_.reset(new char[kHashBlock]);
  std::size_t filled = 0;
  while (filled < kHashBlock) {
    const ssize_t count = ::read(fd_, buffer_.get() + filled, kHashBlock - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::FileError("read", shown(), errno);
    filled += static_cast<std::size_t>(count);
    read_ += static_cast<std::uint64_t>(count);
    // What was the end when the file was opened is taken as the end: one that grows is not unchanged anyway.
    if (count == 0 || read_ == facts_.size) {
      at_end_ = true;
      break;
    }
  }
  return std::string_view(buffer_.get(), filled);
}

bool FileReader::IsUnchanged() const {
  struct stat st {};
  return ::fstat(fd_, &st) == 0 && FactsFromStat(st).SameContent(facts_) && read_ == facts_.size;
}

HashedFile FileReader::Finish(const Md5& md5) {
  const bool settled = WouldShowChanges() && IsUnchanged();
  Close();
  return {md5, facts_, settled, false};
}

HashedFile FileReader::FinishMade(const Md5& md5) {
  struct stat st {};
  const bool known = ::fstat(fd_, &st) == 0;
  if (known) facts_ = FactsFromStat(st);
  Close();
  return {md5, facts_, false, known};
}

Result<HashedFile> FileReader::Hash(int at, const std::filesystem::path& folder, const char* path, bool legacy,
                                    const Work& work) {
  TRYV(Open(at, folder, path));
  while (!AtEnd()) {
    if (work.IsCancelled()) return Cancelled();
    TRY(const std::string_view block, Next());
    Update(block, legacy);
    work.Done(0, block.size());
  }
  work.Done(1, 0);
  return Finish(hasher_.Finish());
}

}  // namespace mlean::cas
