#include "remotes/collect.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <string>

#include "remotes/parallel.hpp"

namespace mlean::remotes {
namespace {

struct Unused {
  ObjectId id;
  std::uint64_t size = 0;
};

}  // namespace

Result<void> ListObjects(Remote& remote, int jobs, const std::function<void(const ObjectId& id, std::uint64_t size)>& sink) {
  if (!remote.traits().can_list) {
    return Fail(Code::kUnsupported, fmt::format("cannot list the objects of '{}': it cannot list its files", remote.url()));
  }
  std::mutex mutex;  // guards sink, outcome
  Result<void> outcome;
  constexpr std::size_t kFolders = 256;
  ForEach(2 * kFolders, jobs > 0 ? jobs : remote.traits().jobs, [&](std::size_t i) {
    const std::string folder = fmt::format("{}{:02x}/", i < kFolders ? "files/md5/" : "", i % kFolders);
    Result<void> listed = remote.List(folder, [&](const ListEntry& entry) {
      const std::optional<ObjectId> id = ObjectOfKey(entry.key);
      if (!id) return true;
      const std::lock_guard lock(mutex);
      sink(*id, entry.size);
      return true;
    });
    if (listed) return true;
    const std::lock_guard lock(mutex);
    if (outcome) outcome = std::move(listed);
    return false;
  });
  return outcome;
}

Result<CollectReport> CollectRemote(Remote& remote, const std::vector<ObjectId>& used, const CollectOptions& options) {
  constexpr std::size_t kAtOnce = 10'000;
  std::vector<Unused> unused;
  TRYV(ListObjects(remote, options.jobs, [&](const ObjectId& id, std::uint64_t size) {
    if (!std::binary_search(used.begin(), used.end(), id)) unused.push_back({id, size});
  }));
  std::sort(unused.begin(), unused.end(),
            [](const Unused& a, const Unused& b) { return a.id.is_dir != b.id.is_dir ? a.id.is_dir : a.id < b.id; });
  CollectReport report;
  for (std::size_t start = 0, end = 0; start < unused.size(); start = end) {
    // Folders and files never share a step: all folders are gone before the first file goes.
    end = start;
    std::vector<std::string> keys;
    while (end < unused.size() && end - start < kAtOnce && unused[end].id.is_dir == unused[start].id.is_dir) {
      keys.push_back(unused[end++].id.Key());
    }
    if (!options.dry) TRYV(remote.Remove(keys, options.jobs));
    for (std::size_t i = start; i < end; ++i) {
      if (options.on_object) options.on_object(unused[i].id, unused[i].size);
      ++report.objects;
      report.bytes += unused[i].size;
    }
  }
  return report;
}

}  // namespace mlean::remotes
