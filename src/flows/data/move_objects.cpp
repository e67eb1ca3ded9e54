#include "flows/data/move_objects.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "flows/data/open_remote.hpp"
#include "remotes/download.hpp"

namespace mlean::flows {

std::vector<RemoteGroup> GroupByRemote(const Repository& repository, const std::vector<UsedObject>& used,
                                       const std::string& remote) {
  const std::string otherwise = RemoteNameOf(repository, remote);
  std::vector<RemoteGroup> groups;
  for (const UsedObject& object : used) {
    const std::string& name = object.remote.empty() ? otherwise : object.remote;
    auto at = std::find_if(groups.begin(), groups.end(), [&](const RemoteGroup& group) { return group.remote == name; });
    if (at == groups.end()) at = groups.insert(groups.end(), {.remote = name, .used = {}});
    at->used.push_back(&object);
  }
  return groups;
}

Result<void> FetchFolderObject(const Repository& repository, remotes::Remote& remote, const cas::ObjectId& id) {
  constexpr std::uint32_t kObjectMode = 0444;
  const Result<remotes::Downloaded> got =
      remotes::Download(remote, id.Key(), CacheDir(repository) / id.Key(),
                        {.md5 = cas::HexOf(id.md5), .legacy_hash = {}, .mode = kObjectMode, .on_bytes = {}});
  if (!got) return got.error();
  return {};
}

void AddFailure(const cas::ObjectId& id, const Error& error, MoveSummary& summary) {
  constexpr std::size_t kMaxTold = 20;
  ++summary.failed;
  if (summary.errors.size() < kMaxTold) {
    summary.errors.push_back(fmt::format("failed to transfer '{}' - {}", id.Name(), error.what));
  } else if (summary.errors.size() == kMaxTold) {
    summary.errors.emplace_back("failed to transfer more files, which are not listed");
  }
}

void WarnMissing(const Repository& repository, const std::vector<cas::ObjectId>& missing, const std::string& before) {
  if (!repository.say()) return;
  for (const bool legacy : {false, true}) {
    std::string lines;
    for (const cas::ObjectId& id : missing) {
      if (id.legacy == legacy) lines += "\n" + before + HashText(id);
    }
    if (lines.empty()) continue;
    repository.say()(pipeline::Level::kWarning,
                     "Some of the cache files do not exist neither locally nor on remote. Missing cache files:" + lines);
  }
}

void AddReport(const Repository& repository, const remotes::TransferReport& report, MoveSummary& summary) {
  summary.moved += report.objects;
  for (const remotes::TransferReport::Failure& failure : report.failed)
    AddFailure(FromRemote(failure.id), failure.error, summary);
  // As DVC counts: a folder fails with its files.
  if (!report.failed.empty()) summary.failed += report.withheld.size();
  std::vector<cas::ObjectId> missing;
  for (const remotes::ObjectId& id : report.missing) missing.push_back(FromRemote(id));
  WarnMissing(repository, missing);
  summary.missing.insert(summary.missing.end(), missing.begin(), missing.end());
}

}  // namespace mlean::flows
