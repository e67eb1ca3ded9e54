#include "flows/data/compare_data.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "cas/work.hpp"

namespace mlean::flows {
namespace {

static_assert(sizeof(DataChange) <= 40, "there may be millions");

std::optional<cas::ObjectId> ObjectOf(const DataEntry& entry) {
  if (entry.IsOut()) return cas::ObjectId::Parse(entry.out->content.hash, entry.out->content.IsLegacy());
  return cas::ObjectId{.md5 = entry.file->md5, .is_dir = false, .legacy = entry.out->content.IsLegacy()};
}

}  // namespace

std::string DataEntry::Hash() const {
  if (!Known()) return {};
  return IsOut() ? out->content.hash : cas::HexOf(file->md5);
}

std::string DataEntry::Path() const {
  std::string path = out->location;
  if (file != nullptr) path.append("/").append(file->path);
  if (path.ends_with('/')) path.pop_back();
  return path;
}

std::string DataEntry::Shown() const { return IsDir() ? Path() + "/" : Path(); }

bool DataEntry::SameHash(const DataEntry& other) const {
  if (out->content.hash_name != other.out->content.hash_name) return false;
  return IsOut() || other.IsOut() ? Hash() == other.Hash() : file->md5 == other.file->md5;
}

bool ShownLess(const DataEntry& a, const DataEntry& b) {
  // Most often so, and without making the texts.
  if (a.out == b.out && a.file != nullptr && b.file != nullptr) return a.file->path < b.file->path;
  return a.Shown() < b.Shown();
}

std::string DataChange::Path() const {
  const bool is_before = !after || (after.IsInnerFolder() && before);
  return (is_before ? before : after).Path();
}

std::string DataChange::Shown() const { return Path() + ((after ? after : before).IsDir() || is_folder_now ? "/" : ""); }

// Outputs of which one holds the others, on either side.
struct DataComparison::Group {
  std::vector<const DataOut*> before;
  std::vector<const DataOut*> after;
};

DataComparison::DataComparison(const DataView& before, const DataView& after, CompareOptions options)
    : before_(before), after_(after), options_(std::move(options)) {
  std::sort(options_.only.begin(), options_.only.end());
  options_.only.erase(std::unique(options_.only.begin(), options_.only.end()), options_.only.end());
}

Result<void> DataComparison::Run(const Sink& sink) {
  sink_ = &sink;
  auto before = before_.outs().begin();
  auto after = after_.outs().begin();
  const PathPartsLess less;
  const auto at_end = [&] { return before == before_.outs().end() && after == after_.outs().end(); };
  while (!at_end()) {
    const bool take_before =
        after == after_.outs().end() || (before != before_.outs().end() && !less(after->first, before->first));
    const std::string& top = take_before ? before->first : after->first;
    Group group;
    for (; before != before_.outs().end() && pipeline::IsAtOrBelow(before->first, top); ++before) {
      group.before.push_back(&before->second);
    }
    for (; after != after_.outs().end() && pipeline::IsAtOrBelow(after->first, top); ++after) {
      group.after.push_back(&after->second);
    }
    const auto alone = [&](const std::vector<const DataOut*>& outs) {
      return outs.empty() || (outs.size() == 1 && outs.front()->location == top);
    };
    if (alone(group.before) && alone(group.after)) {
      TRYV(
          CompareOne(group.before.empty() ? nullptr : group.before.front(), group.after.empty() ? nullptr : group.after.front()));
    } else {
      TRYV(CompareNested(group));
    }
  }
  return {};
}

Result<void> DataComparison::CompareOne(const DataOut* before, const DataOut* after) {
  Tell({before}, {after}, false);
  const bool is_dir = (before != nullptr && before->is_dir) || (after != nullptr && after->is_dir);
  return is_dir && options_.granular ? CompareFolder(before, after) : Result<void>();
}

Result<const cas::Tree*> DataComparison::Load(const DataView& view, const DataOut* out) {
  if (out == nullptr || !out->is_dir) return nullptr;
  TRY(std::shared_ptr<const cas::Tree> tree, view.TreeOf(*out));
  trees_.push_back(std::move(tree));
  return trees_.back().get();
}

DataEntry DataComparison::InnerFolder(const DataOut* out, std::string_view path) {
  return {out, &folders_.emplace_back(cas::TreeFile{path, kUnknownMd5})};
}

DataEntry DataComparison::FolderAt(const DataOut* out, const cas::Tree* tree, std::string_view path) {
  const cas::TreeFile* const first = tree != nullptr ? tree->FirstIn(path) : nullptr;
  return first != nullptr ? InnerFolder(out, first->path.substr(0, path.size() + 1)) : DataEntry();
}

Result<void> DataComparison::CompareFolder(const DataOut* before, const DataOut* after) {
  const bool same = before != nullptr && after != nullptr && before->content.Known() && before->content.SameAs(after->content);
  if (same && !options_.unchanged) return {};
  TRY(const cas::Tree* const old_tree, Load(before_, before));
  TRY(const cas::Tree* const new_tree, same&& old_tree != nullptr ? Result<const cas::Tree*>(old_tree) : Load(after_, after));
  const auto is_unknown = [](const DataOut* out, const cas::Tree* tree) {
    return out != nullptr && out->is_dir && tree == nullptr;
  };
  const bool unknown = is_unknown(before, old_tree) || is_unknown(after, new_tree);
  if (old_tree != nullptr) {
    for (const cas::TreeFile& file : *old_tree) {
      const cas::TreeFile* const now = old_tree == new_tree ? &file : new_tree != nullptr ? new_tree->Find(file.path) : nullptr;
      Tell({before, &file}, now != nullptr ? DataEntry{after, now} : FolderAt(after, new_tree, file.path), unknown);
    }
  }
  if (new_tree == nullptr || new_tree == old_tree) return {};
  if (unknown) TellFolders(*new_tree, after);
  for (const cas::TreeFile& file : *new_tree) {
    if (old_tree != nullptr && old_tree->Find(file.path) != nullptr) continue;
    Tell(FolderAt(before, old_tree, file.path), {after, &file}, unknown);
  }
  return {};
}

// DVC tells the folders, too, where it cannot compare.
void DataComparison::TellFolders(const cas::Tree& tree, const DataOut* after) {
  std::string_view last;
  for (const cas::TreeFile& file : tree) {
    const std::size_t slash = file.path.rfind('/');
    if (slash == file.path.npos || file.path.substr(0, slash) == last) continue;
    for (std::size_t end = file.path.find('/'); end != file.path.npos; end = file.path.find('/', end + 1)) {
      if (pipeline::IsAtOrBelow(last, file.path.substr(0, end))) continue;
      Tell({}, InnerFolder(after, file.path.substr(0, end + 1)), true);
    }
    last = file.path.substr(0, slash);
  }
}

Result<void> DataComparison::CompareNested(const Group& group) {
  // Everything by its whole path. Rare, and never large: an output was split or joined.
  struct Pair {
    DataEntry before;
    DataEntry after;
  };
  std::map<std::string, Pair, PathPartsLess> entries;
  std::vector<std::string> unknown;
  std::set<std::string> roots;
  const auto add = [&](const DataView& view, const std::vector<const DataOut*>& outs, DataEntry Pair::*side) -> Result<void> {
    for (const DataOut* out : outs) {
      entries[out->location].*side = {out};
      roots.insert(out->location);
      if (!out->is_dir || !options_.granular) continue;
      TRY(const cas::Tree* const tree, Load(view, out));
      if (tree == nullptr) unknown.push_back(out->location + "/");
      if (tree == nullptr) continue;
      for (const cas::TreeFile& file : *tree) entries[out->location + "/" + std::string(file.path)].*side = {out, &file};
    }
    return {};
  };
  TRYV(add(before_, group.before, &Pair::before));
  TRYV(add(after_, group.after, &Pair::after));
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    const std::string& path = entry->first;
    Pair pair = entry->second;
    const bool is_unknown =
        std::any_of(unknown.begin(), unknown.end(), [&](const std::string& folder) { return path.starts_with(folder); });
    // An output on one side, just a folder on the other.
    const auto is_folder = [&](DataEntry Pair::*side) {
      auto below = std::next(entry);
      while (below != entries.end() && below->first.starts_with(path + "/") && !(below->second.*side)) ++below;
      return below != entries.end() && below->first.starts_with(path + "/");
    };
    if (!pair.before && is_folder(&Pair::before)) pair.before = InnerFolder(pair.after.out, "/");
    if (!pair.after && is_folder(&Pair::after)) pair.after = InnerFolder(pair.before.out, "/");
    const auto above = [&](const std::string& root) { return pipeline::IsAtOrBelow(path, root); };
    Tell(pair.before, pair.after, is_unknown, static_cast<std::size_t>(std::count_if(roots.begin(), roots.end(), above)));
  }
  return {};
}

void DataComparison::Tell(const DataEntry& before, const DataEntry& after, bool unknown, std::size_t roots) {
  const DataEntry none;
  // `diff` passes over what is a folder without a hash on one side; `data status` knows nothing without a hash.
  if (!options_.hash_only && !unknown && (before.IsInnerFolder() || after.IsInnerFolder())) return;
  const bool drop = options_.hash_only && !unknown;
  const DataEntry& old_entry = drop && before && !before.Known() ? none : before;
  const DataEntry& new_entry = drop && after && !after.Known() ? none : after;
  DataChange change{.before = old_entry, .after = new_entry};
  if (!old_entry && !new_entry) return;
  if (unknown) {
    change.kind = DataChangeKind::kUnknown;
  } else if (!old_entry) {
    change.kind = DataChangeKind::kAdded;
  } else if (!new_entry) {
    change.kind = DataChangeKind::kDeleted;
    change.is_folder_now = after.IsInnerFolder();
  } else if (!old_entry.SameHash(new_entry) || (!options_.hash_only && old_entry.IsDir() != new_entry.IsDir())) {
    change.kind = DataChangeKind::kModified;
  } else {
    change.kind = DataChangeKind::kUnchanged;
    if (!options_.unchanged) return;
  }
  if (!options_.only.empty()) {
    const std::string path = change.Path();
    const auto holds = [&](const std::string& wanted) { return pipeline::IsAtOrBelow(path, wanted); };
    roots = static_cast<std::size_t>(std::count_if(options_.only.begin(), options_.only.end(), holds));
    if (roots == 0) return;
  }
  for (std::size_t i = 0; i < (options_.per_root ? roots : 1); ++i) (*sink_)(change);
}

namespace {

// As their whole paths would be, which are not made for it.
bool AddedLess(const DataChange& a, const DataChange& b) {
  const DataEntry &x = a.after, &y = b.after;
  if (x.out == y.out && x.file != nullptr && y.file != nullptr) return PathPartsLess()(x.file->path, y.file->path);
  return PathPartsLess()(x.Path(), y.Path());
}

// Any order that puts equal contents together.
int CompareContent(const DataEntry& a, const DataEntry& b) {
  if (const int names = a.out->content.hash_name.compare(b.out->content.hash_name); names != 0) return names;
  if (a.IsOut() || b.IsOut()) return a.Hash().compare(b.Hash());
  return a.file->md5 < b.file->md5 ? -1 : a.file->md5 == b.file->md5 ? 0 : 1;
}

// One entry of a list, with the start of its content, which tells most contents apart.
struct Match {
  std::uint32_t start;
  std::uint32_t index;
};

std::uint32_t StartOf(const DataEntry& entry) {
  std::optional<cas::Md5> md5;
  if (entry.IsOut()) md5 = cas::ParseMd5(entry.Hash());
  if (!entry.IsOut()) md5 = entry.file->md5;
  std::uint32_t start = 0;
  if (md5) std::memcpy(&start, md5->data(), sizeof(start));
  return start;
}

// The known entries by content, those of one in their order.
std::vector<Match> ByContent(const std::deque<DataChange>& changes, DataEntry DataChange::*side) {
  std::vector<Match> matches;
  matches.reserve(changes.size());
  for (std::uint32_t i = 0; i < changes.size(); ++i) {
    if ((changes[i].*side).Known()) matches.push_back({StartOf(changes[i].*side), i});
  }
  std::sort(matches.begin(), matches.end(), [&](const Match& a, const Match& b) {
    if (a.start != b.start) return a.start < b.start;
    const int content = CompareContent(changes[a.index].*side, changes[b.index].*side);
    return content != 0 ? content < 0 : a.index < b.index;
  });
  return matches;
}

}  // namespace

void DataChanges::Add(const DataChange& change) {
  const bool is_added = change.kind == DataChangeKind::kAdded;
  (is_added ? added : change.kind == DataChangeKind::kDeleted ? deleted : others).push_back(change);
}

const DataChange& DataChanges::operator[](std::size_t index) const {
  if (index < others.size()) return others[index];
  index -= others.size();
  return index < added.size() ? added[index] : deleted[index - added.size()];
}

void DataChanges::FindRenames() {
  // Most often they are in order already, and sorting them needs memory.
  if (!std::is_sorted(added.begin(), added.end(), AddedLess)) std::stable_sort(added.begin(), added.end(), AddedLess);
  if (added.empty() || deleted.empty()) return;
  const std::vector<Match> to = ByContent(added, &DataChange::after);
  const std::vector<Match> from = ByContent(deleted, &DataChange::before);
  // The nth addition of a content is what the nth deletion of it became.
  for (auto a = to.begin(), b = from.begin(); a != to.end() && b != from.end();) {
    DataChange& addition = added[a->index];
    DataChange& deletion = deleted[b->index];
    const int content = a->start != b->start ? (a->start < b->start ? -1 : 1) : CompareContent(addition.after, deletion.before);
    if (content == 0) {
      addition.kind = deletion.kind = DataChangeKind::kRenamed;
      addition.before = deletion.before;
    }
    if (content <= 0) ++a;
    if (content >= 0) ++b;
  }
  std::erase_if(deleted, [](const DataChange& change) { return change.kind == DataChangeKind::kRenamed; });
}

void MissingEntries::Add(const DataEntry& entry) {
  constexpr std::size_t kAtOnce = 1 << 14;
  some_.push_back(entry);
  if (some_.size() == kAtOnce) LookUp();
}

void MissingEntries::LookUp() {
  std::vector<std::uint8_t> missing(some_.size());
  const auto look = [&](std::size_t index, int) -> Result<void> {
    const DataEntry& entry = some_[index];
    if (!entry.Known()) return {};
    const std::optional<cas::ObjectId> id = ObjectOf(entry);
    missing[index] = entry.out->is_partial || !id || ::access(repository_.store().PathOf(*id).c_str(), F_OK) != 0;
    return {};
  };
  if (done_) done_ = cas::ParallelFor({.cancelled = repository_.cancel()}, some_.size(), 256, look);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (missing[i] != 0) found_.push_back(some_[i]);
  }
  some_.clear();
}

Result<std::vector<DataEntry>> MissingEntries::Finish() {
  LookUp();
  if (!done_) return done_.error();
  return std::move(found_);
}

}  // namespace mlean::flows
