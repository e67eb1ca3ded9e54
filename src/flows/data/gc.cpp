#include "flows/data/gc.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "cas/gc.hpp"
#include "flows/data/move_objects.hpp"
#include "flows/data/open_remote.hpp"
#include "flows/data/used_objects.hpp"
#include "remotes/collect.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

class Collector {
 public:
  Collector(Repository& repository, const GcRequest& request) : repository_(repository), request_(request) {}

  Result<GcReport> Run() {
    if (!request_.remote.empty() && !request_.cloud && !request_.not_in_remote) {
      return Fail(Code::kInvalid, "`--remote` requires `--cloud` or `--not-in-remote`");
    }
    std::vector<std::unique_ptr<Repository>> others;
    for (const fs::path& path : request_.projects) {
      TRY(std::unique_ptr<Repository> other,
          Repository::Open(path, {.quiet = true, .say = repository_.say(), .cancel = repository_.cancel()}));
      others.push_back(std::move(other));
    }
    for (const std::unique_ptr<Repository>& other : others) TRYV(Keep(*other));
    TRYV(Keep(repository_));
    if (request_.cloud || request_.not_in_remote) TRYV(OpenRemotes());
    keep_.Seal();
    if (request_.not_in_remote) TRYV(DropPresent());
    for (const bool legacy : {false, true}) TRYV(CollectCache(legacy));
    if (request_.cloud) {
      for (const std::unique_ptr<remotes::Remote>& remote : remotes_) TRYV(CollectOn(*remote));
    }
    return report_;
  }

 private:
  void Say(std::string_view text) const {
    if (repository_.say()) repository_.say()(pipeline::Level::kInfo, text);
  }

  // Adds what a project uses.
  Result<void> Keep(Repository& repository) {
    ObjectQuery query;
    query.revisions = request_.revisions;
    query.skip_failed = request_.skip_failed;
    TRY(const std::vector<UsedObject> used, FindUsedObjects(repository, query));
    Folders folders{.repository = repository, .remotes = {}};
    for (const UsedObject& one : used) {
      TRYV(KeepOne(folders, one));
      if (!one.remote.empty() && &repository == &repository_) AddName(one.remote);
    }
    return {};
  }

  // Where the folders of one project are read from.
  struct Folders {
    Repository& repository;
    std::map<std::string, std::unique_ptr<remotes::Remote>> remotes;  // by name, as they are needed; null: cannot be opened
  };

  Result<void> KeepOne(Folders& folders, const UsedObject& used) {
    keep_.Add(used.id);
    if (!used.id.is_dir) return {};
    Result<cas::Tree> tree = LoadFolder(folders.repository, nullptr, used.id);
    if (!tree) tree = LoadFromRemote(folders, used);
    if (tree) {
      keep_.AddFilesOf(*tree, used.id.legacy);
      return {};
    }
    if (tree.error().code == Code::kCancelled) return tree.error();
    const std::string path = folders.repository.place().Disk(folders.repository.place().Typed(used.name)).string();
    const std::string question = fmt::format(
        "Missing cache for directory '{}'. Cache for files inside will be lost. Would you like to continue? Use '-f' to force.",
        path);
    if (request_.force || (request_.confirm && request_.confirm(question))) return {};
    return Fail(Code::kDenied,
                fmt::format("Failed to collect 'workspace': unable to fully collect used cache without cache for directory '{}'",
                            used.name));
  }

  // The files of a folder whose object is not in the cache are known only by the remote.
  Result<cas::Tree> LoadFromRemote(Folders& folders, const UsedObject& used) const {
    const Repository& repository = folders.repository;
    const std::string name = used.remote.empty() ? RemoteNameOf(repository, request_.remote) : used.remote;
    const auto [at, is_new] = folders.remotes.emplace(name, nullptr);
    if (is_new && !name.empty()) {
      Result<std::unique_ptr<remotes::Remote>> opened = OpenDataRemote(repository, name, "gc");
      if (opened) at->second = *std::move(opened);
    }
    if (!at->second) return Fail(Code::kNotFound, fmt::format("cannot read folder '{}': it is not in the cache", used.name));
    Result<cas::Tree> tree = LoadFolder(repository, at->second.get(), used.id);
    if (!tree && tree.error().code == Code::kNotFound) WarnMissing(repository, {used.id}, "name: None, ");
    return tree;
  }

  void AddName(const std::string& name) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
  }

  // Those that outputs name, and the one that is meant.
  Result<void> OpenRemotes() {
    const std::string meant = RemoteNameOf(repository_, request_.remote);
    std::erase(names_, meant);
    names_.push_back(meant);
    for (const std::string& name : names_) {
      TRY(std::unique_ptr<remotes::Remote> remote, OpenDataRemote(repository_, name, "gc -c"));
      remotes_.push_back(std::move(remote));
    }
    return {};
  }

  // --not-in-remote: what a remote has need not be kept here.
  Result<void> DropPresent() {
    std::vector<remotes::ObjectId> ids = ToRemote(keep_.ids());
    std::vector<bool> present(ids.size(), false);
    for (const std::unique_ptr<remotes::Remote>& remote : remotes_) {
      TRY(const std::vector<bool> there, remotes::FindOnRemote(*remote, ids, request_.jobs));
      for (std::size_t i = 0; i < ids.size(); ++i) present[i] = present[i] || there[i];
    }
    cas::ObjectSet lacking;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!present[i]) lacking.Add(FromRemote(ids[i]));
    }
    lacking.Seal();
    keep_ = std::move(lacking);
    return {};
  }

  Result<void> CollectCache(bool legacy) {
    cas::CollectOptions options{.dry = request_.dry, .now = request_.now, .on_object = {}, .work = repository_.work()};
    if (request_.dry) {
      options.on_object = [this](const cas::ObjectId& id, std::uint64_t) {
        Say(fmt::format("Removing {}", repository_.store().PathOf(id).string()));
      };
    }
    TRY(const cas::CollectReport done, cas::CollectGarbage(repository_.store(), keep_, legacy, options));
    const char* scheme = legacy ? "legacy" : "repo";
    Say(done.objects > 0 ? fmt::format("Removed {} objects from {} cache.", done.objects, scheme)
                         : fmt::format("No unused '{}' cache to remove.", scheme));
    report_.objects += done.objects;
    report_.bytes += done.bytes;
    return {};
  }

  Result<void> CollectOn(remotes::Remote& remote) {
    // Both layouts go in one walk; DVC tells one after the other.
    std::uint64_t counts[2] = {0, 0};
    std::vector<remotes::ObjectId> gone;
    remotes::CollectOptions options{.dry = request_.dry, .jobs = request_.jobs, .on_object = {}};
    options.on_object = [&](const remotes::ObjectId& id, std::uint64_t) {
      ++counts[id.legacy ? 1 : 0];
      if (request_.dry) gone.push_back(id);
    };
    TRY(const remotes::CollectReport done, remotes::CollectRemote(remote, ToRemote(keep_.ids()), options));
    for (const bool legacy : {false, true}) {
      for (const remotes::ObjectId& id : gone) {
        if (id.legacy == legacy) Say(fmt::format("Removing {}/{}", PlainUrl(remote), id.Key()));
      }
      const std::uint64_t count = counts[legacy ? 1 : 0];
      Say(count > 0 ? fmt::format("Removed {} objects from remote.", count) : "No unused cache to remove from remote.");
    }
    report_.objects += done.objects;
    report_.bytes += done.bytes;
    return {};
  }

  // DVC tells paths on remotes without their scheme.
  static std::string PlainUrl(const remotes::Remote& remote) {
    std::string url = remote.url();
    if (const std::size_t at = url.find("://"); at != url.npos && !remotes::SchemeOf(url).starts_with("http"))
      url.erase(0, at + 3);
    while (url.ends_with('/')) url.pop_back();
    return url;
  }

  Repository& repository_;
  const GcRequest& request_;
  cas::ObjectSet keep_;
  std::vector<std::string> names_;  // of remotes that outputs name
  std::vector<std::unique_ptr<remotes::Remote>> remotes_;
  GcReport report_;
};

}  // namespace

Result<void> CheckGc(const GcRequest& request) {
  if (request.not_in_remote && request.cloud) {
    return Fail(Code::kInvalid, "`--not-in-remote` and `--cloud` are mutually exclusive");
  }
  const repo::RevisionQuery& query = request.revisions;
  if (!request.workspace && !query.Any() && !request.has_number) {
    return Fail(
        Code::kInvalid,
        "Either of `-w|--workspace`, `-a|--all-branches`, `-T|--all-tags` `--all-experiments`, `--all-commits`, `--date` or "
        "`--rev` needs to be set.");
  }
  if (request.has_number && query.revisions.empty() && !query.all_branches) {
    return Fail(Code::kInvalid, "`--num` can only be used alongside `--rev` or `--all-branches`");
  }
  return {};
}

std::string GcWarning(const GcRequest& request) {
  const repo::RevisionQuery& query = request.revisions;
  const std::int64_t number = request.has_number ? query.number : (query.revisions.empty() ? 0 : 1);
  std::string text = "This will remove all cache except items used in the workspace";
  if (query.all_commits) {
    text += " and all git commits";
  } else {
    if (query.all_branches) {
      text += number != 0 ? fmt::format(" and last {} commits from all git branches", number) : " and all git branches";
    }
    if (query.all_tags) text += query.all_branches && number == 0 ? " and tags" : " and all git tags";
    if (!query.since.empty()) text += fmt::format(" and all git commits before date {}", query.since);
    if (!query.revisions.empty()) text += fmt::format(" and last {} commits from {}", number, query.revisions.front());
  }
  if (query.all_experiments) text += " and all experiments";
  if (request.not_in_remote) text += " that are not present in the DVC remote";
  if (request.projects.empty()) return text + " of the current repo.";
  text += " of the current and the following repos:";
  for (const fs::path& project : request.projects) text += fmt::format("\n  - {}", project.string());
  return text;
}

Result<GcReport> CollectGarbage(Repository& repository, const GcRequest& request) { return Collector(repository, request).Run(); }

}  // namespace mlean::flows
