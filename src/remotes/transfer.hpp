// Transfer: brings objects from the local cache to a remote (push) and back (fetch).
//
// What is there already is skipped, so an interrupted transfer goes on when started again. Whether something is there is asked
// of the remote itself in this run, never of a memory of earlier runs. A folder object (.dir) follows its files: to a remote it
// goes only after every file that it names is there, because everybody takes a present .dir as proof of that; a local one is
// kept only after all its files came or are known to be nowhere. Fetched objects are hashed while they come and get mode 0444.
// One failed object does not stop the others; only a remote that fails everything (unreachable, refusing) ends the transfer
// early.
//
//   const TransferReport report = *Push(*remote, cache_dir, wanted, {.read_tree = ReadTree});
//   report.objects, report.missing, report.failed …
//
// Memory: about 60 bytes an object. The calls block; they use `jobs` threads of their own, which are gone on return.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "remotes/download.hpp"
#include "remotes/object_id.hpp"
#include "remotes/remote.hpp"

namespace mlean::remotes {

// The files named by the body of a .dir object, in any order, repetitions allowed; given by the room that knows the format.
// Called by several threads at once.
using TreeReader = std::function<Result<std::vector<ObjectId>>(std::string_view body, bool legacy)>;

struct WantedObject {
  ObjectId id;             // of a folder: its files come along
  std::uint64_t size = 0;  // bytes if known (of a folder the sum): only for the progress total of a fetch
};

struct TransferProgress {
  enum class Phase : std::uint8_t { kCollecting, kQuerying, kTransferring } phase = Phase::kCollecting;
  std::uint64_t objects = 0;  // done, of object_total
  std::uint64_t object_total = 0;
  std::uint64_t bytes = 0;       // moved so far
  std::uint64_t byte_total = 0;  // 0: not known
};

struct TransferOptions {
  TreeReader read_tree;       // needed when folders are wanted
  LegacyHash legacy_hash;     // needed to verify legacy objects; without it they are taken as they come
  int jobs = 0;               // 0: remote.traits().jobs
  bool repair = false;        // push: look for the files under a .dir that the remote has already
  bool verify = true;         // fetch: false allows copying inside a file system without reading
  bool group_shared = false;  // cache.shared = group: new cache folders get mode 02775
  // Called by the calling thread, at most ten times a second, and once at the end.
  std::function<void(const TransferProgress& progress)> on_progress;
};

struct TransferReport {
  struct Failure {
    ObjectId id;
    Error error;
  };
  std::uint64_t objects = 0;  // moved, folders counted
  std::uint64_t dirs = 0;     // of them folders
  std::uint64_t bytes = 0;
  std::uint64_t present = 0;       // were there already (files under a trusted .dir are not counted)
  std::vector<ObjectId> missing;   // neither here nor there
  std::vector<Failure> failed;     // sorted by id
  std::vector<ObjectId> withheld;  // folders not moved because of `missing` or `failed` files
  bool Ok() const { return failed.empty(); }
};

// An Error means that nothing can be said about single objects (remote unreachable or refusing while asked what it has, a .dir
// of ours that cannot be read, kCancelled). After kCancelled whatever had arrived stays.
Result<TransferReport> Push(Remote& remote, const std::filesystem::path& cache_dir, const std::vector<WantedObject>& wanted,
                            const TransferOptions& options);
Result<TransferReport> Fetch(Remote& remote, const std::filesystem::path& cache_dir, const std::vector<WantedObject>& wanted,
                             const TransferOptions& options);

// The body of a .dir object: of the cache when it is there, else of the remote (null: cache only); md5 checked. At most 1 GiB.
// kNotFound when it is nowhere.
Result<std::string> LoadTree(Remote* remote, const std::filesystem::path& cache_dir, const ObjectId& id);

// Which of `ids` the remote has, in order: one request an object when they are few, listings when those are cheaper.
Result<std::vector<bool>> FindOnRemote(Remote& remote, const std::vector<ObjectId>& ids, int jobs = 0);

enum class Cached : std::uint8_t {
  kAbsent,
  kSound,    // mode 0444, or hashed just now and made 0444
  kCorrupt,  // its bytes are not what its name says
};
// Whether the cache has the object's own file (not those of a folder).
Result<Cached> FindInCache(const std::filesystem::path& cache_dir, const ObjectId& id, const LegacyHash& legacy_hash = {});

}  // namespace mlean::remotes
