#include "cas/scanner.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include "base/text.hpp"
#include "cas/facts.hpp"
#include "cas/path_arena.hpp"
#include "cas/path_order.hpp"
#include "cas/state_key.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 100'000'000;
constexpr std::string_view kIgnoreFile = ".dvcignore";

struct Item {
  FileFacts facts;
  std::uint32_t length = 0;
  const char* path = nullptr;
  std::uint64_t key = 0;
};

// Grows without moving what is there.
class ItemList {
 public:
  Item& Add() {
    if (size_ == kChunk * chunks_.size()) chunks_.emplace_back(new Item[kChunk]);
    Item& item = chunks_.back()[size_ % kChunk];
    ++size_;
    return item;
  }
  std::size_t size() const { return size_; }
  Item& operator[](std::size_t index) { return chunks_[index / kChunk][index % kChunk]; }

 private:
  static constexpr std::size_t kChunk = 1024;
  std::vector<std::unique_ptr<Item[]>> chunks_;
  std::size_t size_ = 0;
};

// What one thread has found.
struct Part {
  PathArena paths;
  ItemList items;
  std::vector<ScanWarning> warnings;
  std::vector<std::string> folders;
};

struct Folder {
  std::string path;  // relative, "" or ending in '/'
  std::uint64_t key = 0;
};

struct FdCloser {
  int fd;
  ~FdCloser() { ::close(fd); }
};

// The record that getdents64 writes.
struct RawEntry {
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[1];
};
constexpr std::size_t kNameOffset = 19;

class Walk {
 public:
  Walk(const fs::path& root, int root_fd, const ScanOptions& options) : root_(root), root_fd_(root_fd), options_(options) {
    folders_.push_back({"", HashWholePath(root.native())});
  }

  Result<std::vector<Part>> Run() {
    const int threads = ThreadsOf(options_.work);
    std::vector<Part> parts(static_cast<std::size_t>(threads));
    {
      std::vector<std::jthread> others;
      for (int i = 1; i < threads; ++i) others.emplace_back([this, &parts, i] { Serve(parts[static_cast<std::size_t>(i)]); });
      Serve(parts[0]);
    }
    if (failure_) return *std::move(failure_);
    return parts;
  }

 private:
  void Serve(Part& part) {
    const std::unique_ptr<char[]> buffer(new char[kBufferBytes]);
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return !folders_.empty() || busy_ == 0 || failure_; });
      if (failure_ || folders_.empty()) break;
      const Folder folder = std::move(folders_.back());
      folders_.pop_back();
      ++busy_;
      lock.unlock();
      std::vector<Folder> below;
      Result<void> done = options_.work.IsCancelled() ? Result<void>(Cancelled()) : Read(folder, part, below, buffer.get());
      lock.lock();
      --busy_;
      if (!done && !failure_) failure_ = std::move(done).error();
      for (Folder& next : below) folders_.push_back(std::move(next));
      if (!folders_.empty() || busy_ == 0 || failure_) wake_.notify_all();
    }
    wake_.notify_all();
  }

  Result<void> Read(const Folder& folder, Part& part, std::vector<Folder>& below, char* buffer) {
    const int fd = ::openat(root_fd_, folder.path.empty() ? "." : folder.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
      if (errno == ENOENT && !folder.path.empty()) return {};  // removed meanwhile
      return os::FileError("list", root_ / folder.path, errno);
    }
    const FdCloser closer{fd};
    for (;;) {
      const long count = ::syscall(SYS_getdents64, fd, buffer, kBufferBytes);
      if (count < 0) return os::FileError("list", root_ / folder.path, errno);
      if (count == 0) return {};
      for (long at = 0; at < count;) {
        RawEntry entry;
        std::memcpy(&entry, buffer + at, kNameOffset);
        const std::string_view name(buffer + at + kNameOffset);
        at += entry.length;
        if (name != "." && name != "..") TRYV(Take(folder, fd, name, entry.type, part, below));
      }
    }
  }

  Result<void> Take(const Folder& folder, int fd, std::string_view name, unsigned char type, Part& part,
                    std::vector<Folder>& below) {
    constexpr unsigned char kTypeFolder = 4;  // DT_DIR
    struct stat st {};
    bool is_link = false;
    if (type != kTypeFolder) {
      if (::fstatat(fd, name.data(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return {};
        return os::FileError("stat", PathOf(folder, name), errno);
      }
      is_link = S_ISLNK(st.st_mode);
      if (is_link && ::fstatat(fd, name.data(), &st, 0) != 0) return BadLink(folder, name, errno, part);
    }
    const bool is_folder = type == kTypeFolder || S_ISDIR(st.st_mode);
    const std::string_view path = part.paths.Add(folder.path, name);
    if (options_.ignored && options_.ignored(path, is_folder)) return {};
    if (is_folder && is_link) {
      part.warnings.push_back({ScanWarning::Kind::kLinkToFolder, std::string(path)});
    } else if (is_folder) {
      if (options_.folders) part.folders.emplace_back(path);
      below.push_back({std::string(path) + "/", HashPart(folder.key, name)});
    } else if (!S_ISREG(st.st_mode)) {
      part.warnings.push_back({ScanWarning::Kind::kSpecialFile, std::string(path)});
    } else {
      if (options_.refuse_dvcignore && name == kIgnoreFile) return Refuse(folder);
      if (part.items.size() >= kMaxFiles) {
        return Fail(Code::kTooLarge, fmt::format("cannot list '{}': over {} files", root_.string(), HumanCount(kMaxFiles)));
      }
      if (!IsValidUtf8(path)) part.warnings.push_back({ScanWarning::Kind::kUndecodable, std::string(path)});
      Item& item = part.items.Add();
      item.facts = FactsFromStat(st);
      item.facts.is_link = is_link;
      item.path = path.data();
      item.length = static_cast<std::uint32_t>(path.size());
      item.key = HashPart(folder.key, name);
    }
    return {};
  }

  fs::path PathOf(const Folder& folder, std::string_view name) const { return root_ / (folder.path + std::string(name)); }

  // A link that leads nowhere. Ignored ones do no harm.
  Result<void> BadLink(const Folder& folder, std::string_view name, int number, Part& part) const {
    const std::string path = folder.path + std::string(name);
    if (options_.ignored && options_.ignored(path, false)) return {};
    if (number != ENOENT && number != ENOTDIR && number != ELOOP) return os::FileError("stat", PathOf(folder, name), number);
    if (options_.broken_links) {
      part.warnings.push_back({ScanWarning::Kind::kBrokenLink, path});
      return {};
    }
    return Fail(Code::kInvalid, fmt::format("cannot read '{}': it is a link to nothing", PathOf(folder, name).string()),
                "remove it, or name it in .dvcignore");
  }

  Result<void> Refuse(const Folder& folder) const {
    fs::path dir = root_ / folder.path;
    if (!dir.has_filename()) dir = dir.parent_path();
    return Fail(Code::kDenied, fmt::format("{} file should not be in collected dir path: '{}'", kIgnoreFile, dir.string()));
  }

  static constexpr std::size_t kBufferBytes = 64 << 10;
  const fs::path& root_;
  const int root_fd_;
  const ScanOptions& options_;
  std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  std::vector<Folder> folders_;  // still to be read
  int busy_ = 0;                 // threads that are reading one
  std::optional<Error> failure_;
};

}  // namespace

Result<FileFacts> FactsOf(const fs::path& file) {
  struct stat st {};
  if (::lstat(file.c_str(), &st) != 0) return os::FileError("stat", file, errno);
  const bool is_link = S_ISLNK(st.st_mode);
  if (is_link && ::stat(file.c_str(), &st) != 0) return os::FileError("stat", file, errno);
  if (!S_ISREG(st.st_mode)) {
    return Fail(Code::kInvalid, fmt::format("cannot hash '{}': not a regular file", file.string()));
  }
  FileFacts facts = FactsFromStat(st);
  facts.is_link = is_link;
  return facts;
}

std::string ScanWarning::Text() const {
  switch (kind) {
    case Kind::kLinkToFolder: return fmt::format("skipped '{}': a link to a folder", path);
    case Kind::kSpecialFile: return fmt::format("skipped '{}': not a regular file", path);
    case Kind::kBrokenLink: return fmt::format("skipped '{}': a link to nothing", path);
    case Kind::kUndecodable: return fmt::format("'{}' is not UTF-8: other tools may refuse it", path);
  }
  return {};
}

struct Listing::Data {
  std::shared_ptr<PathArena> arena = std::make_shared<PathArena>();
  std::vector<ItemList> lists;
  std::vector<Item*> items;
  std::vector<ScanWarning> warnings;
  std::vector<std::string> folders;
  std::atomic<std::uint64_t> bytes = 0;
};

Listing::Listing() : data_(std::make_unique<Data>()) {}
Listing::Listing(Listing&&) noexcept = default;
Listing& Listing::operator=(Listing&&) noexcept = default;
Listing::~Listing() = default;

std::size_t Listing::size() const { return data_->items.size(); }
std::string_view Listing::path(std::size_t index) const {
  const Item& item = *data_->items[index];
  return {item.path, item.length};
}
const FileFacts& Listing::facts(std::size_t index) const { return data_->items[index]->facts; }
std::uint64_t Listing::path_key(std::size_t index) const { return data_->items[index]->key; }
std::uint64_t Listing::bytes() const { return data_->bytes; }
void Listing::Replace(std::size_t index, const FileFacts& facts) {
  FileFacts& mine = data_->items[index]->facts;
  data_->bytes.fetch_add(facts.size - mine.size, std::memory_order_relaxed);
  mine = facts;
}
std::shared_ptr<const PathArena> Listing::arena() const { return data_->arena; }
const std::vector<ScanWarning>& Listing::warnings() const { return data_->warnings; }
const std::vector<std::string>& Listing::folders() const { return data_->folders; }

Result<Listing> ScanTree(const fs::path& dir) { return ScanTree(dir, ScanOptions()); }

Result<Listing> ScanTree(const fs::path& dir, const ScanOptions& options) {
  const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os::FileError("list", dir, errno);
  const FdCloser closer{fd};
  TRY(std::vector<Part> parts, Walk(dir, fd, options).Run());
  Listing listing;
  Listing::Data& data = *listing.data_;
  std::size_t total = 0;
  std::uint64_t bytes = 0;
  for (const Part& part : parts) total += part.items.size();
  data.items.reserve(total);
  for (Part& part : parts) {
    data.arena->Absorb(std::move(part.paths));
    data.lists.push_back(std::move(part.items));
    ItemList& items = data.lists.back();
    for (std::size_t i = 0; i < items.size(); ++i) {
      bytes += items[i].facts.size;
      data.items.push_back(&items[i]);
    }
    for (ScanWarning& warning : part.warnings) data.warnings.push_back(std::move(warning));
    for (std::string& folder : part.folders) data.folders.push_back(std::move(folder));
  }
  data.bytes = bytes;
  if (options.sorted) {
    std::sort(data.items.begin(), data.items.end(), [](const Item* a, const Item* b) {
      return PathLess({a->path, a->length}, {b->path, b->length});
    });
  }
  std::sort(data.folders.begin(), data.folders.end());
  std::sort(data.warnings.begin(), data.warnings.end(),
            [](const ScanWarning& a, const ScanWarning& b) { return a.path < b.path; });
  return listing;
}

}  // namespace mlean::cas
