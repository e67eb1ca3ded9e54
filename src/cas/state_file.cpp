#include "cas/state_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <functional>

#include "cas/state_key.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;
using Record = HashState::Record;
using Run = StateFile::Run;

static_assert(sizeof(Record) == 32 && std::is_trivially_copyable_v<Record>);

// The last digit counts versions of the format and of the keys.
constexpr std::string_view kHeader = "mlean file hashes 2\n\0\0\0\0";
static_assert(kHeader.size() % 4 == 0);

struct RunHead {
  std::uint64_t magic = 0;
  std::uint64_t count = 0;
  std::uint64_t checksum = 0;
};
constexpr std::uint64_t kRunMagic = 0x6E75722073656863u;
constexpr std::size_t kManyRuns = 8;

// Four lanes, so that a large file is not slower to check than to read.
std::uint64_t Checksum(const Record* records, std::size_t count) {
  std::uint64_t lanes[4] = {count, 1, 2, 3};
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t words[4];
    std::memcpy(words, records + i, sizeof words);
    for (int lane = 0; lane < 4; ++lane) lanes[lane] = Mix(lanes[lane] ^ words[lane], 0x8EBC6AF09C88C6E3u);
  }
  return Mix(Mix(lanes[0], lanes[1]), Mix(lanes[2], lanes[3]));
}

class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OpenFile& operator=(OpenFile&&) = delete;
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

  bool WriteAt(std::uint64_t at, const void* bytes, std::size_t size) const {
    const char* from = static_cast<const char*>(bytes);
    while (size > 0) {
      const ssize_t count = ::pwrite(fd_, from, size, static_cast<off_t>(at));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      from += count;
      at += static_cast<std::uint64_t>(count);
      size -= static_cast<std::size_t>(count);
    }
    return true;
  }

 private:
  int fd_;
};

bool WriteRun(const OpenFile& file, const Run& run, std::size_t& end) {
  const RunHead head{kRunMagic, run.size(), Checksum(run.data(), run.size())};
  const std::size_t at = end;
  end += sizeof head + run.size() * sizeof(Record);
  return file.WriteAt(at, &head, sizeof head) && file.WriteAt(at + sizeof head, run.data(), run.size() * sizeof(Record));
}

// The next `size` bytes; false when there are fewer.
using Take = std::function<bool(void* to, std::size_t size)>;

// `size`: of all that can be taken.
std::vector<Run> ReadRuns(std::size_t size, const Take& take, std::size_t& end) {
  std::vector<Run> runs;
  end = 0;
  char header[kHeader.size()];
  if (!take(header, sizeof header) || std::string_view(header, sizeof header) != kHeader) return runs;
  end = kHeader.size();
  for (RunHead head; size - end >= sizeof head && take(&head, sizeof head);) {
    const std::size_t left = size - end - sizeof head;
    if (head.magic != kRunMagic || head.count == 0 || head.count > left / sizeof(Record)) break;
    Run run(head.count);
    if (!take(run.data(), run.size() * sizeof(Record)) || Checksum(run.data(), run.size()) != head.checksum) break;
    end += sizeof head + run.size() * sizeof(Record);
    runs.push_back(std::move(run));
  }
  return runs;
}

// Straight from an open file, which may be large.
std::vector<Run> ReadRuns(int fd, std::size_t& end) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) st.st_size = 0;
  const auto take = [&](void* to, std::size_t size) {
    for (char* at = static_cast<char*>(to); size > 0;) {
      const ssize_t count = ::read(fd, at, size);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      at += count;
      size -= static_cast<std::size_t>(count);
    }
    return true;
  };
  return ReadRuns(static_cast<std::size_t>(st.st_size), take, end);
}

// The file, locked, and still the one of that name.
Result<OpenFile> OpenLocked(const fs::path& path) {
  for (;;) {
    OpenFile file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (file.fd() < 0) return os::FileError("write", path, errno);
    while (::flock(file.fd(), LOCK_EX) != 0) {
      if (errno != EINTR) return os::FileError("lock", path, errno);
    }
    struct stat mine {};
    struct stat named {};
    if (::fstat(file.fd(), &mine) != 0) return os::FileError("stat", path, errno);
    if (::stat(path.c_str(), &named) == 0 && named.st_ino == mine.st_ino && named.st_dev == mine.st_dev) return file;
  }
}

bool IsWorthMerging(const std::vector<const Run*>& runs) {
  std::size_t later = 0;
  for (std::size_t i = 1; i < runs.size(); ++i) later += runs[i]->size();
  return runs.size() > kManyRuns || (runs.size() > 2 && later > runs.front()->size());
}

}  // namespace

std::vector<Run> StateFile::Parse(std::string_view bytes, std::size_t& end) {
  std::string_view left = bytes;
  const auto take = [&](void* to, std::size_t size) {
    if (left.size() < size) return false;
    std::memcpy(to, left.data(), size);
    left.remove_prefix(size);
    return true;
  };
  return ReadRuns(bytes.size(), take, end);
}

std::vector<Run> StateFile::Read(const fs::path& path) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::size_t end = 0;
  return file.fd() < 0 ? std::vector<Run>() : ReadRuns(file.fd(), end);
}

Result<void> StateFile::Append(const fs::path& path, std::span<const Run> runs) {
  if (path.has_parent_path()) TRYV(os::MakeDirs(path.parent_path()));
  TRY(const OpenFile file, OpenLocked(path));
  std::size_t end = 0;
  const std::vector<Run> old = ReadRuns(file.fd(), end);
  std::vector<const Run*> all;
  for (const Run& run : old) all.push_back(&run);
  for (const Run& run : runs) all.push_back(&run);
  if (IsWorthMerging(all)) {
    const Run merged = Merge(all);
    const RunHead head{kRunMagic, merged.size(), Checksum(merged.data(), merged.size())};
    TRY(os::AtomicFile fresh, os::AtomicFile::Open(path, {.mode = 0666, .sync = false}));
    TRYV(fresh.Write(kHeader));
    TRYV(fresh.Write({reinterpret_cast<const char*>(&head), sizeof head}));
    TRYV(fresh.Write({reinterpret_cast<const char*>(merged.data()), merged.size() * sizeof(Record)}));
    return fresh.Commit();
  }
  bool written = ::ftruncate(file.fd(), static_cast<off_t>(end)) == 0;
  if (end == 0) {
    written = written && file.WriteAt(0, kHeader.data(), kHeader.size());
    end = kHeader.size();
  }
  for (const Run& run : runs) written = written && WriteRun(file, run, end);
  if (!written) return os::FileError("write", path, errno);
  return {};
}

void StateFile::SortRun(Run& run) {
  std::sort(run.begin(), run.end(), [](const Record& a, const Record& b) { return a.key.path < b.key.path; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (i + 1 < run.size() && run[i].key.path == run[i + 1].key.path) continue;
    run[kept++] = run[i];
  }
  run.resize(kept);
}

const Record* StateFile::Find(const Run& run, std::uint64_t path) {
  if (run.empty()) return nullptr;
  // Keys are spread evenly, so the place is nearly known; from there the window is doubled until it holds the key.
  const auto guess = static_cast<std::size_t>((static_cast<unsigned __int128>(path) * run.size()) >> 64);
  std::size_t low = guess;
  std::size_t high = guess + 1;
  for (std::size_t step = 16; low > 0 && run[low].key.path >= path; step *= 2) low -= std::min(low, step);
  for (std::size_t step = 16; high < run.size() && run[high - 1].key.path < path; step *= 2)
    high = std::min(run.size(), high + step);
  const auto found =
      std::lower_bound(run.begin() + static_cast<std::ptrdiff_t>(low), run.begin() + static_cast<std::ptrdiff_t>(high), path,
                       [](const Record& record, std::uint64_t key) { return record.key.path < key; });
  return found != run.end() && found->key.path == path ? &*found : nullptr;
}

Run StateFile::Merge(const std::vector<const Run*>& runs) {
  struct Rest {
    const Record* at;
    const Record* end;
  };
  std::vector<Rest> rests;  // newest first
  std::size_t total = 0;
  for (auto run = runs.rbegin(); run != runs.rend() && (total == 0 || total + (*run)->size() <= kMaxRecords); ++run) {
    total += (*run)->size();
    rests.push_back({(*run)->data(), (*run)->data() + (*run)->size()});
  }
  Run merged;
  merged.reserve(total);
  for (;;) {
    const Record* least = nullptr;
    for (const Rest& rest : rests) {
      if (rest.at != rest.end && (least == nullptr || rest.at->key.path < least->key.path)) least = rest.at;
    }
    if (least == nullptr) return merged;
    merged.push_back(*least);
    for (Rest& rest : rests) {
      while (rest.at != rest.end && rest.at->key.path == merged.back().key.path) ++rest.at;
    }
  }
}

}  // namespace mlean::cas
