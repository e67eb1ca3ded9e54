#include "flows/data/repo_tree.hpp"

#include <fmt/core.h>

#include <utility>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "pipeline/place.hpp"

namespace mlean::flows {
namespace {

std::string Below(const std::string& folder, std::string_view name) {
  return folder == "." ? std::string(name) : folder + "/" + std::string(name);
}

// The path of `location` in the output above it; "" for the output itself.
std::string_view InOut(const DataOut& out, std::string_view location) {
  return location.size() > out.location.size() ? location.substr(out.location.size() + 1) : std::string_view();
}

RepoEntry FileEntry(const DataOut& out, const cas::TreeFile& file, std::string location) {
  RepoEntry entry;
  entry.location = std::move(location);
  entry.is_out = true;
  entry.hash = cas::HexOf(file.md5);
  entry.out = &out;
  entry.object = cas::ObjectId{.md5 = file.md5, .is_dir = false, .legacy = out.content.IsLegacy()};
  return entry;
}

RepoEntry FolderEntry(std::string location) {
  RepoEntry entry;
  entry.location = std::move(location);
  entry.is_dir = true;
  return entry;
}

}  // namespace

std::string RepoEntry::Name() const { return pipeline::NameOf(location); }

RepoEntry RepoTree::EntryOf(const DataOut& out) {
  RepoEntry entry;
  entry.location = out.location;
  entry.is_dir = out.is_dir;
  entry.is_out = true;
  entry.size = out.content.size;
  if (!out.content.Known()) entry.size = 0;
  entry.out = &out;
  if (out.is_partial) return entry;
  entry.object = cas::ObjectId::Parse(out.content.hash, out.content.IsLegacy());
  if (entry.object) entry.hash = out.content.hash;
  return entry;
}

// The file's own facts win.
void RepoTree::Merge(RepoEntry& entry, const PlainEntry& plain) {
  entry.is_plain = true;
  entry.is_dir = plain.is_dir;
  entry.is_exec = plain.is_exec;
  entry.size = plain.size;
}

Result<std::shared_ptr<const cas::Tree>> RepoTree::TreeOf(const DataOut& out) {
  if (const auto known = trees_.find(&out); known != trees_.end()) return known->second;
  Result<std::shared_ptr<const cas::Tree>> tree = load_(out);
  if (!tree) {
    std::vector<std::string> parts = Split(out.location, '/');
    for (std::string& part : parts) part = codec::PythonRepr(part);
    return Fail(tree.error().code, fmt::format("unexpected error - failed to load directory ({}{}): {}", Join(parts, ", "),
                                               parts.size() == 1 ? "," : "", tree.error().what));
  }
  trees_.emplace(&out, *tree);
  return tree;
}

const DataOut* RepoTree::OutAbove(const std::string& location) const {
  for (std::string at = location;; at = pipeline::FolderOf(at)) {
    if (const auto found = outs_.find(at); found != outs_.end()) return &found->second;
    if (at == "." || at.empty()) return nullptr;
  }
}

Result<std::optional<RepoEntry>> RepoTree::Tracked(const std::string& location) {
  if (const DataOut* const out = OutAbove(location)) {
    const std::string_view below = InOut(*out, location);
    if (below.empty()) return std::optional(EntryOf(*out));
    if (!out->is_dir) return std::optional<RepoEntry>();
    TRY(const std::shared_ptr<const cas::Tree> tree, TreeOf(*out));
    if (const cas::TreeFile* const file = tree->Find(below)) return std::optional(FileEntry(*out, *file, location));
    if (!tree->HasFolder(below)) return std::optional<RepoEntry>();
    RepoEntry entry = FolderEntry(location);
    entry.is_out = true;
    entry.out = out;
    return std::optional(std::move(entry));
  }
  const auto first = outs_.lower_bound(location);
  const bool holds_outs = location == "." ? !outs_.empty() : first != outs_.end() && first->first.starts_with(location + "/");
  if (!holds_outs) return std::optional<RepoEntry>();
  return std::optional(FolderEntry(location));
}

Result<std::optional<RepoEntry>> RepoTree::Look(const std::string& location) {
  TRY(const std::optional<PlainEntry> plain, plain_.Look(location));
  TRY(std::optional<RepoEntry> entry, Tracked(location));
  if (!plain) {
    // Below what is a file now there is nothing.
    for (std::string at = location; entry && at != "." && at.find('/') != at.npos;) {
      at = pipeline::FolderOf(at);
      TRY(const std::optional<PlainEntry> above, plain_.Look(at));
      if (above && !above->is_dir) entry.reset();
    }
    return entry;
  }
  if (!entry) {
    entry.emplace();
    entry->location = location;
  }
  Merge(*entry, *plain);
  return entry;
}

Result<std::map<std::string, RepoEntry>> RepoTree::TrackedIn(const std::string& folder) {
  std::map<std::string, RepoEntry> entries;
  const DataOut* const above = OutAbove(folder);
  if (above != nullptr && above->is_dir) {
    TRY(const std::shared_ptr<const cas::Tree> tree, TreeOf(*above));
    const std::string_view below = InOut(*above, folder);
    const std::string front = below.empty() ? "" : std::string(below) + "/";
    for (const cas::TreeFile& file : *tree) {
      if (!file.path.starts_with(front)) continue;
      const std::string_view rest = file.path.substr(front.size());
      const std::size_t slash = rest.find('/');
      const std::string name(rest.substr(0, slash));
      if (entries.contains(name)) continue;
      if (slash == rest.npos) {
        entries.emplace(name, FileEntry(*above, file, Below(folder, name)));
      } else {
        RepoEntry& entry = entries.emplace(name, FolderEntry(Below(folder, name))).first->second;
        entry.is_out = true;
        entry.out = above;
      }
    }
    return entries;
  }
  const std::string front = folder == "." ? "" : folder + "/";
  for (auto at = outs_.lower_bound(front); at != outs_.end() && at->first.starts_with(front); ++at) {
    const std::string rest = at->first.substr(front.size());
    const std::size_t slash = rest.find('/');
    const std::string name = rest.substr(0, slash);
    entries.emplace(name, slash == rest.npos ? EntryOf(at->second) : FolderEntry(Below(folder, name)));
  }
  return entries;
}

Result<std::vector<RepoEntry>> RepoTree::List(const std::string& folder, bool dvc_only) {
  TRY(const std::optional<PlainEntry> here, plain_.Look(folder));
  std::map<std::string, RepoEntry> entries;
  if (!here || here->is_dir) {
    TRY(entries, TrackedIn(folder));
  }
  std::vector<PlainEntry> files;
  if (here && !dvc_only) {
    TRY(files, plain_.List(folder));
  }
  for (const PlainEntry& file : files) {
    RepoEntry& entry = entries[file.name];
    entry.location = Below(folder, file.name);
    Merge(entry, file);
  }
  std::vector<RepoEntry> sorted;
  sorted.reserve(entries.size());
  for (auto& [name, entry] : entries) sorted.push_back(std::move(entry));
  return sorted;
}

}  // namespace mlean::flows
