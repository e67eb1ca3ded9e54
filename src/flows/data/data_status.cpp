#include "flows/data/data_status.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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

// What differs between two views, which outlive it.
struct Compared {
  Compared(const DataView& before, const DataView& after, CompareOptions options)
      : comparison(before, after, std::move(options)) {}
  DataComparison comparison;
  DataChanges changes;
  std::vector<DataEntry> unchanged;  // of the view that both comparisons have
  std::vector<DataEntry> not_in_cache;
};

CompareOptions OptionsOf(const DataStatusRequest& request, const std::vector<std::string>& only, bool unchanged) {
  return {.granular = request.granular, .hash_only = true, .unchanged = unchanged, .only = only};
}

// The dvc files and the workspace.
Result<void> CompareHere(Repository& repository, const DataStatusRequest& request, Compared& here) {
  MissingEntries missing(repository);
  TRYV(here.comparison.Run([&](const DataChange& change) {
    if (change.kind == DataChangeKind::kUnknown && !change.after) return;
    if (change.before) missing.Add(change.before);
    if (change.kind != DataChangeKind::kUnchanged) {
      here.changes.Add(change);
    } else if (request.unchanged) {
      here.unchanged.push_back(change.before);
    }
  }));
  here.changes.FindRenames();
  TRY(here.not_in_cache, missing.Finish());
  return {};
}

// HEAD and the dvc files.
Result<void> CompareWithHead(Compared& committed) {
  TRYV(committed.comparison.Run([&](const DataChange& change) {
    if (change.kind == DataChangeKind::kUnknown && !change.after) return;
    if (change.kind != DataChangeKind::kUnchanged) {
      committed.changes.Add(change);
    } else {
      committed.unchanged.push_back(change.after);
    }
  }));
  committed.changes.FindRenames();
  return {};
}

// All is added before the first commit.
Result<DataView> ViewOfHead(Repository& repository, const std::vector<std::string>& only, bool& git_empty) {
  DataView head;
  TRY(repo::GitReader reader, repo::GitReader::Open(repository.git_root()));
  TRY(const std::optional<std::string> commit, reader.ResolveByGit("HEAD"));
  git_empty = !commit;
  if (!commit) return head;
  TRY(const std::unique_ptr<RevisionIndex> revision, RevisionIndex::Open(repository, reader, *commit));
  if (revision->source().Look(".") == pipeline::Source::Kind::kDir) {
    TRY(head, DataView::OfIndex(repository, revision->index(), only));
  } else if (repository.say()) {
    repository.say()(pipeline::Level::kWarning, "Commit '" + commit->substr(0, 7) + "' does not contain a DVC repo");
  }
  return head;
}

// Keeps of `entries` those that are in `others` too; both are of one view.
void KeepCommon(std::vector<DataEntry>& entries, std::vector<DataEntry> others) {
  const auto less = [](const DataEntry& a, const DataEntry& b) {
    if (a.out != b.out) return std::less<>()(a.out, b.out);
    const auto path = [](const DataEntry& entry) { return entry.file != nullptr ? entry.file->path : std::string_view(); };
    return path(a) < path(b);
  };
  std::sort(others.begin(), others.end(), less);
  std::erase_if(entries, [&](const DataEntry& entry) { return !std::binary_search(others.begin(), others.end(), entry, less); });
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

// All that a report is made of, while it is made.
struct Status {
  DataView head;
  DataView index;
  DataView workspace;
  std::optional<Compared> here;
  std::optional<Compared> committed;
};

metrics::MadeList<metrics::PathChange> ListOf(const std::shared_ptr<const Status>& all, const DataChanges& changes) {
  return {changes.size(), [all, &changes](std::size_t i) {
            const DataChange& change = changes[i];
            const bool renamed = change.kind == DataChangeKind::kRenamed;
            return metrics::PathChange{StateOf(change.kind), change.Shown(), renamed ? change.before.Shown() : std::string()};
          }};
}
metrics::MadeList<std::string> ListOf(const std::shared_ptr<const Status>& all, const std::vector<DataEntry>& entries) {
  return {entries.size(), [all, &entries](std::size_t i) { return entries[i].Shown(); }};
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
  const auto all = std::make_shared<Status>();
  metrics::DataStatus status;
  TRY(all->index, DataView::OfIndex(repository, repository.index(), only));
  TRY(all->workspace, DataView::OfWorkspace(repository, all->index, request.granular));
  Compared& here = all->here.emplace(all->index, all->workspace, OptionsOf(request, only, true));
  TRYV(CompareHere(repository, request, here));
  if (request.not_in_remote) {
    TRY(status.not_in_remote, NotInRemote(repository, all->index, request, only));
  }
  if (!repository.git_root().empty()) {
    TRY(all->head, ViewOfHead(repository, only, status.git_empty));
    Compared& committed = all->committed.emplace(all->head, all->index, OptionsOf(request, only, request.unchanged));
    TRYV(CompareWithHead(committed));
    KeepCommon(here.unchanged, std::move(committed.unchanged));
    status.committed = ListOf(all, committed.changes);
  }
  status.uncommitted = ListOf(all, here.changes);
  status.not_in_cache = ListOf(all, here.not_in_cache);
  status.unchanged = ListOf(all, here.unchanged);
  if (!repository.git_root().empty() && (request.git_state || request.untracked)) {
    TRY(GitChanges git, ReadGitChanges(repository.git_root(), request.untracked));
    status.git_dirty = git.dirty;
    if (request.untracked) status.untracked = ShownUntracked(repository, std::move(git.untracked), only);
  }
  return status;
}

}  // namespace mlean::flows
