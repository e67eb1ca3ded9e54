#include "flows/data/compare_data.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "cas/work.hpp"

namespace mlean::flows {
namespace {

DataEntry EntryOf(const DataOut* out) {
  if (out == nullptr) return {};
  return {.out = out, .is_out = true, .is_dir = out->is_dir};
}
DataEntry EntryOf(const DataOut* out, const cas::TreeFile* file) {
  if (out == nullptr || file == nullptr) return {};
  return {.out = out, .md5 = file->md5};
}

// What a side has at a path where it has no file.
DataEntry FolderAt(const DataOut* out, const cas::Tree* tree, std::string_view path) {
  if (tree == nullptr || !tree->HasFolder(path)) return {};
  return {.out = out, .is_dir = true};
}

std::optional<cas::ObjectId> ObjectOf(const DataEntry& entry) {
  if (entry.is_out) return cas::ObjectId::Parse(entry.out->content.hash, entry.out->content.IsLegacy());
  return cas::ObjectId{.md5 = entry.md5, .is_dir = false, .legacy = entry.out->content.IsLegacy()};
}

}  // namespace

std::string DataEntry::Hash() const {
  if (out == nullptr) return {};
  if (!Known()) return {};
  return is_out ? out->content.hash : cas::HexOf(md5);
}

bool DataEntry::SameHash(const DataEntry& other) const {
  if (!is_out && !other.is_out) return md5 == other.md5 && out->content.hash_name == other.out->content.hash_name;
  return out->content.hash_name == other.out->content.hash_name && Hash() == other.Hash();
}

std::string DataChange::Path() const { return below.empty() ? *folder : *folder + "/" + std::string(below); }

std::string DataChange::Shown() const {
  const DataEntry& entry = after ? after : before;
  return Path() + (entry.is_dir || is_folder_now ? "/" : "");
}

std::string DataChange::OldShown() const {
  return *old_folder + (old_below.empty() ? "" : "/" + std::string(old_below)) + (before.is_dir ? "/" : "");
}

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
      TRYV(CompareOne(top, group.before.empty() ? nullptr : group.before.front(),
                      group.after.empty() ? nullptr : group.after.front()));
    } else {
      TRYV(CompareNested(group));
    }
  }
  return {};
}

Result<void> DataComparison::CompareOne(const std::string& location, const DataOut* before, const DataOut* after) {
  Tell(location, {}, EntryOf(before), EntryOf(after), false);
  const bool is_dir = (before != nullptr && before->is_dir) || (after != nullptr && after->is_dir);
  return is_dir && options_.granular ? CompareFolder(location, before, after) : Result<void>();
}

Result<const cas::Tree*> DataComparison::Load(const DataView& view, const DataOut* out) {
  if (out == nullptr || !out->is_dir) return nullptr;
  TRY(std::shared_ptr<const cas::Tree> tree, view.TreeOf(*out));
  trees_.push_back(std::move(tree));
  return trees_.back().get();
}

Result<void> DataComparison::CompareFolder(const std::string& location, const DataOut* before, const DataOut* after) {
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
      Tell(location, file.path, EntryOf(before, &file),
           now != nullptr ? EntryOf(after, now) : FolderAt(after, new_tree, file.path), unknown);
    }
  }
  if (new_tree == nullptr || new_tree == old_tree) return {};
  if (unknown) TellFolders(location, *new_tree, after);
  for (const cas::TreeFile& file : *new_tree) {
    if (old_tree != nullptr && old_tree->Find(file.path) != nullptr) continue;
    Tell(location, file.path, FolderAt(before, old_tree, file.path), EntryOf(after, &file), unknown);
  }
  return {};
}

// DVC tells the folders, too, where it cannot compare.
void DataComparison::TellFolders(const std::string& location, const cas::Tree& tree, const DataOut* after) {
  std::string_view last;
  for (const cas::TreeFile& file : tree) {
    const std::size_t slash = file.path.rfind('/');
    if (slash == file.path.npos || file.path.substr(0, slash) == last) continue;
    for (std::size_t end = file.path.find('/'); end != file.path.npos; end = file.path.find('/', end + 1)) {
      const std::string_view folder = file.path.substr(0, end);
      if (pipeline::IsAtOrBelow(last, folder)) continue;
      Tell(location, folder, {}, {.out = after, .is_dir = true}, true);
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
      entries[out->location].*side = EntryOf(out);
      roots.insert(out->location);
      if (!out->is_dir || !options_.granular) continue;
      TRY(const cas::Tree* const tree, Load(view, out));
      if (tree == nullptr) unknown.push_back(out->location + "/");
      if (tree == nullptr) continue;
      for (const cas::TreeFile& file : *tree) entries[out->location + "/" + std::string(file.path)].*side = EntryOf(out, &file);
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
    if (!pair.before && is_folder(&Pair::before)) pair.before = {.out = pair.after.out, .is_dir = true};
    if (!pair.after && is_folder(&Pair::after)) pair.after = {.out = pair.before.out, .is_dir = true};
    const auto above = [&](const std::string& root) { return pipeline::IsAtOrBelow(path, root); };
    paths_.push_back(std::make_shared<const std::string>(path));
    Tell(*paths_.back(), {}, pair.before, pair.after, is_unknown,
         static_cast<std::size_t>(std::count_if(roots.begin(), roots.end(), above)));
  }
  return {};
}

void DataComparison::Tell(const std::string& folder, std::string_view below, const DataEntry& before, const DataEntry& after,
                          bool unknown, std::size_t roots) {
  const DataEntry none;
  const auto is_folder = [](const DataEntry& entry) { return entry.is_dir && !entry.is_out; };
  // `diff` passes over what is a folder without a hash on one side; `data status` knows nothing without a hash.
  if (!options_.hash_only && !unknown && (is_folder(before) || is_folder(after))) return;
  const bool drop = options_.hash_only && !unknown;
  const DataEntry& old_entry = drop && before && !before.Known() ? none : before;
  const DataEntry& new_entry = drop && after && !after.Known() ? none : after;
  DataChange change{.folder = &folder, .below = below, .before = old_entry, .after = new_entry};
  if (!old_entry && !new_entry) return;
  if (unknown) {
    change.kind = DataChangeKind::kUnknown;
  } else if (!old_entry) {
    change.kind = DataChangeKind::kAdded;
  } else if (!new_entry) {
    change.kind = DataChangeKind::kDeleted;
    change.is_folder_now = is_folder(after);
  } else if (!old_entry.SameHash(new_entry) || (!options_.hash_only && old_entry.is_dir != new_entry.is_dir)) {
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

// Additions and deletions come after all others.
int RankOf(const DataChange& change) {
  return change.kind == DataChangeKind::kAdded ? 1 : change.kind == DataChangeKind::kDeleted ? 2 : 0;
}

// As their whole paths would be, which are not made for it: there may be millions.
bool PathLess(const DataChange& a, const DataChange& b) {
  if (a.folder == b.folder || *a.folder == *b.folder) return PathPartsLess()(a.below, b.below);
  return PathPartsLess()(a.Path(), b.Path());
}

// Any order that puts equal contents together.
int CompareContent(const DataEntry& a, const DataEntry& b) {
  if (const int names = a.out->content.hash_name.compare(b.out->content.hash_name); names != 0) return names;
  if (!a.is_out && !b.is_out) return a.md5 < b.md5 ? -1 : a.md5 == b.md5 ? 0 : 1;
  return a.Hash().compare(b.Hash());
}

using Position = std::deque<DataChange>::iterator;

// Gives each addition the first deletion of its content that is left, and says which deletions are taken.
std::vector<bool> MatchRenames(Position added, Position deleted, Position end) {
  std::vector<bool> taken(static_cast<std::size_t>(end - deleted));
  if (added == deleted) return taken;
  std::vector<std::uint32_t> gone;  // deletions by content, those of one by path
  for (std::uint32_t i = 0; i < taken.size(); ++i) {
    if (deleted[i].before.Known()) gone.push_back(i);
  }
  std::stable_sort(gone.begin(), gone.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return CompareContent(deleted[a].before, deleted[b].before) < 0; });
  std::vector<std::uint32_t> used(gone.size());  // at the first of a content: how many of it are taken
  for (; added != deleted; ++added) {
    if (!added->after.Known()) continue;
    const auto first = std::lower_bound(gone.begin(), gone.end(), added->after, [&](std::uint32_t i, const DataEntry& entry) {
      return CompareContent(deleted[i].before, entry) < 0;
    });
    if (first == gone.end() || CompareContent(deleted[*first].before, added->after) != 0) continue;
    const std::size_t at = static_cast<std::size_t>(first - gone.begin());
    const std::size_t next = at + used[at];
    if (next == gone.size() || CompareContent(deleted[gone[next]].before, added->after) != 0) continue;
    ++used[at];
    taken[gone[next]] = true;
    const DataChange& from = deleted[gone[next]];
    added->kind = DataChangeKind::kRenamed;
    added->before = from.before;
    added->old_folder = from.folder;
    added->old_below = from.below;
  }
  return taken;
}

}  // namespace

void FindRenames(std::deque<DataChange>& changes) {
  const auto less = [](const DataChange& a, const DataChange& b) {
    const int rank = RankOf(a);
    return rank != RankOf(b) ? rank < RankOf(b) : rank != 0 && PathLess(a, b);
  };
  // Most often they are in order already, and sorting them needs memory.
  if (!std::is_sorted(changes.begin(), changes.end(), less)) std::stable_sort(changes.begin(), changes.end(), less);
  const auto from_rank = [&](int rank) {
    return std::partition_point(changes.begin(), changes.end(), [&](const DataChange& one) { return RankOf(one) < rank; });
  };
  const Position deleted = from_rank(2);
  const std::vector<bool> taken = MatchRenames(from_rank(1), deleted, changes.end());
  Position kept = deleted;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (!taken[i]) *kept++ = deleted[static_cast<std::ptrdiff_t>(i)];
  }
  changes.erase(kept, changes.end());
}

void MissingEntries::Add(const DataChange& change) {
  constexpr std::size_t kAtOnce = 1 << 14;
  some_.push_back(change);
  if (some_.size() == kAtOnce) LookUp();
}

void MissingEntries::LookUp() {
  std::vector<std::uint8_t> missing(some_.size());
  const auto look = [&](std::size_t index, int) -> Result<void> {
    const DataEntry& entry = some_[index].before;
    if (!entry || !entry.Known()) return {};
    const std::optional<cas::ObjectId> id = ObjectOf(entry);
    missing[index] = entry.out->is_partial || !id || ::access(repository_.store().PathOf(*id).c_str(), F_OK) != 0;
    return {};
  };
  if (done_) done_ = cas::ParallelFor({.cancelled = repository_.cancel()}, some_.size(), 256, look);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (missing[i] != 0) found_.push_back({some_[i].Path() + (some_[i].before.is_dir ? "/" : ""), some_[i].before.Hash()});
  }
  some_.clear();
}

Result<std::vector<MissingEntries::Entry>> MissingEntries::Finish() {
  LookUp();
  if (!done_) return done_.error();
  return std::move(found_);
}

}  // namespace mlean::flows
