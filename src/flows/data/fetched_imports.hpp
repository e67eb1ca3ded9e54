// FetchedImports: what imports that were not downloaded hold, as found when they were fetched.
//
// The .dvc file of an import made with `--no-download` names its source and no hash, and `fetch` does not write to it: without a
// note `checkout` would not know which objects of the cache to make it from. One small file of lines
// "<md5 of the .dvc file's text> <hash> <size> <nfiles>"; `fetch` finds out again what it says, so it may be deleted, and starts
// anew beyond kMost imports.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "pipeline/stage.hpp"

namespace mlean::flows {

class FetchedImports {
 public:
  static constexpr const char* kFile = "fetched_imports";  // in the folder of this program's state
  static constexpr std::size_t kMost = 10'000;

  // A file that is not there or cannot be read counts as empty.
  static FetchedImports Open(std::filesystem::path file);

  // nullopt when it was not fetched since its .dvc file was written. The cache may have lost it meanwhile.
  std::optional<pipeline::Content> Find(const pipeline::Stage& import) const;
  void Put(const pipeline::Stage& import, const pipeline::Content& content);
  // Writes the file when it has changed.
  Result<void> Save();

 private:
  std::filesystem::path file_;
  std::map<std::string, pipeline::Content> entries_;
  bool changed_ = false;
};

}  // namespace mlean::flows
