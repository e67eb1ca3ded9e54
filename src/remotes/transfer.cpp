#include "remotes/transfer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "os/files.hpp"
#include "remotes/local_files.hpp"
#include "remotes/mover.hpp"
#include "remotes/parallel.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

using Phase = TransferProgress::Phase;
constexpr std::size_t kMaxTreeBytes = std::size_t{1} << 30;

void SortUnique(std::vector<ObjectId>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

struct Folder {
  ObjectId id;
  std::uint64_t size = 0;       // as wanted
  std::vector<ObjectId> files;  // sorted, unique
  bool known = false;           // `files` is filled
  bool there = false;           // the side that receives has the .dir
  fs::path staged;              // fetch: the .dir on its way into the cache
};

struct Wanted {
  std::vector<Folder> folders;
  std::vector<ObjectId> files;
  std::uint64_t file_bytes = 0;
};

Wanted Split(const std::vector<WantedObject>& wanted) {
  std::vector<WantedObject> sorted = wanted;
  std::sort(sorted.begin(), sorted.end(), [](const WantedObject& a, const WantedObject& b) { return a.id < b.id; });
  Wanted split;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0 && sorted[i].id == sorted[i - 1].id) continue;
    if (sorted[i].id.is_dir) {
      split.folders.push_back({.id = sorted[i].id, .size = sorted[i].size});
    } else {
      split.files.push_back(sorted[i].id);
      split.file_bytes += sorted[i].size;
    }
  }
  return split;
}

Result<void> ReadFiles(const TransferOptions& options, std::string_view body, Folder& folder) {
  if (!options.read_tree) return Fail(Code::kInternal, fmt::format("cannot read folder '{}': no reader given", folder.id.Name()));
  TRY(folder.files, options.read_tree(body, folder.id.legacy));
  SortUnique(folder.files);
  folder.known = true;
  return {};
}

// All files that are wanted by themselves or by a folder.
std::vector<ObjectId> AllFiles(Wanted& wanted) {
  std::vector<ObjectId> files = std::move(wanted.files);
  std::size_t count = files.size();
  for (const Folder& folder : wanted.folders) count += folder.files.size();
  files.reserve(count);
  for (const Folder& folder : wanted.folders) files.insert(files.end(), folder.files.begin(), folder.files.end());
  SortUnique(files);
  return files;
}

bool AnyLost(const Mover& mover, const Folder& folder, bool missing_counts) {
  return std::any_of(folder.files.begin(), folder.files.end(),
                     [&](const ObjectId& id) { return mover.Lost(id, missing_counts); });
}

// ---------------------------------------------------------------- push

class Pusher {
 public:
  Pusher(Remote& remote, const fs::path& cache_dir, const TransferOptions& options)
      : remote_(remote), cache_dir_(cache_dir), options_(options), mover_(remote, options) {}

  Result<TransferReport> Run(Wanted wanted) {
    TRYV(ReadFolders(wanted));
    mover_.StartPhase(Phase::kQuerying, 0, 0);
    std::vector<ObjectId> files = AllFiles(wanted);
    TRY(const std::vector<bool> there, FindOnRemote(remote_, files, mover_.jobs()));
    std::vector<ObjectId> needed;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (!there[i]) needed.push_back(files[i]);
    }
    mover_.report().present += files.size() - needed.size();
    TRY(const std::uint64_t bytes, Measure(needed));
    mover_.StartPhase(Phase::kTransferring, needed.size(), bytes);
    TRYV(mover_.Run(needed, [this](const ObjectId& id) { return Put(id); }));
    return PushFolders(wanted);
  }

 private:
  Result<void> ReadFolders(Wanted& wanted) {
    std::vector<ObjectId> ids;
    for (const Folder& folder : wanted.folders) ids.push_back(folder.id);
    mover_.StartPhase(Phase::kCollecting, ids.size(), 0);
    TRY(const std::vector<bool> there, FindOnRemote(remote_, ids, mover_.jobs()));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      Folder& folder = wanted.folders[i];
      folder.there = there[i];
      if (folder.there) ++mover_.report().present;
      // A .dir on the remote is proof of its files, for us as for DVC: unless told to look again.
      if (!folder.there || options_.repair) TRYV(ReadFolder(folder));
      mover_.CountObject();
    }
    return {};
  }

  Result<void> ReadFolder(Folder& folder) {
    const Result<std::string> body = LoadTree(folder.there ? &remote_ : nullptr, cache_dir_, folder.id);
    if (body) return ReadFiles(options_, *body, folder);
    if (body.error().code == Code::kNotFound) {
      mover_.Miss(folder.id);
    } else if (body.error().code == Code::kCorrupt) {
      mover_.Fail(folder.id, body.error());
    } else {
      return body.error();
    }
    return {};
  }

  // Takes out of `needed` what the cache lacks or has damaged; the bytes of the rest.
  Result<std::uint64_t> Measure(std::vector<ObjectId>& needed) {
    std::vector<std::uint64_t> sizes(needed.size(), 0);
    std::vector<char> usable(needed.size(), 0);
    std::mutex mutex;
    Result<void> outcome;
    constexpr std::size_t kWorthThreads = 1000;
    ForEach(needed.size(), needed.size() < kWorthThreads ? 1 : mover_.jobs(), [&](std::size_t i) {
      const Result<CacheEntry> entry = LookInCache(cache_dir_, needed[i], options_.legacy_hash);
      if (!entry) {
        const std::lock_guard lock(mutex);
        if (outcome) outcome = entry.error();
        return false;
      }
      sizes[i] = entry->size;
      usable[i] = entry->state == Cached::kSound ? 1 : 0;
      if (entry->state == Cached::kAbsent) mover_.Miss(needed[i]);
      if (entry->state == Cached::kCorrupt) {
        mover_.Fail(needed[i],
                    Fail(Code::kCorrupt, fmt::format("cannot push '{}': the cache's copy is damaged", needed[i].Name())));
      }
      return true;
    });
    TRYV(outcome);
    std::uint64_t bytes = 0;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      if (usable[i] == 0) continue;
      bytes += sizes[i];
      needed[kept++] = needed[i];
    }
    needed.resize(kept);
    return bytes;
  }

  Result<std::uint64_t> Put(const ObjectId& id) {
    const std::string key = id.Key();
    const fs::path file = cache_dir_ / key;
    TRY(const os::FileStat stat, os::Stat(file));
    PutOptions put;
    if (!id.legacy || id.is_dir) put.md5 = Hex(id.md5.data(), id.md5.size());
    put.on_bytes = [this](std::uint64_t bytes) { mover_.AddBytes(bytes); };
    Result<void> done = remote_.Put(file, key, put);
    if (done) return stat.size;
    // The file is here, so what was not found is a place on the remote.
    if (done.error().code == Code::kNotFound) return Fail(Code::kIo, done.error().what);
    return std::move(done).error();
  }

  Result<TransferReport> PushFolders(const Wanted& wanted) {
    std::vector<ObjectId> ready;
    for (const Folder& folder : wanted.folders) {
      if (!folder.known || folder.there) continue;
      if (AnyLost(mover_, folder, true)) {
        mover_.report().withheld.push_back(folder.id);
      } else {
        ready.push_back(folder.id);
      }
    }
    TRYV(mover_.Run(ready, [this](const ObjectId& id) { return Put(id); }));
    return mover_.TakeReport();
  }

  Remote& remote_;
  const fs::path& cache_dir_;
  const TransferOptions& options_;
  Mover mover_;
};

// ---------------------------------------------------------------- fetch

class Fetcher {
 public:
  Fetcher(Remote& remote, const fs::path& cache_dir, const TransferOptions& options)
      : remote_(remote), cache_dir_(cache_dir), options_(options), mover_(remote, options) {}

  Result<TransferReport> Run(Wanted wanted) {
    const struct RemoveStaged {
      const std::vector<Folder>& folders;
      ~RemoveStaged() {
        std::error_code ignored;
        for (const Folder& folder : folders) {
          if (!folder.staged.empty()) fs::remove(folder.staged, ignored);
        }
      }
    } remove_staged{wanted.folders};
    TRYV(ReadFolders(wanted));
    mover_.StartPhase(Phase::kQuerying, 0, 0);
    std::vector<ObjectId> files = AllFiles(wanted);
    TRY(const std::vector<ObjectId> needed, Lacking(files));
    mover_.report().present += files.size() - needed.size();
    mover_.StartPhase(Phase::kTransferring, needed.size(), ExpectedBytes(wanted, files.size(), needed.size()));
    TRYV(mover_.Run(needed, [this](const ObjectId& id) { return Get(id, cache_dir_ / id.Key()); }));
    return KeepFolders(wanted);
  }

 private:
  Result<void> ReadFolders(Wanted& wanted) {
    mover_.StartPhase(Phase::kCollecting, wanted.folders.size(), 0);
    std::vector<ObjectId> lacking;
    for (Folder& folder : wanted.folders) {
      TRY(const CacheEntry entry, LookInCache(cache_dir_, folder.id, {}));
      folder.there = entry.state == Cached::kSound;
      if (folder.there) {
        ++mover_.report().present;
        TRY(const std::string body, os::ReadFile(cache_dir_ / folder.id.Key(), kMaxTreeBytes));
        TRYV(ReadFiles(options_, body, folder));
      } else {
        folder.staged = TempBeside(cache_dir_ / folder.id.Key());
        lacking.push_back(folder.id);
      }
    }
    TRYV(mover_.Run(lacking, [&](const ObjectId& id) -> Result<std::uint64_t> {
      const auto at = std::lower_bound(wanted.folders.begin(), wanted.folders.end(), id,
                                       [](const Folder& folder, const ObjectId& b) { return folder.id < b; });
      TRY(const std::uint64_t size, Get(id, at->staged));
      TRY(const std::string body, os::ReadFile(at->staged, kMaxTreeBytes));
      TRYV(ReadFiles(options_, body, *at));
      return size;
    }));
    return {};
  }

  Result<std::vector<ObjectId>> Lacking(const std::vector<ObjectId>& files) {
    std::vector<char> lacking(files.size(), 0);
    std::mutex mutex;
    Result<void> outcome;
    constexpr std::size_t kWorthThreads = 1000;
    ForEach(files.size(), files.size() < kWorthThreads ? 1 : mover_.jobs(), [&](std::size_t i) {
      const Result<CacheEntry> entry = LookInCache(cache_dir_, files[i], options_.legacy_hash);
      if (entry) {
        lacking[i] = entry->state != Cached::kSound ? 1 : 0;
        return true;
      }
      const std::lock_guard lock(mutex);
      if (outcome) outcome = entry.error();
      return false;
    });
    TRYV(outcome);
    std::vector<ObjectId> ids;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (lacking[i] != 0) ids.push_back(files[i]);
    }
    return ids;
  }

  // Folders tell no sizes of their files: what is needed of all is taken as the mean.
  static std::uint64_t ExpectedBytes(const Wanted& wanted, std::size_t files, std::size_t needed) {
    double bytes = static_cast<double>(wanted.file_bytes);
    for (const Folder& folder : wanted.folders) bytes += static_cast<double>(folder.size);
    return files == needed ? static_cast<std::uint64_t>(bytes)
                           : static_cast<std::uint64_t>(bytes / static_cast<double>(files) * static_cast<double>(needed));
  }

  Result<std::uint64_t> Get(const ObjectId& id, const fs::path& target) {
    constexpr std::uint32_t kObjectMode = 0444;
    const std::string key = id.Key();
    if (options_.group_shared) TRYV(MakeFolders(target.parent_path(), true));
    if (!options_.verify) {
      const Result<void> copied = remote_.CopyOut(key, target);
      if (copied) {
        TRY(const os::FileStat stat, os::Stat(target));
        mover_.AddBytes(stat.size);
        return stat.size;
      }
      if (copied.error().code != Code::kUnsupported) return copied.error();
    }
    DownloadOptions download{.mode = kObjectMode, .on_bytes = [this](std::uint64_t bytes) { mover_.AddBytes(bytes); }};
    const bool checkable = !id.legacy || id.is_dir || options_.legacy_hash;
    if (checkable) download.md5 = Hex(id.md5.data(), id.md5.size());
    if (id.legacy && !id.is_dir) download.legacy_hash = options_.legacy_hash;
    if (id.is_dir) download.max_bytes = kMaxTreeBytes;
    Result<Downloaded> done = Download(remote_, key, target, download);
    // The wire may have done it; what is stored damaged fails again.
    if (!done && done.error().code == Code::kCorrupt) done = Download(remote_, key, target, download);
    if (!done) return done.error();
    return done->size;
  }

  Result<TransferReport> KeepFolders(Wanted& wanted) {
    for (Folder& folder : wanted.folders) {
      if (folder.there || !folder.known) continue;
      if (!AnyLost(mover_, folder, false)) {
        TRYV(os::Rename(folder.staged, cache_dir_ / folder.id.Key()));
        folder.staged.clear();
        continue;
      }
      --mover_.report().objects;
      --mover_.report().dirs;
      mover_.report().withheld.push_back(folder.id);
    }
    return mover_.TakeReport();
  }

  Remote& remote_;
  const fs::path& cache_dir_;
  const TransferOptions& options_;
  Mover mover_;
};

}  // namespace

Result<TransferReport> Push(Remote& remote, const fs::path& cache_dir, const std::vector<WantedObject>& wanted,
                            const TransferOptions& options) {
  return Pusher(remote, cache_dir, options).Run(Split(wanted));
}

Result<TransferReport> Fetch(Remote& remote, const fs::path& cache_dir, const std::vector<WantedObject>& wanted,
                             const TransferOptions& options) {
  return Fetcher(remote, cache_dir, options).Run(Split(wanted));
}

}  // namespace mlean::remotes
