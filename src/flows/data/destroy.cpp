#include "flows/data/destroy.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "cas/checkout.hpp"
#include "os/files.hpp"
#include "pipeline/stage_files.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

Result<void> RemoveAll(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return os::FileError("remove", path, error.value());
  return {};
}

// All links first: a file whose only copy is in the cache must be safe before anything goes.
Result<void> UnprotectOutputs(Repository& repository, const std::vector<pipeline::Stage*>& stages) {
  for (const pipeline::Stage* stage : stages) {
    for (const pipeline::Output& output : stage->outs) {
      if (!output.cache || !output.Inside()) continue;
      const fs::path path = repository.place().Disk(output.location);
      if (os::Exists(path)) TRYV(cas::Unprotect(repository.store(), path, repository.work()));
    }
  }
  return {};
}

// The configuration goes last: without it a second `destroy` might not find git (core.no_scm), and .dvc/tmp, with the lock, just
// before it.
Result<void> RemoveDvcDir(const fs::path& folder) {
  const auto rank = [](const fs::path& path) {
    const std::string name = path.filename().string();
    return name.starts_with("config") ? 2 : name == "tmp" ? 1 : 0;
  };
  std::error_code error;
  std::vector<fs::path> entries;
  for (auto at = fs::directory_iterator(folder, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    entries.push_back(at->path());
  }
  if (error) return os::FileError("read", folder, error.value());
  std::stable_sort(entries.begin(), entries.end(), [&](const fs::path& a, const fs::path& b) { return rank(a) < rank(b); });
  for (const fs::path& entry : entries) TRYV(RemoveAll(entry));
  return RemoveAll(folder);
}

}  // namespace

Result<void> Destroy(Repository& repository) {
  TRY(const std::vector<pipeline::Stage*>* const stages, repository.index().All());
  TRYV(UnprotectOutputs(repository, *stages));
  std::set<std::string> files;
  for (const pipeline::Stage* stage : *stages) {
    files.insert(stage->file);
    if (stage->InYaml()) files.insert(pipeline::LockOf(stage->file));
  }
  for (const std::string& file : files) TRYV(RemoveAll(repository.place().Disk(file)));
  TRYV(RemoveAll(repository.root() / ".dvcignore"));
  return RemoveDvcDir(repository.project().DvcDir());
}

}  // namespace mlean::flows
