// DataObjects: the pipeline's view of a repository's cache and work tree for DVC's commands (pipeline::Objects over cas and
// repo).
#pragma once

#include <optional>

#include "flows/data/repository.hpp"
#include "pipeline/objects.hpp"

namespace mlean::flows {

// What the pipeline and the cas room call the same thing.
cas::ObjectInfo ToObject(const pipeline::Content& content);
pipeline::Content ToContent(const cas::ObjectInfo& info);

class DataObjects final : public pipeline::Objects {
 public:
  // `relink`: files that are stored are linked from the cache again, as cache.type asks.
  explicit DataObjects(Repository& repository, bool relink = true) : repository_(repository), relink_(relink) {}

  Kind Look(const std::filesystem::path& path) override;
  Result<pipeline::Content> HashPath(const std::filesystem::path& path, const std::string& hash_name) override;
  Result<std::vector<pipeline::FileRecord>> FilesOf(const pipeline::Content& content, const std::filesystem::path& path) override;
  Result<pipeline::Content> Store(const std::filesystem::path& path, const std::string& hash_name) override;
  Result<bool> Has(const pipeline::Content& content) override;
  Result<void> Checkout(const pipeline::Content& content, const std::filesystem::path& path, bool force) override;
  Result<void> RemoveOutput(const std::filesystem::path& path) override;
  Result<void> Unprotect(const std::filesystem::path& path) override;
  // Refuses an output that git tracks, with DVC's text.
  Result<void> Ignore(const std::filesystem::path& path) override;
  // From the default remote; what it does not have stays missing. Nothing without one.
  Result<void> Fetch(const std::vector<pipeline::Content>& contents) override;
  Result<void> FetchImport(const pipeline::Stage& stage) override;
  Result<void> FetchRunCache() override;
  Result<pipeline::Content> HashSource(const pipeline::Dependency& dependency) override;
  Result<std::string> ImportState(const pipeline::Stage& stage) override;
  Result<void> Import(pipeline::Stage& stage) override;

 private:
  Repository& repository_;
  const bool relink_;
};

}  // namespace mlean::flows
