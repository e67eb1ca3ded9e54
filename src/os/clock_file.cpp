#include "os/clock_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>

#include "os/files.hpp"
#include "os/spawn.hpp"

namespace mlean::os {
namespace {

constexpr std::size_t kBytes = sizeof(TimeMs);

Result<TimeMs*> Map(int fd, const std::filesystem::path& path) {
  void* const shared = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (shared == MAP_FAILED) return FileError("map clock", path, errno);
  return static_cast<TimeMs*>(shared);
}

}  // namespace

Result<std::unique_ptr<FileClock>> FileClock::Create(const std::filesystem::path& path, TimeMs start) {
  // In place, so that who has it open already sees the new time.
  const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (fd.get() < 0 || ::ftruncate(fd.get(), kBytes) != 0) return FileError("make clock", path, errno);
  TRY(TimeMs* const shared, Map(fd.get(), path));
  std::unique_ptr<FileClock> clock(new FileClock(shared));
  clock->Set(start);
  return clock;
}

Result<std::unique_ptr<FileClock>> FileClock::Open(const std::filesystem::path& path) {
  const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  struct stat st {};
  if (fd.get() < 0 || ::fstat(fd.get(), &st) != 0) return FileError("open clock", path, errno);
  if (st.st_size != static_cast<off_t>(kBytes)) {
    return Fail(Code::kCorrupt,
                fmt::format("cannot open clock '{}': {} bytes long instead of {}", path.string(), st.st_size, kBytes));
  }
  TRY(TimeMs* const shared, Map(fd.get(), path));
  return std::unique_ptr<FileClock>(new FileClock(shared));
}

FileClock::~FileClock() { ::munmap(shared_, kBytes); }

TimeMs FileClock::Now() const { return std::atomic_ref<TimeMs>(*shared_).load(std::memory_order_acquire); }

void FileClock::Set(TimeMs now) { std::atomic_ref<TimeMs>(*shared_).store(now, std::memory_order_release); }

}  // namespace mlean::os
