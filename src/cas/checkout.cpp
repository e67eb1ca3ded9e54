// CheckoutPlan::Apply, and checkout in one step.
#include "cas/checkout.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <system_error>

#include "base/text.hpp"
#include "cas/checkout_plan.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;
using Data = CheckoutPlan::Data;

Error ChangedMeanwhile(const fs::path& path) {
  return Fail(Code::kConflict, fmt::format("cannot check out '{}': it changed meanwhile", path.string()));
}

class Checkouter {
 public:
  explicit Checkouter(Data& data) : data_(data), linker_(data.store.options().link_types, data.store.options().temp_dir) {}
  Result<void> Run();

 private:
  Result<bool> IsStillThere(const fs::path& path, const FileFacts& before) const;
  Result<void> RemoveObstacles();
  Result<void> RemoveFiles();
  void RemoveFolders();
  Result<void> MakeFolders();
  Result<void> MakeFiles();
  enum class Outcome : std::uint8_t { kMade, kKept, kGone };
  Result<Outcome> MakeFile(const Data::Creation& creation, FileFacts& made);
  Result<void> SetExec();
  void Remember(const TreeFile& file, const FileFacts& made);

  const Work& work() const { return data_.options.work; }
  // Neighbours lie in one folder, which only one thread at a time can change: it takes many of them, if there are plenty.
  std::size_t FolderGrain(std::size_t files) const {
    return std::clamp<std::size_t>(files / (static_cast<std::size_t>(ThreadsOf(work())) * 16), 1, 512);
  }
  fs::path PathOf(std::string_view path) const { return path.empty() ? data_.base : data_.base / path; }

  Data& data_;
  Linker linker_;
  std::mutex mutex_;          // guards the result, the state and what follows while files are made
  HashState::FolderSum sum_;  // of the folder as it becomes
  FileFacts newest_;
};

Result<void> Checkouter::Run() {
  TRYV(RemoveObstacles());
  TRYV(RemoveFiles());
  RemoveFolders();
  TRYV(MakeFolders());
  TRYV(MakeFiles());
  return SetExec();
}

Result<void> Checkouter::RemoveObstacles() {
  for (const std::string& path : data_.obstacles) TRYV(os::Remove(path));
  return {};
}

// Whether a file is there and as it was; gone is no error. Of a link only the link counts: what it points to may be part of the
// same checkout.
Result<bool> Checkouter::IsStillThere(const fs::path& path, const FileFacts& before) const {
  if (before.is_link) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) return errno == ENOENT ? Result<bool>(false) : os::FileError("stat", path, errno);
    return S_ISLNK(st.st_mode) ? Result<bool>(true) : ChangedMeanwhile(path);
  }
  const Result<FileFacts> now = FactsOf(path);
  if (!now && now.error().code == Code::kNotFound) return false;
  if (!now) return now.error();
  return before.IsStill(*now) ? Result<bool>(true) : ChangedMeanwhile(path);
}

Result<void> Checkouter::RemoveFiles() {
  return ParallelFor(work(), data_.removals.size(), FolderGrain(data_.removals.size()), [&](std::size_t i, int) -> Result<void> {
    const Data::Removal& removal = data_.removals[i];
    const fs::path path = PathOf(removal.path);
    TRY(const bool there, IsStillThere(path, removal.facts));
    return there ? os::Remove(path) : Result<void>();
  });
}

// Those that are not empty hold what is ignored: they stay.
void Checkouter::RemoveFolders() {
  for (const std::string& folder : data_.folders) ::rmdir(folder.c_str());
}

Result<void> Checkouter::MakeFolders() {
  const bool has_files = !data_.creations.empty() || data_.want.empty();
  if (data_.make_target && has_files) TRYV(os::MakeDirs(data_.target));
  std::optional<std::string_view> last;
  for (const Data::Creation& creation : data_.creations) {
    const std::string_view path = data_.want[creation.file].path;
    const std::size_t slash = path.rfind('/');
    const std::string_view folder = path.substr(0, slash == path.npos ? 0 : slash);
    if (folder == last) continue;
    TRYV(os::MakeDirs(PathOf(folder)));
    last = folder;
  }
  return {};
}

// kKept: to be linked again, but already as it would become. kGone: its object is not there any more.
Result<Checkouter::Outcome> Checkouter::MakeFile(const Data::Creation& creation, FileFacts& made) {
  const TreeFile& file = data_.want[creation.file];
  const fs::path path = PathOf(file.path);
  const fs::path object = data_.store.PathOf(ObjectId{file.md5, false, data_.legacy});
  if (creation.kind != Data::Kind::kAdd) {
    TRYV(IsStillThere(path, data_.olds[creation.old]));
  }
  LinkOptions options{.exec = data_.exec, .replace = creation.kind != Data::Kind::kAdd};
  if (creation.kind == Data::Kind::kRelink) options.present = LinkOf(path, data_.olds[creation.old], object);
  const Result<LinkType> linked = linker_.Link(object, path, options);
  if (!linked) {
    if (linked.error().code == Code::kNotFound && !os::Exists(object)) return Outcome::kGone;
    if (linked.error().code == Code::kExists) return ChangedMeanwhile(path);
    return linked.error();
  }
  const bool is_kept = options.present == *linked;
  if (is_kept && *linked == LinkType::kCopy && data_.olds[creation.old].mode != linker_.mode()) {
    TRYV(os::Chmod(path, linker_.mode()));
  }
  TRY(made, FactsOf(path));
  return is_kept ? Outcome::kKept : Outcome::kMade;
}

Result<void> Checkouter::MakeFiles() {
  sum_ = data_.kept;
  newest_ = data_.newest_kept;
  work().Expect(data_.creations.size(), 0);
  const std::size_t grain = FolderGrain(data_.creations.size());
  TRYV(ParallelFor(work(), data_.creations.size(), grain, [&](std::size_t i, int) -> Result<void> {
    const Data::Creation& creation = data_.creations[i];
    FileFacts made;
    TRY(const Outcome outcome, MakeFile(creation, made));
    work().Done(1, made.size);
    const TreeFile& file = data_.want[creation.file];
    const std::lock_guard lock(mutex_);
    if (outcome == Outcome::kKept) --data_.result.relinked;
    if (outcome == Outcome::kGone) {
      data_.result.missing.push_back({PathOf(file.path).native(), {file.md5, false, data_.legacy}});
    } else {
      Remember(file, made);
    }
    return {};
  }));
  HashState* const state = data_.store.options().state;
  if (state == nullptr || !data_.remember_folder || !data_.result.missing.empty()) return {};
  state->RememberMade(sum_.KeyOf(data_.target.native(), data_.legacy), data_.folder_md5, newest_);
  return {};
}

void Checkouter::Remember(const TreeFile& file, const FileFacts& made) {
  HashState* const state = data_.store.options().state;
  if (state == nullptr) return;
  const std::string path = PathOf(file.path).native();
  state->RememberMade(HashState::KeyOfFile(path, made, data_.legacy), file.md5, made);
  sum_.Add(HashState::PathKey(path), made);
  if (made.newest_ns() > newest_.newest_ns()) newest_ = made;
}

Result<void> Checkouter::SetExec() {
  if (!data_.chmod) return {};
  TRY(const os::FileStat stat, os::Stat(data_.target));
  return os::Chmod(data_.target, stat.mode | 0100);
}

}  // namespace

Result<CheckoutResult> CheckoutPlan::Apply() {
  TRYV(Checkouter(*data_).Run());
  return std::move(data_->result);
}

Result<CheckoutResult> Checkout(ObjectStore& store, const ObjectInfo& want, const fs::path& target, bool force,
                                const CheckoutOptions& options) {
  TRY(CheckoutPlan plan, CheckoutPlan::Make(store, want, target, options));
  if (!plan.missing().empty()) {
    return Fail(Code::kNotFound,
                fmt::format("cannot check out '{}': '{}' is not in the cache", target.string(), plan.missing().front().id.Name()),
                "mlean pull");
  }
  if (!force && !plan.unsaved().empty()) {
    return Fail(Code::kDenied, "Can't remove the following unsaved files without confirmation. Use `--force` to force.\n" +
                                   Join(plan.unsaved(), "\n"));
  }
  return plan.Apply();
}

namespace {

Result<void> UnprotectFile(const fs::path& file, std::uint32_t mode, const fs::path& temp_dir) {
  const Result<FileFacts> facts = FactsOf(file);
  if (!facts) return facts.error();
  if (facts->is_link || facts->is_hard_linked) {
    std::error_code failure;
    const fs::path original = fs::canonical(file, failure);
    if (failure) return os::FileError("read", file, failure.value());
    Linker linker({LinkType::kCopy}, temp_dir);
    TRYV(linker.Link(original, file));
  }
  return os::Chmod(file, mode);
}

}  // namespace

Result<void> Unprotect(const ObjectStore& store, const fs::path& path, const Work& work) {
  const std::uint32_t mode = store.options().group_shared ? 0664 : 0666 & ~Umask();
  if (!os::IsDir(path)) return UnprotectFile(path, mode, store.options().temp_dir);
  TRY(const Listing listing, ScanTree(path, {.refuse_dvcignore = false, .sorted = false, .broken_links = true, .work = work}));
  work.Expect(listing.size(), 0);
  return ParallelFor(work, listing.size(), 16, [&](std::size_t i, int) -> Result<void> {
    work.Done(1, 0);
    return UnprotectFile(path / listing.path(i), mode, store.options().temp_dir);
  });
}

}  // namespace mlean::cas
