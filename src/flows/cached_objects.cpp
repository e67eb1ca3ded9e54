#include "flows/cached_objects.hpp"

namespace mlean::flows {
namespace {

pipeline::ObjectInfo FromCas(const cas::ObjectInfo& info) { return {info.md5, info.size, info.nfiles, info.is_exec}; }

}  // namespace

Result<pipeline::ObjectInfo> CachedObjects::HashPath(const std::filesystem::path& path) {
  TRY(const cas::ObjectInfo info, cas::HashPath(path, &state_));
  return FromCas(info);
}

Result<pipeline::ObjectInfo> CachedObjects::Store(const std::filesystem::path& path) {
  TRY(const cas::ObjectInfo info, store_.Put(path));
  return FromCas(info);
}

Result<void> CachedObjects::Checkout(const pipeline::ObjectInfo& info, const std::filesystem::path& path) {
  return store_.Checkout({info.md5, info.size, info.nfiles, info.is_exec}, path);
}

}  // namespace mlean::flows
