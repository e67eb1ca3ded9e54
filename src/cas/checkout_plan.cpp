// CheckoutPlan::Make: the difference between the workspace and what it shall hold.
#include "cas/checkout_plan.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "cas/file_hash.hpp"
#include "cas/object_finder.hpp"
#include "cas/path_order.hpp"
#include "cas/state_key.hpp"
#include "cas/tree_hasher.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;
using Data = CheckoutPlan::Data;

enum class Present : std::uint8_t { kNothing, kFile, kFolder, kLinkToFolder, kBrokenLink, kOther };

Result<Present> Look(const fs::path& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Present::kNothing;
    return os::FileError("stat", path, errno);
  }
  const bool is_link = S_ISLNK(st.st_mode);
  if (is_link && ::stat(path.c_str(), &st) != 0) return Present::kBrokenLink;
  if (S_ISREG(st.st_mode)) return Present::kFile;
  if (S_ISDIR(st.st_mode)) return is_link ? Present::kLinkToFolder : Present::kFolder;
  return Present::kOther;
}

class Planner {
 public:
  explicit Planner(Data& data) : data_(data) {}

  Result<void> PlanNothing();
  Result<void> PlanFile(const ObjectInfo& info, const Md5& md5);
  Result<void> PlanFolder();

 private:
  Result<void> PlanFiles(const fs::path& file);
  Result<bool> IsSavedBehindLink() const;
  Result<void> Compare();
  void CompareLists(const HashedTree& present, const Listing& listing);
  void Keep(const HashedTree& present, const Listing& listing, std::size_t index, std::size_t wanted);
  bool MayRelink(const fs::path& file, const FileFacts& facts, const fs::path& object) const;
  Result<void> RemoveFolder(bool wanted_gone);
  Result<void> RemoveSingleFile();
  void FindObstacles(const Listing& listing);
  Result<void> LookAtIgnored();
  Result<void> CheckObjects();
  void Count();

  HashOptions Hashing() const {
    return {.state = data_.store.options().state,
            .legacy = data_.legacy,
            .ignored = data_.options.ignored,
            .work = data_.options.work};
  }
  ScanOptions Scanning() const {
    return {.ignored = data_.options.ignored,
            .folders = true,
            .refuse_dvcignore = false,
            .broken_links = true,
            .work = data_.options.work};
  }
  void AddCreation(Data::Kind kind, std::size_t file) { data_.creations.push_back({static_cast<std::uint32_t>(file), 0, kind}); }
  // `md5` is what would be lost.
  void AddCreation(Data::Kind kind, std::size_t file, const FileFacts& old, const Md5& md5) {
    data_.creations.push_back({static_cast<std::uint32_t>(file), static_cast<std::uint32_t>(data_.olds.size()), kind});
    data_.olds.push_back(old);
    lost_.push_back({std::string(data_.want[file].path), md5});
  }
  void AddRemoval(std::string_view path, const FileFacts& facts, const Md5& md5) {
    data_.removals.push_back({std::string(path), facts});
    lost_.push_back({std::string(path), md5});
  }

  struct Lost {
    std::string path;
    Md5 md5{};
  };
  Data& data_;
  std::vector<Lost> lost_;  // content that goes away
  const std::uint32_t copy_mode_ = 0666 & ~Umask();
};

Result<void> Planner::PlanNothing() {
  TRY(const Present present, Look(data_.target));
  switch (present) {
    case Present::kNothing: return {};
    case Present::kFile: TRYV(RemoveSingleFile()); break;
    case Present::kFolder: TRYV(RemoveFolder(false)); break;
    case Present::kBrokenLink: data_.obstacles.push_back(data_.target.native()); break;
    case Present::kLinkToFolder:
    case Present::kOther:
      data_.obstacles.push_back(data_.target.native());
      data_.unsaved.push_back(data_.target.native());
      break;
  }
  data_.result.change = Change::kDeleted;
  data_.result.deleted = data_.removals.size();
  return CheckObjects();
}

Result<void> Planner::RemoveSingleFile() {
  data_.base = data_.target.parent_path();
  TRY(const FileFacts facts, FactsOf(data_.target));
  TRY(const ObjectInfo info, HashFile(data_.target, Hashing()));
  AddRemoval(data_.target.filename().native(), facts, *ParseMd5(info.md5));
  return {};
}

// All files of the target go, and its folders. `wanted_gone`: what the scan leaves out must go too.
Result<void> Planner::RemoveFolder(bool wanted_gone) {
  TRY(Listing listing, ScanTree(data_.target, Scanning()));
  const fs::path target = data_.target;
  for (const ScanWarning& warning : listing.warnings()) {
    const bool is_broken = warning.kind == ScanWarning::Kind::kBrokenLink;
    if (warning.kind == ScanWarning::Kind::kUndecodable || !(wanted_gone || is_broken)) continue;
    data_.obstacles.push_back((target / warning.path).native());
    if (!is_broken) data_.unsaved.push_back(data_.obstacles.back());
  }
  for (const std::string& folder : listing.folders()) data_.folders.push_back((target / folder).native());
  std::reverse(data_.folders.begin(), data_.folders.end());
  data_.folders.push_back(target.native());
  TreeHasher hasher(target, std::move(listing), data_.store.options().state, data_.legacy, data_.options.work);
  TRYV(hasher.LookUp({}));
  TRYV(hasher.HashRest());
  // Relative to the base, which may be the parent.
  const std::string prefix = data_.base == target ? "" : target.filename().native() + "/";
  for (std::size_t i = 0; i < hasher.listing().size(); ++i) {
    AddRemoval(prefix + std::string(hasher.listing().path(i)), hasher.listing().facts(i), hasher.md5s()[i]);
  }
  return {};
}

Result<void> Planner::PlanFile(const ObjectInfo& info, const Md5& md5) {
  data_.base = data_.target.parent_path();
  data_.exec = info.is_exec;
  data_.want.Add(data_.target.filename().native(), md5);
  CheckoutResult& result = data_.result;
  TRY(const Present present, Look(data_.target));
  result.change = present == Present::kNothing ? Change::kAdded : Change::kModified;
  switch (present) {
    case Present::kNothing: AddCreation(Data::Kind::kAdd, 0); break;
    case Present::kFile: TRYV(PlanFiles(data_.target)); break;
    case Present::kFolder:
      TRYV(RemoveFolder(true));
      AddCreation(Data::Kind::kAdd, 0);
      break;
    case Present::kLinkToFolder:
    case Present::kOther: data_.unsaved.push_back(data_.target.native()); [[fallthrough]];
    case Present::kBrokenLink:
      data_.obstacles.push_back(data_.target.native());
      AddCreation(Data::Kind::kAdd, 0);
      break;
  }
  TRYV(CheckObjects());
  if (!result.missing.empty()) {
    // What is there now is better than nothing.
    data_.obstacles.clear();
    data_.removals.clear();
    data_.folders.clear();
    data_.unsaved.clear();
    data_.chmod = false;
    result.change = Change::kNone;
    return {};
  }
  Count();
  if (present != Present::kNothing && result.change == Change::kModified) {
    result.modified += result.added;
    result.added = 0;
  }
  return {};
}

// A file where a file shall be.
Result<void> Planner::PlanFiles(const fs::path& file) {
  TRY(const FileFacts facts, FactsOf(file));
  TRY(const ObjectInfo now, HashFile(file, Hashing()));
  const Md5 md5 = *ParseMd5(now.md5);
  if (md5 != data_.want[0].md5) {
    AddCreation(Data::Kind::kReplace, 0, facts, md5);
    return {};
  }
  data_.chmod = data_.exec && !facts.IsExec();
  // A link must not change the mode of its object.
  const bool is_link = facts.is_link || facts.is_hard_linked;
  const fs::path object = data_.store.PathOf(ObjectId{md5, false, data_.legacy});
  const bool relink = data_.options.relink && (is_link || !data_.exec) && MayRelink(file, facts, object);
  if (relink || (data_.chmod && is_link)) {
    AddCreation(Data::Kind::kRelink, 0, facts, md5);
  }
  data_.result.change = data_.chmod ? Change::kModified : Change::kNone;
  data_.result.modified = data_.chmod ? 1 : 0;
  if (data_.chmod && is_link) data_.chmod = false;
  return {};
}

Result<void> Planner::PlanFolder() {
  TRY(const Present present, Look(data_.target));
  switch (present) {
    case Present::kFolder: return Compare();
    case Present::kNothing: break;
    case Present::kLinkToFolder: {
      TRY(const bool saved, IsSavedBehindLink());
      if (saved) return Compare();
      data_.unsaved.push_back(data_.target.native());
      data_.obstacles.push_back(data_.target.native());
      break;
    }
    case Present::kFile: {
      TRY(const FileFacts facts, FactsOf(data_.target));
      TRY(const ObjectInfo info, HashFile(data_.target, Hashing()));
      AddRemoval("", facts, *ParseMd5(info.md5));
      break;
    }
    case Present::kOther: data_.unsaved.push_back(data_.target.native()); [[fallthrough]];
    case Present::kBrokenLink: data_.obstacles.push_back(data_.target.native()); break;
  }
  data_.make_target = true;
  data_.remember_folder = true;
  for (std::size_t i = 0; i < data_.want.size(); ++i) AddCreation(Data::Kind::kAdd, i);
  TRYV(CheckObjects());
  Count();
  data_.result.change = present == Present::kNothing ? Change::kAdded : Change::kModified;
  return {};
}

// Whether all that would be lost behind the link is in the cache. If not, the link itself has to go: what it leads to may be
// anything, and nobody who lets DVC's files be removed means /etc. DVC removes it.
Result<bool> Planner::IsSavedBehindLink() const {
  Data behind(data_.store, data_.target, data_.options);
  behind.legacy = data_.legacy;
  behind.want = data_.want;
  TRYV(Planner(behind).Compare());
  return behind.unsaved.empty();
}

Result<void> Planner::Compare() {
  TRY(Listing listing, ScanTree(data_.target, Scanning()));
  data_.result.warnings = listing.warnings();
  std::erase_if(data_.result.warnings, [](const ScanWarning& one) { return one.kind == ScanWarning::Kind::kBrokenLink; });
  for (auto folder = listing.folders().rbegin(); folder != listing.folders().rend(); ++folder) {
    if (!data_.want.HasFolder(*folder)) data_.folders.push_back((data_.target / *folder).native());
  }
  FindObstacles(listing);
  TreeHasher hasher(data_.target, std::move(listing), data_.store.options().state, data_.legacy, data_.options.work);
  TRYV(hasher.LookUp({}));
  TRYV(hasher.HashRest());
  TRY(const HashedTree present, hasher.Finish());
  data_.remember_folder = hasher.AllSettled();
  CompareLists(present, hasher.listing());
  if (data_.options.ignored) TRYV(LookAtIgnored());
  TRYV(CheckObjects());
  Count();
  const CheckoutResult& result = data_.result;
  const bool changed = result.added + result.modified + result.deleted + data_.obstacles.size() + data_.folders.size() > 0;
  data_.result.change = changed ? Change::kModified : Change::kNone;
  return {};
}

// Walks both sorted lists; tree and listing have the same order.
void Planner::CompareLists(const HashedTree& present, const Listing& listing) {
  const Tree& have = present.tree;
  const Tree& want = data_.want;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < have.size() || j < want.size()) {
    if (j == want.size() || (i < have.size() && have[i].path != want[j].path && PathLess(have[i].path, want[j].path))) {
      AddRemoval(have[i].path, listing.facts(i), have[i].md5);
      ++i;
    } else if (i == have.size() || have[i].path != want[j].path) {
      AddCreation(Data::Kind::kAdd, j++);
    } else {
      if (have[i].md5 == want[j].md5) {
        Keep(present, listing, i, j);
      } else {
        AddCreation(Data::Kind::kReplace, j, listing.facts(i), have[i].md5);
      }
      ++i;
      ++j;
    }
  }
}

// False for what need not even be tried. Whether the first kind works here is seen when files are made.
bool Planner::MayRelink(const fs::path& file, const FileFacts& facts, const fs::path& object) const {
  const std::vector<LinkType>& types = data_.store.options().link_types;
  const std::optional<LinkType> present = LinkOf(file, facts, object);
  if (types.empty() || present != types.front()) return true;
  return present == LinkType::kCopy && facts.mode != copy_mode_;
}

void Planner::Keep(const HashedTree& present, const Listing& listing, std::size_t index, std::size_t wanted) {
  const FileFacts& facts = listing.facts(index);
  if (data_.options.relink) {
    const Md5& md5 = present.tree[index].md5;
    const fs::path object = data_.store.PathOf(ObjectId{md5, false, data_.legacy});
    if (MayRelink(data_.target / present.tree[index].path, facts, object)) {
      return AddCreation(Data::Kind::kRelink, wanted, facts, md5);
    }
  }
  data_.kept.Add(listing.path_key(index), facts);
  if (facts.newest_ns() > data_.newest_kept.newest_ns()) data_.newest_kept = facts;
}

// A link to nothing holds nothing that could be lost: it goes, as in DVC.
void Planner::FindObstacles(const Listing& listing) {
  for (const ScanWarning& warning : listing.warnings()) {
    if (warning.kind == ScanWarning::Kind::kBrokenLink) data_.obstacles.push_back((data_.target / warning.path).native());
    if (warning.kind == ScanWarning::Kind::kUndecodable || warning.kind == ScanWarning::Kind::kBrokenLink) continue;
    if (data_.want.Find(warning.path) == nullptr && !data_.want.HasFolder(warning.path)) continue;
    data_.obstacles.push_back((data_.target / warning.path).native());
    data_.unsaved.push_back(data_.obstacles.back());
  }
}

// The scan has passed over ignored files, which may lie where files shall be.
Result<void> Planner::LookAtIgnored() {
  for (Data::Creation& creation : data_.creations) {
    if (creation.kind != Data::Kind::kAdd) continue;
    const fs::path path = data_.base / data_.want[creation.file].path;
    const Result<FileFacts> facts = FactsOf(path);
    if (!facts) continue;
    TRY(const ObjectInfo info, HashFile(path, Hashing()));
    creation.kind = Data::Kind::kReplace;
    creation.old = static_cast<std::uint32_t>(data_.olds.size());
    data_.olds.push_back(*facts);
    lost_.push_back({std::string(data_.want[creation.file].path), *ParseMd5(info.md5)});
  }
  return {};
}

// Which content would be lost, and which objects are missing: their creations are dropped.
Result<void> Planner::CheckObjects() {
  if (lost_.empty() && data_.creations.empty()) return {};
  const ObjectFinder objects(data_.store, data_.legacy);
  std::mutex mutex;  // guards unsaved
  TRYV(ParallelFor(data_.options.work, lost_.size(), 64, [&](std::size_t i, int) -> Result<void> {
    TRY(const bool there, objects.Has({lost_[i].md5, false, data_.legacy}));
    if (there) return {};
    const std::lock_guard lock(mutex);
    data_.unsaved.push_back(lost_[i].path.empty() ? data_.base.native() : (data_.base / lost_[i].path).native());
    return {};
  }));
  std::sort(data_.unsaved.begin(), data_.unsaved.end());
  std::vector<char> missing(data_.creations.size(), 0);
  TRYV(ParallelFor(data_.options.work, data_.creations.size(), 256, [&](std::size_t i, int) -> Result<void> {
    TRY(const bool there, objects.Has({data_.want[data_.creations[i].file].md5, false, data_.legacy}));
    missing[i] = there ? 0 : 1;
    return {};
  }));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < data_.creations.size(); ++i) {
    const TreeFile& file = data_.want[data_.creations[i].file];
    if (missing[i] != 0) {
      data_.result.missing.push_back({(data_.base / file.path).native(), {file.md5, false, data_.legacy}});
    } else {
      data_.creations[kept++] = data_.creations[i];
    }
  }
  data_.creations.resize(kept);
  return {};
}

void Planner::Count() {
  for (const Data::Creation& creation : data_.creations) {
    switch (creation.kind) {
      case Data::Kind::kAdd: ++data_.result.added; break;
      case Data::Kind::kReplace: ++data_.result.modified; break;
      case Data::Kind::kRelink: ++data_.result.relinked; break;
    }
  }
  // A file in whose place a folder comes is not a file less.
  for (const Data::Removal& removal : data_.removals) data_.result.deleted += removal.path.empty() ? 0 : 1;
}

// The usual case of a command that has nothing to do: neither the .dir nor its objects need be looked at.
bool IsAsWanted(const ObjectStore& store, const ObjectInfo& want, const fs::path& target, const CheckoutOptions& options) {
  if (options.relink || store.options().state == nullptr) return false;
  const Result<Listing> listing = ScanTree(target, {.ignored = options.ignored,
                                                    .folders = true,
                                                    .refuse_dvcignore = false,
                                                    .sorted = false,
                                                    .broken_links = true,
                                                    .work = options.work});
  if (!listing || !listing->warnings().empty()) return false;
  const std::optional<Md5> known = store.options().state->Find(HashState::KeyOfFolder(target.native(), *listing, want.legacy));
  if (!known || ObjectId{*known, true, want.legacy}.Name() != want.md5) return false;
  // An empty folder would have to go: those that hold files are found by looking.
  std::vector<std::string_view> parents;
  for (std::size_t i = 0; i < listing->size(); ++i) {
    const std::string_view path = listing->path(i);
    const std::size_t slash = path.rfind('/');
    if (slash != path.npos && (parents.empty() || parents.back() != path.substr(0, slash)))
      parents.push_back(path.substr(0, slash));
  }
  std::sort(parents.begin(), parents.end());
  return std::all_of(listing->folders().begin(), listing->folders().end(), [&](const std::string& folder) {
    const auto at = std::lower_bound(parents.begin(), parents.end(), std::string_view(folder));
    const auto in = std::lower_bound(parents.begin(), parents.end(), std::string_view(folder + "/"));
    return (at != parents.end() && *at == folder) || (in != parents.end() && in->starts_with(folder + "/"));
  });
}

}  // namespace

CheckoutPlan::CheckoutPlan(std::unique_ptr<Data> data) : data_(std::move(data)) {}
CheckoutPlan::CheckoutPlan(CheckoutPlan&&) noexcept = default;
CheckoutPlan& CheckoutPlan::operator=(CheckoutPlan&&) noexcept = default;
CheckoutPlan::~CheckoutPlan() = default;

const std::vector<std::string>& CheckoutPlan::unsaved() const { return data_->unsaved; }
const std::vector<MissingObject>& CheckoutPlan::missing() const { return data_->result.missing; }
const CheckoutResult& CheckoutPlan::expected() const { return data_->result; }

Result<CheckoutPlan> CheckoutPlan::Make(ObjectStore& store, const std::optional<ObjectInfo>& want, const fs::path& target,
                                        const CheckoutOptions& options) {
  auto data = std::make_unique<Data>(store, target, options);
  if (!want) {
    TRYV(Planner(*data).PlanNothing());
    return CheckoutPlan(std::move(data));
  }
  const std::optional<ObjectId> id = ObjectId::Parse(want->md5, want->legacy);
  if (!id) return Fail(Code::kInvalid, "cannot check out '" + target.string() + "': '" + want->md5 + "' is not an md5");
  data->legacy = want->legacy;
  if (!id->is_dir) {
    TRYV(Planner(*data).PlanFile(*want, id->md5));
    return CheckoutPlan(std::move(data));
  }
  if (IsAsWanted(store, *want, target, options)) return CheckoutPlan(std::move(data));
  TRY(const bool there, store.HasObject(*id));
  if (!there) {
    data->result.missing.push_back({target.native(), *id});
    return CheckoutPlan(std::move(data));
  }
  TRY(data->want, store.ReadTree(want->md5, want->legacy));
  data->folder_md5 = id->md5;
  TRYV(Planner(*data).PlanFolder());
  return CheckoutPlan(std::move(data));
}

Result<CheckoutPlan> CheckoutPlan::Make(ObjectStore& store, const Tree& want, bool legacy, const fs::path& target,
                                        const CheckoutOptions& options) {
  auto data = std::make_unique<Data>(store, target, options);
  data->legacy = legacy;
  data->want = want;
  data->folder_md5 = want.Id(legacy).md5;
  TRYV(Planner(*data).PlanFolder());
  return CheckoutPlan(std::move(data));
}

}  // namespace mlean::cas
