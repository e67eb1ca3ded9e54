#include "flows/data/open_remote.hpp"

#include <fmt/core.h>

#include <optional>
#include <utility>

#include "base/text.hpp"
#include "cas/file_hash.hpp"
#include "cas/tree.hpp"
#include "pipeline/place.hpp"
#include "repo/config_schema.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

// Options are texts for room remotes, as they stand in the file.
std::string OptionText(const codec::Json& value) {
  if (value.IsString()) return value.AsString();
  return value.Dump();
}

Result<std::vector<remotes::ObjectId>> FilesOf(std::string_view body, bool legacy) {
  TRY(const cas::Tree tree, cas::Tree::Parse(body));
  std::vector<remotes::ObjectId> ids;
  ids.reserve(tree.size());
  for (const cas::TreeFile& file : tree) ids.push_back({file.md5, false, legacy});
  return ids;
}

}  // namespace

bool HasDefaultRemote(const Repository& repository) { return !repository.config().core.remote.empty(); }

std::string RemoteNameOf(const Repository& repository, std::string_view name) {
  return name.empty() ? repository.config().core.remote : std::string(name);
}

Result<void> CheckUrl(const Repository& repository, const std::string& url, std::string_view command) {
  if (const std::optional<remotes::RemoteUrl> named = remotes::SplitRemoteUrl(url)) {
    TRYV(repository.config().Remote(ToLower(named->name), repository.root().string(), command));
  } else if (pipeline::IsUrl(url)) {
    TRYV(repo::CheckRemote(codec::Json::Object{{"url", url}}));
  }
  return {};
}

Result<std::unique_ptr<remotes::Remote>> OpenConfiguredRemote(const repo::RemoteConfig& config, const fs::path& dvc_dir,
                                                              std::string_view command, const std::atomic<bool>* cancel) {
  if (config.version_aware || config.worktree) {
    return repo::ConfigFailure(fmt::format("'{}' is unsupported for cloud versioned remotes", command));
  }
  remotes::RemoteConfig plain{.url = config.url, .options = {}, .config_dir = dvc_dir, .name = config.name};
  for (const auto& [name, value] : config.options.AsObject()) {
    if (!value.IsNull()) plain.options[name] = OptionText(value);
  }
  return remotes::OpenRemote(plain, {.cancel = cancel});
}

Result<std::unique_ptr<remotes::Remote>> OpenDataRemote(const Repository& repository, std::string_view name,
                                                        std::string_view command) {
  TRY(const repo::RemoteConfig config, repository.config().Remote(name, repository.root().string(), command));
  return OpenConfiguredRemote(config, repository.project().DvcDir(), command, repository.cancel());
}

remotes::TransferOptions TransferOptionsFor(const Repository& repository) {
  remotes::TransferOptions options;
  options.read_tree = FilesOf;
  options.legacy_hash = [cancel = repository.cancel()](const fs::path& file) -> Result<std::string> {
    TRY(const cas::ObjectInfo info, cas::HashFile(file, {.legacy = true, .work = {.cancelled = cancel}}));
    return info.md5;
  };
  options.group_shared = repository.config().cache.shared_group;
  return options;
}

fs::path CacheDir(const Repository& repository) { return repository.config().CacheDir(repository.project().DvcDir()); }

std::vector<remotes::ObjectId> ToRemote(const std::vector<cas::ObjectId>& ids) {
  std::vector<remotes::ObjectId> out;
  out.reserve(ids.size());
  for (const cas::ObjectId& id : ids) out.push_back(ToRemote(id));
  return out;
}

std::string HashText(const cas::ObjectId& id) { return fmt::format("{}: {}", id.legacy ? "md5-dos2unix" : "md5", id.Name()); }

}  // namespace mlean::flows
