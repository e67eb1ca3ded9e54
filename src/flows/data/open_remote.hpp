// OpenDataRemote: a remote of DVC's configuration, ready for transfers of room remotes.
//
//   TRY(const std::unique_ptr<remotes::Remote> remote, OpenDataRemote(repository, request.remote, "push"));
//   TRY(const remotes::TransferReport report, remotes::Push(*remote, CacheDir(repository), wanted,
//   TransferOptionsFor(repository)));
//
// The remote uses the repository's cancel flag and must not outlive it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cas/object_id.hpp"
#include "flows/data/repository.hpp"
#include "remotes/remote.hpp"
#include "remotes/transfer.hpp"

namespace mlean::flows {

// Whether a command without -r has a remote to go to.
bool HasDefaultRemote(const Repository& repository);
// The name that is meant: `name`, else core.remote; "" without one.
std::string RemoteNameOf(const Repository& repository, std::string_view name);

// Whether a url can be read one day: not one of an unknown scheme, or of a remote that is not configured. Paths pass. `command`
// as below.
Result<void> CheckUrl(const Repository& repository, const std::string& url, std::string_view command);

// `name` "": the default one. `command` stands in DVC's text for a missing default ("dvc push -r <remote name>"). Errors:
// "config file error: no remote specified in …", "config file error: remote 'x' doesn't exist", those of remotes::OpenRemote, and
// "config file error: 'push' is unsupported for cloud versioned remotes" (version_aware, worktree), for which this program has no
// transfers.
Result<std::unique_ptr<remotes::Remote>> OpenDataRemote(const Repository& repository, std::string_view name,
                                                        std::string_view command);
// The same of the remote as a library's configuration, also of other repositories'.
Result<std::unique_ptr<remotes::Remote>> OpenConfiguredRemote(const repo::RemoteConfig& config,
                                                              const std::filesystem::path& dvc_dir, std::string_view command,
                                                              const std::atomic<bool>* cancel);

// For transfers into and out of the repository's cache: reads folders, hashes legacy objects.
remotes::TransferOptions TransferOptionsFor(const Repository& repository);
std::filesystem::path CacheDir(const Repository& repository);

// Rooms cas and remotes name objects alike.
inline remotes::ObjectId ToRemote(const cas::ObjectId& id) { return {id.md5, id.is_dir, id.legacy}; }
inline cas::ObjectId FromRemote(const remotes::ObjectId& id) { return {id.md5, id.is_dir, id.legacy}; }
std::vector<remotes::ObjectId> ToRemote(const std::vector<cas::ObjectId>& ids);

// As DVC prints an object: "md5: 1234…", "md5-dos2unix: 1234….dir".
std::string HashText(const cas::ObjectId& id);

}  // namespace mlean::flows
