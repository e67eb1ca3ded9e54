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
  explicit Checkouter(Data& data) : data_(data), linker_(data.store.options().link_types) {}
  Result<void> Run();

 private:
  Result<void> RemoveObstacles();
  Result<void> RemoveFiles();
  void RemoveFolders();
  Result<void> MakeFolders();
  Result<void> MakeFiles();
  enum class Outcome : std::uint8_t { kMade, kKept, kGone };
  Result<Outcome> MakeFile(const Data::Creation& creation, FileFacts& made);
  Result<void> SetExec();
  void Remember(const std::vector<FileFacts>& made);

  const Work& work() const { return data_.options.work; }
  fs::path PathOf(std::string_view path) const { return path.empty() ? data_.base : data_.base / path; }

  Data& data_;
  Linker linker_;
  std::mutex mutex_;  // guards the result while files are made
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

Result<void> Checkouter::RemoveFiles() {
  return ParallelFor(work(), data_.removals.size(), 64, [&](std::size_t i, int) -> Result<void> {
    const Data::Removal& removal = data_.removals[i];
    const fs::path path = PathOf(removal.path);
    const Result<FileFacts> now = FactsOf(path);
    if (!now && now.error().code == Code::kNotFound) return {};
    if (!now) return now.error();
    if (!removal.facts.IsStill(*now)) return ChangedMeanwhile(path);
    return os::Remove(path);
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
    const Result<FileFacts> now = FactsOf(path);
    if (now ? !data_.olds[creation.old].IsStill(*now) : now.error().code != Code::kNotFound) return ChangedMeanwhile(path);
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
  std::vector<FileFacts> made(data_.creations.size());
  work().Expect(made.size(), 0);
  TRYV(ParallelFor(work(), made.size(), 32, [&](std::size_t i, int) -> Result<void> {
    const Data::Creation& creation = data_.creations[i];
    TRY(const Outcome outcome, MakeFile(creation, made[i]));
    work().Done(1, made[i].size);
    if (outcome == Outcome::kMade) return {};
    const TreeFile& file = data_.want[creation.file];
    const std::lock_guard lock(mutex_);
    if (outcome == Outcome::kKept) {
      --data_.result.relinked;
      return {};
    }
    data_.result.missing.push_back({PathOf(file.path).native(), {file.md5, false, data_.legacy}});
    return {};
  }));
  Remember(made);
  return {};
}

void Checkouter::Remember(const std::vector<FileFacts>& made) {
  HashState* const state = data_.store.options().state;
  if (state == nullptr) return;
  HashState::FolderSum sum = data_.kept;
  FileFacts newest = data_.newest_kept;
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (made[i].inode == 0) continue;  // its object was gone
    const TreeFile& file = data_.want[data_.creations[i].file];
    const std::string path = PathOf(file.path).native();
    state->RememberMade(HashState::KeyOfFile(path, made[i], data_.legacy), file.md5, made[i]);
    sum.Add(HashState::PathKey(path), made[i]);
    if (made[i].newest_ns() > newest.newest_ns()) newest = made[i];
  }
  if (!data_.remember_folder || !data_.result.missing.empty()) return;
  state->RememberMade(sum.KeyOf(data_.target.native(), data_.legacy), data_.folder_md5, newest);
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

Result<void> UnprotectFile(const fs::path& file, std::uint32_t mode) {
  const Result<FileFacts> facts = FactsOf(file);
  if (!facts) return facts.error();
  if (facts->is_link || facts->is_hard_linked) {
    std::error_code failure;
    const fs::path original = fs::canonical(file, failure);
    if (failure) return os::FileError("read", file, failure.value());
    Linker linker({LinkType::kCopy});
    TRYV(linker.Link(original, file));
  }
  return os::Chmod(file, mode);
}

}  // namespace

Result<void> Unprotect(const ObjectStore& store, const fs::path& path, const Work& work) {
  const std::uint32_t mode = store.options().group_shared ? 0664 : 0666 & ~Umask();
  if (!os::IsDir(path)) return UnprotectFile(path, mode);
  TRY(const Listing listing, ScanTree(path, {.refuse_dvcignore = false, .sorted = false, .work = work}));
  work.Expect(listing.size(), 0);
  return ParallelFor(work, listing.size(), 16, [&](std::size_t i, int) -> Result<void> {
    work.Done(1, 0);
    return UnprotectFile(path / listing.path(i), mode);
  });
}

}  // namespace mlean::cas
