#include "flows/cached_objects.hpp"

#include "cas/checkout.hpp"

namespace mlean::flows {
namespace {

constexpr const char* kLegacyName = "md5-dos2unix";

pipeline::Content FromCas(const cas::ObjectInfo& info) {
  pipeline::Content content;
  content.hash_name = info.legacy ? kLegacyName : "md5";
  content.hash = info.md5;
  content.size = info.size;
  if (info.IsDir()) content.nfiles = info.nfiles;
  content.is_exec = info.is_exec;
  return content;
}

cas::ObjectInfo ToCas(const pipeline::Content& content) {
  return {.md5 = content.hash, .is_exec = content.is_exec, .legacy = content.IsLegacy()};
}

}  // namespace

Result<pipeline::Content> CachedObjects::HashPath(const std::filesystem::path& path, const std::string& hash_name) {
  TRY(const cas::ObjectInfo info, cas::HashPath(path, {.state = &state_, .legacy = hash_name == kLegacyName}));
  return FromCas(info);
}

Result<pipeline::Content> CachedObjects::Store(const std::filesystem::path& path, const std::string& hash_name) {
  TRY(const cas::ObjectInfo info, store_.Put(path, {.legacy = hash_name == kLegacyName, .relink = true}));
  return FromCas(info);
}

Result<bool> CachedObjects::Has(const pipeline::Content& content) { return store_.Has(content.hash, content.IsLegacy()); }

Result<void> CachedObjects::Checkout(const pipeline::Content& content, const std::filesystem::path& path, bool force) {
  TRYV(cas::Checkout(store_, ToCas(content), path, force));
  return {};
}

Result<void> CachedObjects::Unprotect(const std::filesystem::path& path) { return cas::Unprotect(store_, path); }

}  // namespace mlean::flows
