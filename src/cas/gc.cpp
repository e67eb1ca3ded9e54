#include "cas/gc.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "cas/temp_name.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

// Folders before files, as they are to be removed.
bool GoesBefore(const ObjectId& a, const ObjectId& b) { return a.is_dir != b.is_dir ? a.is_dir : a < b; }

// What killed processes have left: only what nobody can still be writing.
Result<void> RemoveOldTemps(const fs::path& folder, TimeMs now) {
  const Result<std::vector<std::string>> names = os::ListDir(folder);
  if (!names && names.error().code == Code::kNotFound) return {};
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!IsTempName(name)) continue;
    const Result<os::FileStat> stat = os::StatLink(folder / name);
    if (!stat || stat->kind != os::FileKind::kFile) continue;
    if (std::max(stat->mtime_ns, stat->ctime_ns) / 1'000'000 < now - kDayMs) TRYV(os::Remove(folder / name));
  }
  return {};
}

}  // namespace

void ObjectSet::AddFilesOf(const Tree& tree, bool legacy) {
  for (const TreeFile& file : tree) ids_.push_back({file.md5, false, legacy});
}

void ObjectSet::Seal() {
  std::sort(ids_.begin(), ids_.end());
  ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
}

bool ObjectSet::Contains(const ObjectId& id) const { return std::binary_search(ids_.begin(), ids_.end(), id); }

Result<CollectReport> CollectGarbage(const ObjectStore& store, const ObjectSet& keep, bool legacy,
                                     const CollectOptions& options) {
  std::vector<ObjectId> unused;
  const auto look = [&](const ObjectId& id) -> Result<void> {
    if (!keep.Contains(id)) unused.push_back(id);
    return {};
  };
  TRYV(store.ForEach(legacy, look, options.work));
  std::sort(unused.begin(), unused.end(), GoesBefore);
  options.work.Expect(unused.size(), 0);
  CollectReport report;
  for (const ObjectId& id : unused) {
    if (options.work.IsCancelled()) return Cancelled();
    const fs::path path = store.PathOf(id);
    const Result<os::FileStat> stat = os::StatLink(path);
    if (!stat && stat.error().code == Code::kNotFound) continue;
    if (!stat) return stat.error();
    if (!options.dry) TRYV(os::Remove(path));
    ++report.objects;
    report.bytes += stat->size;
    if (options.on_object) options.on_object(id, stat->size);
    options.work.Done(1, 0);
  }
  if (options.dry) return report;
  const fs::path layout = store.LayoutDir(legacy);
  TRYV(RemoveOldTemps(layout, options.now));
  for (int first = 0; first < 256; ++first) TRYV(RemoveOldTemps(layout / fmt::format("{:02x}", first), options.now));
  return report;
}

}  // namespace mlean::cas
