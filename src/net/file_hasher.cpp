#include "net/file_hasher.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "base/digest.hpp"

namespace mlean::net {
namespace {

constexpr std::size_t kPiece = 256 * 1024;
std::atomic<unsigned> running = 0;

unsigned MostOfUse() { return std::max(1u, std::thread::hardware_concurrency()); }

}  // namespace

std::unique_ptr<FileHasher> FileHasher::Follow(int fd) {
  if (running.fetch_add(1) < MostOfUse()) {
    OpenedFile file(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    try {
      if (file.fd() >= 0) return std::unique_ptr<FileHasher>(new FileHasher(std::move(file)));
    } catch (const std::system_error&) {  // no thread to be had
    }
  }
  running.fetch_sub(1);
  return nullptr;
}

FileHasher::FileHasher(OpenedFile file) : file_(std::move(file)), thread_([this] { Run(); }) {}

FileHasher::~FileHasher() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      given_up_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  running.fetch_sub(1);
}

void FileHasher::Written(std::uint64_t size) {
  {
    const std::lock_guard lock(mutex_);
    written_ = size;
  }
  changed_.notify_one();
}

std::string FileHasher::Finish() {
  {
    const std::lock_guard lock(mutex_);
    complete_ = true;
  }
  changed_.notify_one();
  thread_.join();
  return std::move(digest_);
}

// How much there is to hash; `done` itself when there will be no more.
std::uint64_t FileHasher::WaitBeyond(std::uint64_t done) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return written_ > done || complete_ || given_up_; });
  return given_up_ ? done : written_;
}

void FileHasher::Run() {
  ::pthread_setname_np(::pthread_self(), "mlean-hash");
  Hasher hasher(Hasher::Kind::kSha256);
  std::vector<char> piece(kPiece);
  std::uint64_t done = 0;
  for (std::uint64_t end = WaitBeyond(0); end > done; end = WaitBeyond(done)) {
    const ssize_t got = ::pread(file_.fd(), piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(end - done, kPiece)),
                                static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;  // what was written cannot be read: no digest
    hasher.Update(piece.data(), static_cast<std::size_t>(got));
    done += static_cast<std::uint64_t>(got);
  }
  digest_ = hasher.HexDigest();
}

}  // namespace mlean::net
