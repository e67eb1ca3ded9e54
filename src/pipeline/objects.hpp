// Objects: what the pipeline needs of the object store and the work tree. Room flows implements it with rooms cas and repo; all
// calls come from one thread at a time, also in a parallel Reproduce.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

class Objects {
 public:
  enum class Kind : std::uint8_t { kNone, kFile, kDir, kOther };

  virtual ~Objects() = default;

  // What stands there, links followed; kNone too for an output that .dvcignore hides. The default asks the disk, and is asked
  // itself (Objects::Look) for dependencies, which .dvcignore does not hide.
  virtual Kind Look(const std::filesystem::path& path);
  // The content of a file or folder, hashed as `hash_name` says ("md5" or "md5-dos2unix"); kNotFound when it is not there.
  virtual Result<Content> HashPath(const std::filesystem::path& path, const std::string& hash_name) = 0;
  // The files that the folder `content` names, with the sizes that they have at `path`. The default is kUnsupported.
  virtual Result<std::vector<FileRecord>> FilesOf(const Content& content, const std::filesystem::path& path);
  // Hashes it as `hash_name` says and keeps it, and links it from the cache again when the cache type asks for that.
  virtual Result<Content> Store(const std::filesystem::path& path, const std::string& hash_name) = 0;
  // Whether the store holds it, a folder with all that is in it.
  virtual Result<bool> Has(const Content& content) = 0;
  // Makes `path` hold the kept content. Refuses (kDenied) to overwrite what is not kept unless `force`.
  virtual Result<void> Checkout(const Content& content, const std::filesystem::path& path, bool force) = 0;
  // Removes an output before its stage runs. The default removes the tree.
  virtual Result<void> RemoveOutput(const std::filesystem::path& path);
  // Makes a linked file or folder a copy that may be written (persist). The default does nothing.
  virtual Result<void> Unprotect(const std::filesystem::path& path);
  // .gitignore upkeep of an output that the cache holds; refuses one that git tracks. The default does nothing.
  virtual Result<void> Ignore(const std::filesystem::path& path);

  // ---- sources elsewhere. The defaults are kUnsupported.
  // The content of an absolute path outside or a URL, without fetching it where a head request will do.
  virtual Result<Content> HashSource(const Dependency& dependency);
  // "" when the source of an import is what its file says, else "update available" or another state.
  virtual Result<std::string> ImportState(const Stage& stage);
  // Fetches an import's source to its output's place and records what was fetched in deps[0].
  virtual Result<void> Import(Stage& stage);

  // ---- remotes, for `repro --pull`. The defaults do nothing.
  // Fetches the contents that are missing here; what no remote has stays missing.
  virtual Result<void> Fetch(const std::vector<Content>& contents);
  // Fetches the content of an import of another repository, from there; what is not there any more stays missing.
  virtual Result<void> FetchImport(const Stage& stage);
  // Fetches the run cache.
  virtual Result<void> FetchRunCache();

  // ---- datasets (`ds://name`): what dvc.lock holds of it; null when it is not there.
  virtual Result<codec::Json> Dataset(const std::string& name);
};

}  // namespace mlean::pipeline
