#include "flows/data/data_objects.hpp"

#include <fmt/core.h>

#include <system_error>

#include "cas/checkout.hpp"
#include "cas/file_hash.hpp"
#include "flows/data/fetch.hpp"
#include "flows/data/file_records.hpp"
#include "flows/data/import_source.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;

cas::ObjectInfo ToObject(const pipeline::Content& content) {
  return {.md5 = content.hash,
          .size = content.size.value_or(0),
          .nfiles = content.nfiles.value_or(0),
          .is_exec = content.is_exec,
          .legacy = content.IsLegacy()};
}

pipeline::Content ToContent(const cas::ObjectInfo& info) {
  pipeline::Content content;
  content.hash_name = info.legacy ? "md5-dos2unix" : "md5";
  content.hash = info.md5;
  content.size = info.size;
  if (info.IsDir()) content.nfiles = info.nfiles;
  content.is_exec = info.is_exec;
  return content;
}

DataObjects::Kind DataObjects::Look(const fs::path& path) {
  const std::string location = path.lexically_relative(repository_.root()).generic_string();
  if (!location.starts_with("..") && repository_.files().IsDvcIgnored(location)) return Kind::kNone;
  return Objects::Look(path);
}

Result<pipeline::Content> DataObjects::HashPath(const fs::path& path, const std::string& hash_name) {
  std::vector<cas::ScanWarning> warnings;
  TRY(const cas::ObjectInfo info, cas::HashPath(path, {.state = &repository_.state(),
                                                       .legacy = hash_name == "md5-dos2unix",
                                                       .ignored = repository_.IgnoredBelow(path),
                                                       .work = repository_.work(),
                                                       .warnings = &warnings}));
  repository_.Warn(warnings, path);
  return ToContent(info);
}

Result<std::vector<pipeline::FileRecord>> DataObjects::FilesOf(const pipeline::Content& content, const fs::path& path) {
  Result<cas::Tree> kept = repository_.store().ReadTree(content.hash, content.IsLegacy());
  if (kept) return FileRecordsOf(*kept, path, content.hash_name);
  TRY(const cas::HashedTree hashed, cas::HashTree(path, {.state = &repository_.state(),
                                                         .legacy = content.IsLegacy(),
                                                         .ignored = repository_.IgnoredBelow(path),
                                                         .work = repository_.work()}));
  return FileRecordsOf(hashed.tree, path, content.hash_name);
}

Result<pipeline::Content> DataObjects::Store(const fs::path& path, const std::string& hash_name) {
  std::vector<cas::ScanWarning> warnings;
  TRY(const cas::ObjectInfo info, repository_.store().Put(path, {.legacy = hash_name == "md5-dos2unix",
                                                                 .ignored = repository_.IgnoredBelow(path),
                                                                 .work = repository_.work(),
                                                                 .warnings = &warnings,
                                                                 .relink = relink_}));
  repository_.Warn(warnings, path);
  TRYV(repository_.links().Note(path, repository_.IgnoredBelow(path)));
  return ToContent(info);
}

Result<bool> DataObjects::Has(const pipeline::Content& content) {
  return repository_.store().Has(content.hash, content.IsLegacy(), repository_.work());
}

Result<void> DataObjects::Checkout(const pipeline::Content& content, const fs::path& path, bool force) {
  TRY(const cas::CheckoutResult done, cas::Checkout(repository_.store(), ToObject(content), path, force,
                                                    {.ignored = repository_.IgnoredBelow(path), .work = repository_.work()}));
  repository_.Warn(done.warnings, path);
  return repository_.links().Note(path, repository_.IgnoredBelow(path));
}

Result<void> DataObjects::RemoveOutput(const fs::path& path) {
  repository_.links().Forget(path);
  return Objects::RemoveOutput(path);
}

Result<void> DataObjects::Unprotect(const fs::path& path) {
  return cas::Unprotect(repository_.store(), path, repository_.work());
}

Result<void> DataObjects::Ignore(const fs::path& path) {
  TRYV(repository_.RefuseTrackedByGit(path));
  return repository_.scm().Ignore(path);
}

Result<void> DataObjects::Fetch(const std::vector<pipeline::Content>& contents) {
  std::vector<cas::ObjectId> ids;
  for (const pipeline::Content& content : contents) {
    if (const auto id = cas::ObjectId::Parse(content.hash, content.IsLegacy())) ids.push_back(*id);
  }
  TRY(const MoveSummary fetched, FetchContents(repository_, ids));
  if (fetched.failed == 0) return {};
  return Fail(Code::kIo, fmt::format("{} files failed to download", fetched.failed));
}

Result<void> DataObjects::FetchImport(const pipeline::Stage& stage) {
  const Result<pipeline::Content> fetched = flows::FetchImport(repository_, stage);
  return fetched || fetched.error().code == Code::kNotFound ? Result<void>() : fetched.error();
}

Result<void> DataObjects::FetchRunCache() {
  const Result<void> fetched = FetchRunCacheOf(repository_, "");
  if (fetched || fetched.error().code != Code::kUnsupported) return fetched;
  const std::string text = fmt::format("Failed to pull run cache: {}", fetched.error().what);
  if (repository_.say()) repository_.say()(pipeline::Level::kWarning, text);
  return {};
}

Result<pipeline::Content> DataObjects::HashSource(const pipeline::Dependency& dependency) {
  return flows::HashSource(repository_, dependency);
}

Result<std::string> DataObjects::ImportState(const pipeline::Stage& stage) { return flows::ImportState(repository_, stage); }

Result<void> DataObjects::Import(pipeline::Stage& stage) { return BringImport(repository_, *this, stage); }

}  // namespace mlean::flows
