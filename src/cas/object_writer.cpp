#include "cas/object_writer.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "cas/facts.hpp"
#include "cas/temp_name.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kObjectMode = 0444;
constexpr mode_t kSharedFolderMode = 02775;
// From here on a thread that hashes while another one writes is worth making.
constexpr std::uint64_t kLeastBeside = std::uint64_t{8} << 20;
// Below this a copy is cheaper than sharing blocks.
constexpr std::uint64_t kLeastClone = std::uint64_t{64} << 10;

Result<void> MakeSharedDirs(const fs::path& path, bool group_shared) {
  if (os::IsDir(path)) return {};
  if (path.has_parent_path() && path.parent_path() != path) TRYV(MakeSharedDirs(path.parent_path(), group_shared));
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) return os::FileError("make folder", path, errno);
  if (group_shared && ::chmod(path.c_str(), kSharedFolderMode) != 0) return os::FileError("set mode of", path, errno);
  return {};
}

// Hashes blocks in a thread of its own, while the caller writes them and reads the next ones.
class HashBeside {
 public:
  HashBeside(FileReader& reader, bool legacy) : thread_([this, &reader, legacy] { Serve(reader, legacy); }) {}
  HashBeside(const HashBeside&) = delete;
  HashBeside& operator=(const HashBeside&) = delete;
  ~HashBeside() {
    Wait();
    Tell(State::kEnd);
  }

  void Add(std::string_view block) {
    next_.assign(block);
    Wait();
    block_.swap(next_);
    Tell(State::kBusy);
  }
  // Until all that was added is hashed.
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return state_ != State::kBusy; });
  }

 private:
  enum class State : std::uint8_t { kIdle, kBusy, kEnd };

  void Tell(State state) {
    {
      const std::lock_guard lock(mutex_);
      state_ = state;
    }
    changed_.notify_all();
  }
  void Serve(FileReader& reader, bool legacy) {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return state_ != State::kIdle; });
        if (state_ == State::kEnd) return;
      }
      reader.Update(block_, legacy);
      Tell(State::kIdle);
    }
  }

  std::mutex mutex_;  // guards state_
  std::condition_variable changed_;
  State state_ = State::kIdle;
  std::string block_;  // being hashed
  std::string next_;
  std::jthread thread_;  // the last one: it uses all others
};

}  // namespace

// A temporary file in the layout's folder; removed unless it was published.
class ObjectWriter::Temp {
 public:
  static Result<Temp> Make(const ObjectWriter& writer, std::string name) {
    // A descriptor that may write stays so whatever the mode; the final one saves a call for each object.
    const int fd = ::openat(writer.base_, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kObjectMode);
    if (fd < 0) return writer.Failed("write", name, errno);
    return Temp(writer.base_, fd, std::move(name));
  }
  // Without an open descriptor.
  Temp(int base, int fd, std::string name) : base_(base), fd_(fd), name_(std::move(name)) {}
  Temp(Temp&& other) noexcept : base_(other.base_), fd_(std::exchange(other.fd_, -1)), name_(std::exchange(other.name_, {})) {}
  Temp& operator=(Temp&&) = delete;
  ~Temp() {
    if (fd_ >= 0) ::close(fd_);
    if (!name_.empty()) ::unlinkat(base_, name_.c_str(), 0);
  }
  int fd() const { return fd_; }
  const std::string& name() const { return name_; }
  void Forget() { name_.clear(); }

 private:
  int base_;
  int fd_;
  std::string name_;
};

ObjectWriter::ObjectWriter(const ObjectStore& store, int base, fs::path path, bool legacy, const Work& work)
    : store_(store), finder_(store, legacy), base_(base), path_(std::move(path)), legacy_(legacy), work_(work) {}

ObjectWriter::~ObjectWriter() { ::close(base_); }

Error ObjectWriter::Failed(std::string_view verb, const std::string& name, int number) const {
  return os::FileError(verb, path_ / name, number);
}

Result<std::unique_ptr<ObjectWriter>> ObjectWriter::Open(const ObjectStore& store, bool legacy, const Work& work) {
  fs::path path = store.LayoutDir(legacy);
  TRYV(MakeSharedDirs(path, store.options().group_shared));
  const int base = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (base < 0) return os::FileError("open folder", path, errno);
  return std::unique_ptr<ObjectWriter>(new ObjectWriter(store, base, std::move(path), legacy, work));
}

Result<void> ObjectWriter::MakeFolderOf(const ObjectId& id) {
  std::atomic<bool>& known = folders_[id.md5[0]];
  if (known.load(std::memory_order_relaxed)) return {};
  const std::string name = HexOf(id.md5).substr(0, 2);
  if (::mkdirat(base_, name.c_str(), 0777) == 0) {
    if (store_.options().group_shared && ::fchmodat(base_, name.c_str(), kSharedFolderMode, 0) != 0) {
      return Failed("set mode of", name, errno);
    }
  } else if (errno != EEXIST) {
    return Failed("make folder", name, errno);
  }
  known.store(true, std::memory_order_relaxed);
  return {};
}

Result<void> ObjectWriter::Write(Temp& temp, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::write(temp.fd(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed("write", temp.name(), errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> ObjectWriter::Publish(Temp& temp, const ObjectId& id) {
  static const bool is_masked = (Umask() & kObjectMode) != 0;
  if (is_masked && ::fchmod(temp.fd(), kObjectMode) != 0) return Failed("set mode of", temp.name(), errno);
  if (store_.options().durable && ::fdatasync(temp.fd()) != 0) return Failed("sync", temp.name(), errno);
  TRYV(MakeFolderOf(id));
  if (::renameat(base_, temp.name().c_str(), base_, id.NameInLayout().c_str()) != 0) return Failed("rename", temp.name(), errno);
  temp.Forget();
  return {};
}

bool ObjectWriter::Clone(const Temp& temp, const FileReader& reader) {
  if (!can_clone_.load(std::memory_order_relaxed) || !reader.WouldShowChanges()) return false;
  if (::ioctl(temp.fd(), FICLONE, reader.fd()) == 0) return true;
  // Another file system may hold only this one file.
  if (errno != EXDEV) can_clone_.store(false, std::memory_order_relaxed);
  return false;
}

Result<bool> ObjectWriter::LinkOpenFile(const FileReader& reader, const ObjectId& id) {
  // What a symlink points to is not the workspace's: it must not become read-only.
  struct stat named {};
  if (::fstatat(reader.at(), reader.path(), &named, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(named.st_mode)) return false;
  const std::string source = fmt::format("/proc/self/fd/{}", reader.fd());
  Temp temp(base_, -1, TempName());
  if (::linkat(AT_FDCWD, source.c_str(), base_, temp.name().c_str(), AT_SYMLINK_FOLLOW) != 0) {
    temp.Forget();
    return false;
  }
  // What follows changes the ctime: only now can a change of the bytes still be told from it.
  struct stat st {};
  const bool is_same = ::fstat(reader.fd(), &st) == 0 && FactsFromStat(st).size == reader.facts().size &&
                       FactsFromStat(st).mtime_ns == reader.facts().mtime_ns;
  if (!is_same) return false;
  if (::fchmod(reader.fd(), kObjectMode) != 0) return false;
  TRYV(MakeFolderOf(id));
  if (::renameat(base_, temp.name().c_str(), base_, id.NameInLayout().c_str()) != 0) return Failed("rename", temp.name(), errno);
  temp.Forget();
  return true;
}

Result<HashedFile> ObjectWriter::Store(FileReader& reader, int at, const fs::path& folder, const char* path, bool hardlink) {
  TRYV(reader.Open(at, folder, path));
  TRY(const std::string_view block, reader.Next());
  Result<HashedFile> stored = reader.AtEnd() ? StoreSmall(reader, block, hardlink) : StoreLarge(reader, block, hardlink);
  if (stored) work_.Done(1, 0);
  return stored;
}

Result<HashedFile> ObjectWriter::StoreSmall(FileReader& reader, std::string_view block, bool hardlink) {
  reader.Update(block, legacy_);
  const ObjectId id{reader.hasher().Finish(), false, legacy_};
  work_.Done(0, block.size());
  TRY(const bool there, finder_.Has(id));
  if (there) return reader.Finish(id.md5);
  if (hardlink && !block.empty()) {
    TRY(const bool linked, LinkOpenFile(reader, id));
    if (linked) return reader.FinishMade(id.md5);
  }
  TRYV(MakeFolderOf(id));
  TRY(Temp temp, Temp::Make(*this, HexOf(id.md5).substr(0, 2) + "/" + TempName()));
  bool is_written = false;
  if (block.size() >= kLeastClone && Clone(temp, reader)) {
    is_written = reader.IsUnchanged();
    if (!is_written && ::ftruncate(temp.fd(), 0) != 0) return Failed("write", temp.name(), errno);
  }
  if (!is_written) TRYV(Write(temp, block));
  TRYV(Publish(temp, id));
  return reader.Finish(id.md5);
}

Result<HashedFile> ObjectWriter::StoreLarge(FileReader& reader, std::string_view block, bool hardlink) {
  // Its name is known only after it was read: it is made in the layout's folder, where DVC makes such files too.
  std::optional<Temp> temp;
  if (!hardlink) {
    TRY(Temp made, Temp::Make(*this, TempName()));
    temp.emplace(std::move(made));
  }
  const bool is_clone = temp && Clone(*temp, reader);
  const bool is_copy = temp && !is_clone;
  std::optional<HashBeside> beside;
  if (is_copy && reader.facts().size >= kLeastBeside) beside.emplace(reader, legacy_);
  for (;;) {
    if (work_.IsCancelled()) return Cancelled();
    beside ? beside->Add(block) : reader.Update(block, legacy_);
    if (is_copy) TRYV(Write(*temp, block));
    work_.Done(0, block.size());
    if (reader.AtEnd()) break;
    TRY(block, reader.Next());
  }
  if (beside) beside->Wait();
  const ObjectId id{reader.hasher().Finish(), false, legacy_};
  TRY(const bool there, finder_.Has(id));
  if (there) return reader.Finish(id.md5);
  if (!temp) {
    TRY(const bool linked, LinkOpenFile(reader, id));
    if (linked) return reader.FinishMade(id.md5);
    return Store(reader, reader.at(), reader.folder(), reader.path(), false);
  }
  if (is_clone && !reader.IsUnchanged()) {
    return Fail(Code::kConflict, fmt::format("cannot store '{}': it changed meanwhile", reader.shown().string()));
  }
  TRYV(Publish(*temp, id));
  return reader.Finish(id.md5);
}

Result<ObjectId> ObjectWriter::StoreBytes(std::string_view bytes) {
  const ObjectId id{Md5Of(bytes), false, legacy_};
  TRY(const bool there, finder_.Has(id));
  if (there) return id;
  TRY(Temp temp, Temp::Make(*this, TempName()));
  TRYV(Write(temp, bytes));
  TRYV(Publish(temp, id));
  return id;
}

Result<ObjectId> ObjectWriter::StoreDir(const Tree& tree) {
  TRY(Temp temp, Temp::Make(*this, TempName()));
  Md5Hasher hasher;
  Result<void> written;
  tree.Write([&](std::string_view piece) {
    hasher.Update(piece);
    if (written) written = Write(temp, piece);
  });
  TRYV(std::move(written));
  const ObjectId id{hasher.Finish(), true, legacy_};
  TRY(const bool there, finder_.Has(id));
  if (!there) TRYV(Publish(temp, id));
  return id;
}

Result<void> ObjectWriter::Adopt(const fs::path& file, const ObjectId& id) {
  TRY(const bool there, finder_.Has(id));
  if (there) return {};
  Linker linker({LinkType::kReflink, LinkType::kHardlink, LinkType::kCopy});
  TRYV(MakeFolderOf(id));
  TRYV(linker.Link(file, path_ / id.NameInLayout()));
  if (::fchmodat(base_, id.NameInLayout().c_str(), kObjectMode, 0) != 0) return Failed("set mode of", id.NameInLayout(), errno);
  return {};
}

Result<void> ObjectWriter::Finish() {
  if (!store_.options().durable) return {};
  for (std::size_t i = 0; i < folders_.size(); ++i) {
    if (!folders_[i].load(std::memory_order_relaxed)) continue;
    const int fd = ::openat(base_, fmt::format("{:02x}", i).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) continue;
    ::fsync(fd);
    ::close(fd);
  }
  ::fsync(base_);
  return {};
}

}  // namespace mlean::cas
