// CachedObjects: the pipeline's view of the project's DVC cache (pipeline::Objects over cas).
#pragma once

#include "cas/object_store.hpp"
#include "pipeline/objects.hpp"
#include "repo/project.hpp"

namespace mlean::flows {

class CachedObjects final : public pipeline::Objects {
 public:
  // `state` outlives this.
  CachedObjects(const repo::Project& project, cas::HashState& state) : state_(state), store_(project.CacheDir(), &state) {}
  Result<pipeline::ObjectInfo> HashPath(const std::filesystem::path& path) override;
  Result<pipeline::ObjectInfo> Store(const std::filesystem::path& path) override;
  Result<bool> Has(const std::string& md5) override { return store_.Has(md5); }
  Result<void> Checkout(const pipeline::ObjectInfo& info, const std::filesystem::path& path) override;

 private:
  cas::HashState& state_;
  cas::ObjectStore store_;
};

}  // namespace mlean::flows
