// What the cache and the remote have.
#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <numeric>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "os/files.hpp"
#include "remotes/local_files.hpp"
#include "remotes/mover.hpp"
#include "remotes/parallel.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxTreeBytes = std::size_t{1} << 30;
constexpr std::size_t kFew = 300;            // up to here listing 256 folders cannot be cheaper
constexpr std::size_t kKeysAtOnce = 20'000;  // bounds the memory of key texts

std::string FolderOf(bool legacy, int prefix) { return fmt::format("{}{:02x}/", legacy ? "" : "files/md5/", prefix); }

// Marks the ids that listings show. `order` are the indexes of `ids` sorted by id.
class Finder {
 public:
  Finder(Remote& remote, const std::vector<ObjectId>& ids, int jobs)
      : remote_(remote), ids_(ids), jobs_(jobs > 0 ? jobs : remote.traits().jobs), found_(ids.size(), 0), order_(ids.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  }

  Result<std::vector<bool>> Run() {
    std::vector<std::size_t> by_layout[2];
    for (std::size_t i = 0; i < ids_.size(); ++i) by_layout[ids_[i].legacy ? 1 : 0].push_back(i);
    for (const bool legacy : {false, true}) {
      const std::vector<std::size_t>& wanted = by_layout[legacy ? 1 : 0];
      if (!wanted.empty()) TRYV(FindSome(wanted, legacy));
    }
    return std::vector<bool>(found_.begin(), found_.end());
  }

 private:
  Result<void> FindSome(const std::vector<std::size_t>& wanted, bool legacy) {
    const Traits& traits = remote_.traits();
    if (!traits.can_list || traits.cheap_exists || wanted.size() <= kFew) return AskEach(wanted);
    // One folder tells how full they all are: hashes spread evenly.
    std::size_t sample = 0;
    TRYV(remote_.List(FolderOf(legacy, 0), [&](const ListEntry& entry) {
      Mark(entry.key);
      return ++sample < 100 * traits.page_size;
    }));
    // In requests that one after the other would take; a full page costs the store and the wire about four questions.
    const double page = static_cast<double>(traits.page_size);
    const double page_cost = 1 + 3 * std::min(1.0, static_cast<double>(sample) / page);
    const double all_pages = std::max(1.0, 256.0 * static_cast<double>(sample) / page);
    const double folder_pages = 256 * std::max(1.0, static_cast<double>(sample) / page);
    const double ask_each = static_cast<double>(wanted.size()) / jobs_;
    const double by_folders = folder_pages * page_cost / std::min(jobs_, 256);
    const double whole = legacy ? by_folders * 2 : all_pages * 4;  // the legacy layout shares its top folder with others
    if (ask_each <= std::min(by_folders, whole)) return AskEach(wanted);
    if (whole < by_folders) return Listed("files/md5/");
    return ListFolders(wanted, legacy);
  }

  Result<void> AskEach(const std::vector<std::size_t>& wanted) {
    std::vector<std::string> keys;
    for (std::size_t start = 0; start < wanted.size(); start += kKeysAtOnce) {
      const std::size_t end = std::min(wanted.size(), start + kKeysAtOnce);
      keys.clear();
      for (std::size_t i = start; i < end; ++i) keys.push_back(ids_[wanted[i]].Key());
      TRY(const std::vector<bool> there, remote_.Exists(keys, jobs_));
      for (std::size_t i = start; i < end; ++i) found_[wanted[i]] = there[i - start] ? 1 : 0;
    }
    return {};
  }

  Result<void> Listed(const std::string& folder) {
    return remote_.List(folder, [&](const ListEntry& entry) {
      Mark(entry.key);
      return true;
    });
  }

  Result<void> ListFolders(const std::vector<std::size_t>& wanted, bool legacy) {
    std::vector<char> needed(256, 0);
    for (const std::size_t i : wanted) needed[ids_[i].md5[0]] = 1;
    std::mutex mutex;
    Result<void> outcome;
    ForEach(needed.size(), jobs_, [&](std::size_t prefix) {
      if (needed[prefix] == 0) return true;
      Result<void> listed = Listed(FolderOf(legacy, static_cast<int>(prefix)));
      if (listed) return true;
      const std::lock_guard lock(mutex);
      if (outcome) outcome = std::move(listed);
      return false;
    });
    return outcome;
  }

  // Threads mark different elements: a key is in one folder.
  void Mark(std::string_view key) {
    const std::optional<ObjectId> id = ObjectOfKey(key);
    if (!id) return;
    auto at = std::lower_bound(order_.begin(), order_.end(), *id, [&](std::size_t i, const ObjectId& b) { return ids_[i] < b; });
    for (; at != order_.end() && ids_[*at] == *id; ++at) found_[*at] = 1;
  }

  Remote& remote_;
  const std::vector<ObjectId>& ids_;
  int jobs_;
  std::vector<char> found_;
  std::vector<std::size_t> order_;
};

}  // namespace

Result<std::vector<bool>> FindOnRemote(Remote& remote, const std::vector<ObjectId>& ids, int jobs) {
  return Finder(remote, ids, jobs).Run();
}

Result<CacheEntry> LookInCache(const fs::path& cache_dir, const ObjectId& id, const LegacyHash& legacy_hash) {
  constexpr std::uint32_t kTrusted = 0444;
  const fs::path path = cache_dir / id.Key();
  const Result<os::FileStat> stat = os::Stat(path);
  if (!stat) {
    if (stat.error().code == Code::kNotFound) return CacheEntry{};
    return stat.error();
  }
  if (stat->kind != os::FileKind::kFile) return CacheEntry{};
  CacheEntry entry{.state = Cached::kSound, .size = stat->size};
  if ((stat->mode & 0777) == kTrusted) return entry;
  std::string found;
  if (id.legacy && !id.is_dir && legacy_hash) {
    TRY(found, legacy_hash(path));
  } else {
    TRY(found, Md5OfFile(path));
  }
  if (found != Hex(id.md5.data(), id.md5.size())) {
    entry.state = Cached::kCorrupt;
  } else {
    // On a read-only or foreign cache the mode stays, and the next look hashes again.
    const Result<void> ignored = os::Chmod(path, kTrusted);
    static_cast<void>(ignored);
  }
  return entry;
}

Result<Cached> FindInCache(const fs::path& cache_dir, const ObjectId& id, const LegacyHash& legacy_hash) {
  TRY(const CacheEntry entry, LookInCache(cache_dir, id, legacy_hash));
  return entry.state;
}

Result<std::string> LoadTree(Remote* remote, const fs::path& cache_dir, const ObjectId& id) {
  const std::string wanted = Hex(id.md5.data(), id.md5.size());
  Result<std::string> body = os::ReadFile(cache_dir / id.Key(), kMaxTreeBytes);
  if (body && Md5Hex(*body) == wanted) return body;
  if (!body && body.error().code != Code::kNotFound) return body;
  if (remote == nullptr) {
    if (!body) return Fail(Code::kNotFound, fmt::format("cannot read folder '{}': it is not in the cache", id.Name()));
    return Fail(Code::kCorrupt, fmt::format("cannot read folder '{}': the cache's copy is damaged", id.Name()));
  }
  std::string text;
  TRYV(remote->Read(id.Key(), 0, [&](std::string_view piece) -> Result<void> {
    if (piece.size() > kMaxTreeBytes - text.size())
      return Fail(Code::kTooLarge, fmt::format("cannot read folder '{}': it is over 1 GiB", id.Name()));
    text += piece;
    return {};
  }));
  if (Md5Hex(text) == wanted) return text;
  return Fail(Code::kCorrupt,
              fmt::format("cannot read folder '{}' of '{}': its md5 is {}", id.Name(), remote->url(), Md5Hex(text)));
}

}  // namespace mlean::remotes
