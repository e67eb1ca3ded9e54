#include "flows/data/diff.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "flows/data/compare_data.hpp"
#include "flows/data/data_view.hpp"
#include "flows/data/revision_index.hpp"
#include "pipeline/place.hpp"
#include "repo/dvc_error.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {
namespace {

// The outputs of one side, and which of the targets it has.
struct Side {
  std::unique_ptr<RevisionIndex> revision;
  DataView view;
  std::vector<std::string> wanted;  // locations
  std::vector<std::string> missing;
};

Result<void> Collect(Repository& repository, pipeline::Index& index, const std::vector<std::string>& targets, Side& side) {
  if (targets.empty()) {
    TRY(side.view, DataView::OfIndex(repository, index));
    return {};
  }
  std::vector<pipeline::Target> found;
  for (const std::string& target : targets) {
    const Result<std::vector<pipeline::Target>> some = index.CollectGranular(target);
    if (!some) side.missing.push_back(target);
    if (some) found.insert(found.end(), some->begin(), some->end());
  }
  for (const pipeline::Target& target : found) {
    for (const pipeline::Output& output : target.stage->outs) {
      const std::string& filter = target.filter;
      if (!filter.empty() && !Overlap(filter, output.location)) continue;
      side.wanted.push_back(pipeline::IsAtOrBelow(filter, output.location) ? filter : output.location);
    }
  }
  TRY(side.view, DataView::OfTargets(repository, found));
  return {};
}

Result<Side> OfRevision(Repository& repository, repo::GitReader& reader, const std::string& commit,
                        const std::vector<std::string>& targets) {
  Side side;
  TRY(side.revision, RevisionIndex::Open(repository, reader, commit));
  // From before there was a project here.
  if (side.revision->source().Look(".") != pipeline::Source::Kind::kDir) {
    side.missing = targets;
    return side;
  }
  TRYV(Collect(repository, side.revision->index(), targets, side));
  return side;
}

Result<Side> OfWorkspace(Repository& repository, const std::vector<std::string>& targets) {
  Side side;
  TRYV(Collect(repository, repository.index(), targets, side));
  TRY(side.view, DataView::OfWorkspace(repository, side.view, true));
  return side;
}

metrics::DiffedPath ToReport(const DataChange& change, bool hashes) {
  metrics::DiffedPath path;
  path.path = change.Shown();
  if (hashes) path.hash = change.after ? change.after.Hash() : change.before.Hash();
  if (change.kind == DataChangeKind::kRenamed) path.old_path = change.OldShown();
  if (change.kind == DataChangeKind::kModified) {
    path.path = change.Path() + (change.before.is_dir ? "/" : "");
    if (hashes) path.old_hash = change.before.Hash();
  }
  return path;
}

Result<metrics::DataDiff> Compare(Repository& repository, const Side& before, const Side& after, bool find_missing, bool hashes) {
  CompareOptions options{.unchanged = find_missing, .only = before.wanted, .per_root = true};
  options.only.insert(options.only.end(), after.wanted.begin(), after.wanted.end());
  DataComparison comparison(before.view, after.view, std::move(options));
  std::deque<DataChange> changes;
  MissingEntries missing(repository);
  TRYV(comparison.Run([&](const DataChange& change) {
    if (find_missing && change.before) missing.Add(change);
    if (change.kind != DataChangeKind::kUnchanged && change.kind != DataChangeKind::kUnknown) changes.push_back(change);
  }));
  metrics::DataDiff diff;
  FindRenames(changes);
  for (; !changes.empty(); changes.pop_front()) {
    const DataChange& change = changes.front();
    std::vector<metrics::DiffedPath>& group = change.kind == DataChangeKind::kAdded     ? diff.added
                                              : change.kind == DataChangeKind::kDeleted ? diff.deleted
                                              : change.kind == DataChangeKind::kRenamed ? diff.renamed
                                                                                        : diff.modified;
    group.push_back(ToReport(change, hashes));
  }
  TRY(std::vector<MissingEntries::Entry> found, missing.Finish());
  for (MissingEntries::Entry& entry : found) {
    diff.not_in_cache.push_back({.path = std::move(entry.path), .old_path = {}, .hash = std::move(entry.hash), .old_hash = {}});
  }
  return diff;
}

}  // namespace

Result<metrics::DataDiff> DiffData(Repository& repository, const DiffRequest& request) {
  if (repository.git_root().empty()) return repo::UnexpectedFailure("'NoSCM' object has no attribute 'no_commits'");
  TRY(repo::GitReader reader, repo::GitReader::Open(repository.git_root()));
  TRY(const std::optional<std::string> head, reader.ResolveByGit("HEAD"));
  if (!head) return metrics::DataDiff();
  if (request.before == "workspace") return metrics::DataDiff();  // as in DVC
  const bool to_workspace = request.after.empty() || request.after == "workspace";
  TRY(const std::string before, reader.Resolve(request.before));
  std::string after;
  if (!to_workspace) {
    TRY(after, reader.Resolve(request.after));
    if (before == after) return metrics::DataDiff();
  }
  TRY(const Side old_side, OfRevision(repository, reader, before, request.targets));
  TRY(const Side new_side,
      to_workspace ? OfWorkspace(repository, request.targets) : OfRevision(repository, reader, after, request.targets));
  for (const std::string& target : old_side.missing) {
    if (std::find(new_side.missing.begin(), new_side.missing.end(), target) == new_side.missing.end()) continue;
    return repo::UnexpectedFailure(fmt::format("[Errno 2] No such file or directory: '{}'", target));
  }
  return Compare(repository, old_side, new_side, request.after.empty(), request.hashes);
}

}  // namespace mlean::flows
