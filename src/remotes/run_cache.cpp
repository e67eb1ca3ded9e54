#include "remotes/run_cache.hpp"

#include <fmt/core.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "os/files.hpp"
#include "remotes/download.hpp"
#include "remotes/parallel.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFolder = "runs/";

bool IsHexText(std::string_view text, std::size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "runs/kk/<64 hex>/<64 hex>" with kk the start of the key: nothing else is let in.
bool IsEntry(std::string_view key) {
  if (!key.starts_with(kFolder)) return false;
  key.remove_prefix(kFolder.size());
  return key.size() == 2 + 1 + 64 + 1 + 64 && IsHexText(key.substr(0, 2), 2) && key[2] == '/' &&
         IsHexText(key.substr(3, 64), 64) && key[67] == '/' && IsHexText(key.substr(68), 64) &&
         key.substr(0, 2) == key.substr(3, 2);
}

Error Unlistable(std::string_view verb, const Remote& remote) {
  return Fail(Code::kUnsupported, fmt::format("cannot {} '{}': it cannot list its files", verb, remote.url()));
}

// Does it for each key; the first error ends it.
Result<std::uint64_t> MoveAll(const std::vector<std::string>& keys, int jobs,
                              const std::function<Result<void>(const std::string&)>& move) {
  std::mutex mutex;
  Result<void> outcome;
  std::atomic<std::uint64_t> moved = 0;
  ForEach(keys.size(), jobs, [&](std::size_t i) {
    Result<void> done = move(keys[i]);
    if (done) return ++moved > 0;
    const std::lock_guard lock(mutex);
    if (outcome) outcome = std::move(done);
    return false;
  });
  TRYV(outcome);
  return moved.load();
}

}  // namespace

Result<std::uint64_t> PushRuns(Remote& remote, const fs::path& cache_dir, int jobs) {
  if (!remote.traits().can_list) return Unlistable("push the run cache to", remote);
  if (jobs <= 0) jobs = remote.traits().jobs;
  std::vector<std::string> keys;
  if (os::IsDir(cache_dir / kFolder)) {
    TRY(const std::vector<os::TreeEntry> entries, os::ListTree(cache_dir / kFolder));
    for (const os::TreeEntry& entry : entries) {
      std::string key = std::string(kFolder) + entry.path;
      if (entry.stat.kind == os::FileKind::kFile && IsEntry(key)) keys.push_back(std::move(key));
    }
  }
  TRY(const std::vector<bool> there, remote.Exists(keys, jobs));
  std::vector<std::string> needed;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!there[i]) needed.push_back(std::move(keys[i]));
  }
  return MoveAll(needed, jobs, [&](const std::string& key) { return remote.Put(cache_dir / key, key); });
}

Result<std::uint64_t> FetchRuns(Remote& remote, const fs::path& cache_dir, int jobs) {
  if (!remote.traits().can_list) return Unlistable("fetch the run cache of", remote);
  if (jobs <= 0) jobs = remote.traits().jobs;
  std::vector<std::string> needed;
  TRYV(remote.List(kFolder, [&](const ListEntry& entry) {
    if (IsEntry(entry.key) && !os::Exists(cache_dir / entry.key)) needed.emplace_back(entry.key);
    return true;
  }));
  return MoveAll(needed, jobs, [&](const std::string& key) -> Result<void> {
    TRYV(Download(remote, key, cache_dir / key, {}));
    return {};
  });
}

}  // namespace mlean::remotes
