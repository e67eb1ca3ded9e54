#include "flows/data/fetch.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "flows/data/fetched_imports.hpp"
#include "flows/data/import_source.hpp"
#include "flows/data/open_remote.hpp"
#include "remotes/run_cache.hpp"

namespace mlean::flows {
namespace {

using remotes::TransferReport;

// Fetches one group of objects.
class Fetcher {
 public:
  Fetcher(Repository& repository, remotes::Remote& remote, remotes::TransferOptions options, MoveSummary& summary)
      : repository_(repository), remote_(remote), options_(std::move(options)), summary_(summary) {}

  Result<void> Run(const std::vector<const UsedObject*>& used) {
    for (const UsedObject* object : used) {
      if (object->parts.empty()) {
        TRYV(Want(*object));
      } else {
        TRYV(WantParts(*object));
      }
    }
    TRY(TransferReport report, remotes::Fetch(remote_, CacheDir(repository_), wanted_, options_));
    if (!report.missing.empty()) TRYV(FailPromised(report));
    AddReport(repository_, report, summary_);
    return {};
  }

 private:
  struct Folder {
    cas::ObjectId id;
    bool was_here = false;
  };

  Result<void> Want(const UsedObject& used) {
    if (used.id.is_dir) {
      TRY(const bool here, repository_.store().HasObject(used.id));
      folders_.push_back({used.id, here});
    }
    wanted_.push_back({ToRemote(used.id), used.size});
    return {};
  }

  // Some files of a folder, and the folder's own object.
  Result<void> WantParts(const UsedObject& used) {
    TRY(const bool here, repository_.store().HasObject(used.id));
    if (!here) {
      const Result<void> got = FetchFolderObject(repository_, remote_, used.id);
      if (!got && got.error().code == Code::kCancelled) return got.error();
      if (!got) {
        // Told by the transfer, which looks for it once more.
        wanted_.push_back({ToRemote(used.id), used.size});
        return {};
      }
      ++summary_.moved;
    }
    const Result<cas::Tree> tree = LoadFolder(repository_, nullptr, used.id);
    if (!tree) {
      AddFailure(used.id, tree.error(), summary_);
      return {};
    }
    folders_.push_back({used.id, true});
    for (const cas::TreeFile& file : *tree) {
      if (IsPart(used, file.path)) wanted_.push_back({{file.md5, false, used.id.legacy}, 0});
    }
    return {};
  }

  // The remote has the .dir of a folder but not one of its files: somebody has lost it.
  Result<void> FailPromised(TransferReport& report) {
    std::sort(report.missing.begin(), report.missing.end());
    std::vector<remotes::ObjectId> ids;
    for (const Folder& folder : folders_) ids.push_back(ToRemote(folder.id));
    TRY(const std::vector<bool> there, remotes::FindOnRemote(remote_, ids, options_.jobs));
    std::vector<remotes::ObjectId> promised;
    for (std::size_t i = 0; i < folders_.size(); ++i) {
      if (!there[i]) continue;
      const Result<cas::Tree> tree = LoadFolder(repository_, &remote_, folders_[i].id);
      if (!tree) continue;
      bool broken = false;
      for (const cas::TreeFile& file : *tree) {
        const remotes::ObjectId id{file.md5, false, folders_[i].id.legacy};
        if (!std::binary_search(report.missing.begin(), report.missing.end(), id)) continue;
        broken = true;
        promised.push_back(id);
      }
      if (broken && !folders_[i].was_here) ++summary_.failed;
    }
    std::sort(promised.begin(), promised.end());
    promised.erase(std::unique(promised.begin(), promised.end()), promised.end());
    for (const remotes::ObjectId& id : promised) {
      AddFailure(FromRemote(id),
                 Fail(Code::kNotFound,
                      fmt::format("cannot read '{}' of '{}': no such file, though its folder is there", id.Key(), remote_.url())),
                 summary_);
    }
    std::erase_if(report.missing,
                  [&](const remotes::ObjectId& id) { return std::binary_search(promised.begin(), promised.end(), id); });
    return {};
  }

  Repository& repository_;
  remotes::Remote& remote_;
  remotes::TransferOptions options_;
  MoveSummary& summary_;
  std::vector<remotes::WantedObject> wanted_;
  std::vector<Folder> folders_;
};

// DVC finds a remote that does not exist while it collects.
Result<void> CheckRemote(const Repository& repository, const std::string& name) {
  if (name.empty()) return {};
  const Result<repo::RemoteConfig> config = repository.config().Remote(name, repository.root().string(), "fetch");
  if (config) return {};
  if (repository.say()) repository.say()(pipeline::Level::kWarning, "failed to collect 'workspace', skipping");
  return config.error();
}

// A remote that fails as a whole fails all its objects, and the next remote is tried, as in DVC.
Result<void> FetchGroup(Repository& repository, const RemoteGroup& group, const MoveOptions& options, MoveSummary& summary) {
  TRY(const std::unique_ptr<remotes::Remote> remote, OpenDataRemote(repository, group.remote, "fetch"));
  remotes::TransferOptions transfer = TransferOptionsFor(repository);
  transfer.jobs = options.jobs;
  transfer.on_progress = options.on_progress;
  const Result<void> fetched = Fetcher(repository, *remote, std::move(transfer), summary).Run(group.used);
  if (fetched || fetched.error().code == Code::kCancelled) return fetched;
  const std::string scheme = remotes::SchemeOf(remote->url());
  summary.failed += group.used.size();
  summary.errors.push_back(
      fmt::format("failed to connect to {} ({}) - {}", scheme.empty() ? "local" : scheme, remote->url(), fetched.error().what));
  return {};
}

// One import that cannot be had hinders nothing else. What its source does not have, or has no more, is missing data.
Result<void> NoteUnfetched(const Repository& repository, const pipeline::Output& output, const Error& error,
                           MoveSummary& summary) {
  if (error.code == Code::kCancelled) return error;
  const std::string text = fmt::format("cannot fetch '{}': {}", repository.place().Shown(output.location), error.what);
  if (error.code == Code::kNotFound) {
    summary.missing_imports += 1;
    if (repository.say()) repository.say()(pipeline::Level::kWarning, text);
  } else {
    summary.failed += 1;
    summary.errors.push_back(text);
  }
  return {};
}

// Imports come from where they were imported from. What one that was not downloaded holds is put into the index and noted, for a
// checkout by this command or a later one.
Result<void> FetchImports(Repository& repository, pipeline::Index& index, const MoveOptions& options, MoveSummary& summary) {
  const Result<std::vector<pipeline::Stage*>> imports = SelectImports(repository, index, options.query);
  if (!imports) return {};  // told before
  FetchedImports fetched = FetchedImports::Open(repository.project().DvcStateDir() / FetchedImports::kFile);
  for (pipeline::Stage* stage : *imports) {
    pipeline::Output& output = stage->outs[0];
    const std::uint64_t size = output.content.size.value_or(0);
    if (stage->IsDbImport() || (options.query.max_size && size >= *options.query.max_size && size > 0)) continue;
    if (!output.cache || !options.query.types.empty()) continue;
    // A revision of a repository holds what it held; what is behind a url is looked at again.
    const bool partial = !output.content.Known();
    if (partial && stage->IsRepoImport()) output.content = fetched.Find(*stage).value_or(output.content);
    if (output.content.Known()) {
      TRY(const bool here, repository.store().Has(output.content.hash, output.content.IsLegacy(), repository.work()));
      if (here) continue;
    }
    const Result<pipeline::Content> found = FetchImport(repository, *stage);
    if (!found) {
      TRYV(NoteUnfetched(repository, output, found.error(), summary));
      continue;
    }
    if (partial) {
      output.content = *found;
      fetched.Put(*stage, *found);
    }
    summary.moved += output.content.IsDir() ? output.content.nfiles.value_or(1) : 1;
  }
  return fetched.Save();
}

}  // namespace

Result<MoveSummary> FetchData(Repository& repository, const MoveOptions& options) {
  if (options.run_cache) {
    const Result<void> fetched = FetchRunCacheOf(repository, options.query.remote, options.jobs);
    if (!fetched && fetched.error().code != Code::kUnsupported) return fetched.error();
  }
  MoveSummary summary;
  TRY(const std::vector<UsedObject> used, SelectObjects(repository, options.query));
  const std::vector<RemoteGroup> groups = GroupByRemote(repository, used, options.query.remote);
  for (const RemoteGroup& group : groups) TRYV(CheckRemote(repository, group.remote));
  for (const RemoteGroup& group : groups) {
    if (!group.remote.empty()) TRYV(FetchGroup(repository, group, options, summary));
  }
  TRYV(VisitRevisions(
      repository, options.query.revisions,
      [&](const std::string&, pipeline::Index& index) { return FetchImports(repository, index, options, summary); },
      options.query.workspace));
  return summary;
}

Result<MoveSummary> FetchContents(Repository& repository, const std::vector<cas::ObjectId>& ids) {
  std::vector<UsedObject> used;
  for (const cas::ObjectId& id : ids) used.push_back({.id = id, .size = 0, .name = {}, .remote = {}, .parts = {}});
  MoveSummary summary;
  for (const RemoteGroup& group : GroupByRemote(repository, used, "")) {
    if (!group.remote.empty()) TRYV(FetchGroup(repository, group, {}, summary));
  }
  return summary;
}

Result<void> FetchRunCacheOf(Repository& repository, const std::string& name, int jobs) {
  const Result<std::unique_ptr<remotes::Remote>> remote = OpenDataRemote(repository, name, "fetch --run-cache");
  if (!remote) {
    const bool unconfigured = remote.error().what.starts_with("config file error: ");
    return unconfigured ? Fail(Code::kUnsupported, remote.error().what) : remote.error();
  }
  const Result<std::uint64_t> fetched = remotes::FetchRuns(**remote, CacheDir(repository), jobs);
  if (fetched) return {};
  if (fetched.error().code != Code::kUnsupported) return fetched.error();
  return Fail(Code::kUnsupported, fmt::format("run-cache is not supported for http filesystem: {}", (*remote)->url()));
}

}  // namespace mlean::flows
