// What push and fetch have in common: objects grouped by remote, and the account of what was moved.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cas/object_id.hpp"
#include "flows/data/repository.hpp"
#include "flows/data/used_objects.hpp"
#include "remotes/remote.hpp"
#include "remotes/transfer.hpp"

namespace mlean::flows {

using ProgressSink = std::function<void(const remotes::TransferProgress& progress)>;

struct MoveOptions {
  ObjectQuery query;  // which objects; its `remote` is -r
  int jobs = 0;       // 0: what suits the remote
  bool run_cache = false;
  ProgressSink on_progress;  // by the calling thread
};

struct MoveSummary {
  std::uint64_t moved = 0;             // objects; of a push also entries of the run cache
  std::uint64_t failed = 0;            // objects that should have been moved
  std::vector<std::string> errors;     // why: "failed to transfer '1234…' - …", a limited number of them
  std::vector<cas::ObjectId> missing;  // neither here nor there: told as a warning
  std::uint64_t missing_imports = 0;   // imports whose source has not what their file says: told as a warning
};

struct RemoteGroup {
  std::string remote;                   // its name; "" when no remote is chosen and there is no default
  std::vector<const UsedObject*> used;  // into the list that was grouped
};
// By the output's own remote, else -r, else the default one; in order of appearance.
std::vector<RemoteGroup> GroupByRemote(const Repository& repository, const std::vector<UsedObject>& used,
                                       const std::string& remote);

// Brings a folder's .dir object alone to the cache; its files are the caller's business. kNotFound when the remote has none.
Result<void> FetchFolderObject(const Repository& repository, remotes::Remote& remote, const cas::ObjectId& id);

// Adds what a transfer did, and warns of what is missing.
void AddReport(const Repository& repository, const remotes::TransferReport& report, MoveSummary& summary);
void AddFailure(const cas::ObjectId& id, const Error& error, MoveSummary& summary);
// "Some of the cache files do not exist neither locally nor on remote. Missing cache files:\n…"; `before`: in front of each.
void WarnMissing(const Repository& repository, const std::vector<cas::ObjectId>& missing, const std::string& before = {});

}  // namespace mlean::flows
