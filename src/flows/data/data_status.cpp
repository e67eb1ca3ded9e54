#include "flows/data/data_status.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>

#include "flows/data/compare_data.hpp"
#include "flows/data/data_view.hpp"
#include "flows/data/git_changes.hpp"
#include "flows/data/open_remote.hpp"
#include "flows/data/revision_index.hpp"
#include "pipeline/place.hpp"
#include "remotes/transfer.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {
namespace {

std::string_view StateOf(DataChangeKind kind) {
  switch (kind) {
    case DataChangeKind::kAdded: return "added";
    case DataChangeKind::kDeleted: return "deleted";
    case DataChangeKind::kModified: return "modified";
    case DataChangeKind::kUnchanged: return "unchanged";
    case DataChangeKind::kUnknown: return "unknown";
    case DataChangeKind::kRenamed: return "renamed";
  }
  return "";
}

struct Compared {
  std::vector<metrics::PathChange> changes;
  std::vector<std::string> unchanged;
  std::vector<std::string> not_in_cache;
};

struct Sides {
  const DataView& before;
  const DataView& after;
  bool find_missing = false;
  bool list_unchanged = false;
};

Result<Compared> Compare(Repository& repository, const Sides& sides, const DataStatusRequest& request,
                         const std::vector<std::string>& only) {
  DataComparison comparison(
      sides.before, sides.after,
      {.granular = request.granular, .hash_only = true, .unchanged = sides.find_missing || sides.list_unchanged, .only = only});
  Compared compared;
  std::deque<DataChange> changes;
  MissingEntries missing(repository);
  TRYV(comparison.Run([&](const DataChange& change) {
    if (change.kind == DataChangeKind::kUnknown && !change.after) return;
    if (sides.find_missing && change.before) missing.Add(change);
    if (change.kind != DataChangeKind::kUnchanged) {
      changes.push_back(change);
    } else if (sides.list_unchanged) {
      compared.unchanged.push_back(change.Shown());
    }
  }));
  FindRenames(changes);
  for (; !changes.empty(); changes.pop_front()) {
    const DataChange& change = changes.front();
    const bool renamed = change.kind == DataChangeKind::kRenamed;
    compared.changes.push_back(
        {.state = std::string(StateOf(change.kind)), .path = change.Shown(), .old_path = renamed ? change.OldShown() : ""});
  }
  TRY(std::vector<MissingEntries::Entry> found, missing.Finish());
  for (MissingEntries::Entry& entry : found) compared.not_in_cache.push_back(std::move(entry.path));
  return compared;
}

// Nothing when there is no git; all is added before the first commit.
Result<std::optional<Compared>> CompareWithHead(Repository& repository, const DataView& index, const DataStatusRequest& request,
                                                const std::vector<std::string>& only, bool& git_empty) {
  if (repository.git_root().empty()) return std::optional<Compared>();
  TRY(repo::GitReader reader, repo::GitReader::Open(repository.git_root()));
  TRY(const std::optional<std::string> commit, reader.ResolveByGit("HEAD"));
  git_empty = !commit;
  std::unique_ptr<RevisionIndex> revision;
  DataView head;
  if (commit) {
    TRY(revision, RevisionIndex::Open(repository, reader, *commit));
    if (revision->source().Look(".") == pipeline::Source::Kind::kDir) {
      TRY(head, DataView::OfIndex(repository, revision->index(), only));
    } else if (repository.say()) {
      repository.say()(pipeline::Level::kWarning, "Commit '" + commit->substr(0, 7) + "' does not contain a DVC repo");
    }
  }
  TRY(Compared compared, Compare(repository, {head, index, false, request.unchanged}, request, only));
  return std::optional(std::move(compared));
}

// Entries whose objects their remotes do not have; of a folder that is not in the cache only its own object is asked for.
Result<std::vector<std::string>> NotInRemote(Repository& repository, const DataView& index, const DataStatusRequest& request,
                                             const std::vector<std::string>& only) {
  struct Asked {
    std::vector<std::string> paths;
    std::vector<remotes::ObjectId> ids;
  };
  std::map<std::string, Asked> by_remote;
  const auto ask = [&](const DataOut& out, const std::string& path, const cas::ObjectId& id) {
    const auto holds = [&](const std::string& wanted) { return pipeline::IsAtOrBelow(path, wanted); };
    if (!only.empty() && std::none_of(only.begin(), only.end(), holds)) return;
    Asked& asked = by_remote[RemoteNameOf(repository, out.remote.empty() ? request.remote : out.remote)];
    asked.paths.push_back(path + (id.is_dir ? "/" : ""));
    asked.ids.push_back(ToRemote(id));
  };
  for (const auto& [location, out] : index.outs()) {
    const std::optional<cas::ObjectId> id = cas::ObjectId::Parse(out.content.hash, out.content.IsLegacy());
    if (!out.is_pushed || !id) continue;
    ask(out, location, *id);
    if (!request.granular || !out.is_dir) continue;
    TRY(const std::shared_ptr<const cas::Tree> tree, index.TreeOf(out));
    if (!tree) continue;
    for (const cas::TreeFile& file : *tree) {
      ask(out, location + "/" + std::string(file.path), {.md5 = file.md5, .is_dir = false, .legacy = id->legacy});
    }
  }
  std::vector<std::string> missing;
  for (const auto& [name, asked] : by_remote) {
    std::vector<bool> there(asked.ids.size());
    if (!name.empty()) {
      TRY(const std::unique_ptr<remotes::Remote> remote, OpenDataRemote(repository, name, "data status"));
      TRY(there, remotes::FindOnRemote(*remote, asked.ids));
    }
    for (std::size_t i = 0; i < there.size(); ++i) {
      if (!there[i]) missing.push_back(asked.paths[i]);
    }
  }
  return missing;
}

// From git's root to the working directory; what lies outside of the project is left out.
std::vector<std::string> ShownUntracked(const Repository& repository, std::vector<std::string> files,
                                        const std::vector<std::string>& only) {
  const std::string below = BelowGit(repository);
  const std::string front = below.empty() ? "" : below + "/";
  std::vector<std::string> shown;
  for (const std::string& file : files) {
    if (!file.starts_with(front)) continue;
    const std::string location = file.substr(front.size());
    const auto holds = [&](const std::string& wanted) { return pipeline::IsAtOrBelow(location, wanted); };
    if (only.empty() || std::any_of(only.begin(), only.end(), holds)) shown.push_back(repository.place().Shown(location));
  }
  return shown;
}

}  // namespace

Result<metrics::DataStatus> ReadDataStatus(Repository& repository, const DataStatusRequest& request) {
  std::vector<std::string> only;
  for (const std::string& target : request.targets) {
    std::string location = repository.place().Typed(target);
    if (location == ".") {
      only.clear();
      break;
    }
    only.push_back(std::move(location));
  }
  metrics::DataStatus status;
  TRY(const DataView index, DataView::OfIndex(repository, repository.index(), only));
  TRY(const DataView workspace, DataView::OfWorkspace(repository, index, request.granular));
  TRY(Compared here, Compare(repository, {index, workspace, true, request.unchanged}, request, only));
  status.uncommitted = std::move(here.changes);
  status.not_in_cache = std::move(here.not_in_cache);
  status.unchanged = std::move(here.unchanged);

  if (request.not_in_remote) {
    TRY(status.not_in_remote, NotInRemote(repository, index, request, only));
  }
  TRY(std::optional<Compared> committed, CompareWithHead(repository, index, request, only, status.git_empty));
  if (committed) {
    status.committed = std::move(committed->changes);
    const std::unordered_set<std::string_view> in_both(committed->unchanged.begin(), committed->unchanged.end());
    std::erase_if(status.unchanged, [&](const std::string& path) { return !in_both.contains(path); });
  }
  if (!repository.git_root().empty() && (request.git_state || request.untracked)) {
    TRY(GitChanges git, ReadGitChanges(repository.git_root(), request.untracked));
    status.git_dirty = git.dirty;
    if (request.untracked) status.untracked = ShownUntracked(repository, std::move(git.untracked), only);
  }
  return status;
}

}  // namespace mlean::flows
