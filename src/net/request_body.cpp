#include "net/request_body.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "net/inflate.hpp"

namespace mlean::net {
namespace {

constexpr std::uint64_t kLarge = 8u << 20;  // worth a thread that hashes

}  // namespace

void RequestBody::Begin(std::uint64_t limit, std::string_view spool_dir, std::uint64_t expected) {
  Reset();
  limit_ = limit;
  spool_dir_ = spool_dir;
  expected_ = expected;
  constexpr std::uint64_t kTrusted = 1u << 20;
  memory_.reserve(static_cast<std::size_t>(std::min({expected, limit, kTrusted})));
}

RequestBody::Outcome RequestBody::Append(std::string_view piece) {
  if (!Fits(piece.size())) return Outcome::kTooLarge;
  size_ += piece.size();
  if (!spool_dir_.empty() && file_.empty() && size_ > kSpoolOver) {
    if (const Outcome opened = OpenFile(); opened != Outcome::kOk) return opened;
  }
  if (fd_ >= 0) return WriteFile(piece);
  memory_.append(piece);
  return Outcome::kOk;
}

RequestBody::Outcome RequestBody::OpenFile() {
  file_ = spool_dir_ + "/body-XXXXXX";
  fd_ = ::mkostemp(file_.data(), O_CLOEXEC);
  if (fd_ < 0 && errno == ENOENT) {  // the first body of all; mkostemp has emptied the name
    std::error_code failed;
    std::filesystem::create_directories(spool_dir_, failed);
    file_ = spool_dir_ + "/body-XXXXXX";
    fd_ = ::mkostemp(file_.data(), O_CLOEXEC);
  }
  if (fd_ < 0) {
    file_.clear();
    return Failed();
  }
  if (hash_ && expected_ >= kLarge) file_hasher_ = FileHasher::Follow(fd_);
  if (hash_ && !file_hasher_) hasher_.emplace(Hasher::Kind::kSha256);
  const Outcome written = WriteFile(memory_);
  std::string().swap(memory_);
  return written;
}

RequestBody::Outcome RequestBody::Failed() {
  errno_ = errno;
  return Outcome::kIo;
}

std::string RequestBody::cause() const { return std::generic_category().message(errno_); }

RequestBody::Outcome RequestBody::WriteFile(std::string_view piece) {
  if (hasher_) hasher_->Update(piece.data(), piece.size());
  written_ += piece.size();
  while (!piece.empty()) {
    const ssize_t done = ::write(fd_, piece.data(), piece.size());
    if (done < 0 && errno != EINTR) return Failed();
    if (done > 0) piece.remove_prefix(static_cast<std::size_t>(done));
  }
  if (file_hasher_) file_hasher_->Written(written_);
  return Outcome::kOk;
}

RequestBody::Outcome RequestBody::Finish() {
  if (fd_ < 0) return Outcome::kOk;
  const int failed = ::close(fd_);
  fd_ = -1;
  return failed != 0 ? Failed() : Outcome::kOk;
}

std::string_view RequestBody::Sha256() {
  if (hasher_) sha256_ = hasher_->HexDigest();
  if (file_hasher_) sha256_ = file_hasher_->Finish();
  hasher_.reset();
  file_hasher_.reset();
  return sha256_;
}

RequestBody::Outcome RequestBody::Inflate(std::string_view encoding) {
  Result<std::string> plain = net::Inflate(encoding, text(), limit_);
  if (!plain) return plain.error().code == Code::kTooLarge ? Outcome::kTooLarge : Outcome::kIo;
  borrowed_ = {};
  memory_ = *std::move(plain);
  size_ = memory_.size();
  return Outcome::kOk;
}

void RequestBody::Reset() {
  if (fd_ >= 0) ::close(fd_);
  if (!file_.empty()) ::unlink(file_.c_str());
  fd_ = -1;
  file_.clear();
  hash_ = false;
  hasher_.reset();
  file_hasher_.reset();
  sha256_.clear();
  borrowed_ = {};
  size_ = written_ = expected_ = 0;
  if (memory_.capacity() > 64 * 1024) {
    std::string().swap(memory_);  // an idle connection holds no large block
  } else {
    memory_.clear();
  }
}

}  // namespace mlean::net
