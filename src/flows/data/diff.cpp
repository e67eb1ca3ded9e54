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
#include "flows/data/revision_list.hpp"
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
  if (change.kind == DataChangeKind::kRenamed) path.old_path = change.before.Shown();
  if (change.kind == DataChangeKind::kModified) {
    path.path = change.before.Shown();
    if (hashes) path.old_hash = change.before.Hash();
  }
  return path;
}

// All that a report is made of, while it is made.
struct Compared {
  Compared(DataView old_view, DataView new_view, CompareOptions options)
      : before(std::move(old_view)), after(std::move(new_view)), comparison(before, after, std::move(options)) {}
  const DataView before;
  const DataView after;
  DataComparison comparison;
  DataChanges changes;
  std::vector<DataEntry> missing;
};

// The changes of one kind, as the report wants them sorted.
metrics::MadeList<metrics::DiffedPath> ListOf(const std::shared_ptr<const Compared>& compared,
                                              const std::deque<DataChange>& changes, DataChangeKind kind, bool hashes) {
  std::vector<const DataChange*> some;
  for (const DataChange& change : changes) {
    if (change.kind == kind) some.push_back(&change);
  }
  const auto less = [kind](const DataChange* a, const DataChange* b) {
    return kind == DataChangeKind::kAdded ? ShownLess(a->after, b->after) : ShownLess(a->before, b->before);
  };
  if (!std::is_sorted(some.begin(), some.end(), less)) std::stable_sort(some.begin(), some.end(), less);
  const std::size_t count = some.size();
  return {count, [compared, some = std::move(some), hashes](std::size_t i) { return ToReport(*some[i], hashes); }};
}

Result<metrics::DataDiff> Compare(Repository& repository, Side& before, Side& after, bool find_missing, bool hashes) {
  CompareOptions options{.unchanged = find_missing, .only = before.wanted, .per_root = true};
  options.only.insert(options.only.end(), after.wanted.begin(), after.wanted.end());
  const auto compared = std::make_shared<Compared>(std::move(before.view), std::move(after.view), std::move(options));
  DataChanges& changes = compared->changes;
  MissingEntries missing(repository);
  TRYV(compared->comparison.Run([&](const DataChange& change) {
    if (find_missing && change.before) missing.Add(change.before);
    if (change.kind != DataChangeKind::kUnchanged && change.kind != DataChangeKind::kUnknown) changes.Add(change);
  }));
  changes.FindRenames();
  TRY(compared->missing, missing.Finish());
  std::stable_sort(compared->missing.begin(), compared->missing.end(), ShownLess);
  metrics::DataDiff diff;
  diff.added = ListOf(compared, changes.added, DataChangeKind::kAdded, hashes);
  diff.deleted = ListOf(compared, changes.deleted, DataChangeKind::kDeleted, hashes);
  diff.renamed = ListOf(compared, changes.added, DataChangeKind::kRenamed, hashes);
  diff.modified = ListOf(compared, changes.others, DataChangeKind::kModified, hashes);
  diff.not_in_cache = {compared->missing.size(), [compared](std::size_t i) {
                         const DataEntry& entry = compared->missing[i];
                         return metrics::DiffedPath{.path = entry.Shown(), .old_path = {}, .hash = entry.Hash(), .old_hash = {}};
                       }};
  return diff;
}

}  // namespace

Result<metrics::DataDiff> DiffData(Repository& repository, const DiffRequest& request) {
  if (repository.git_root().empty()) return NeedsGit();
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
  TRY(Side old_side, OfRevision(repository, reader, before, request.targets));
  TRY(Side new_side,
      to_workspace ? OfWorkspace(repository, request.targets) : OfRevision(repository, reader, after, request.targets));
  for (const std::string& target : old_side.missing) {
    if (std::find(new_side.missing.begin(), new_side.missing.end(), target) == new_side.missing.end()) continue;
    return repo::UnexpectedFailure(fmt::format("[Errno 2] No such file or directory: '{}'", target));
  }
  return Compare(repository, old_side, new_side, request.after.empty(), request.hashes);
}

}  // namespace mlean::flows
