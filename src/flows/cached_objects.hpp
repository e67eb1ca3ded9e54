// CachedObjects: the pipeline's view of the project's DVC cache (pipeline::Objects over cas).
#pragma once

#include <string>

#include "cas/object_store.hpp"
#include "pipeline/objects.hpp"
#include "repo/project.hpp"

namespace mlean::flows {

class CachedObjects : public pipeline::Objects {
 public:
  // `state` outlives this.
  CachedObjects(const repo::Project& project, cas::HashState& state) : state_(state), store_(project.CacheDir(), &state) {}
  Result<pipeline::Content> HashPath(const std::filesystem::path& path, const std::string& hash_name) override;
  Result<pipeline::Content> Store(const std::filesystem::path& path, const std::string& hash_name) override;
  Result<bool> Has(const pipeline::Content& content) override;
  Result<void> Checkout(const pipeline::Content& content, const std::filesystem::path& path, bool force) override;
  Result<void> Unprotect(const std::filesystem::path& path) override;

 private:
  cas::HashState& state_;
  cas::ObjectStore store_;
};

}  // namespace mlean::flows
