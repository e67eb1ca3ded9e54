#include "flows/data/import_source.hpp"

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "base/digest.hpp"
#include "cas/checkout.hpp"
#include "codec/python_text.hpp"
#include "flows/data/data_objects.hpp"
#include "flows/data/external_repo.hpp"
#include "flows/data/git_clone.hpp"
#include "flows/data/open_remote.hpp"
#include "flows/data/url_source.hpp"
#include "os/files.hpp"
#include "pipeline/place.hpp"
#include "repo/git.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;

using pipeline::Dependency;

namespace {

fs::path ClonesOf(const Repository& repository) { return repository.project().DvcTempDir() / "mlean" / "clones"; }

ExternalRequest RequestFor(const Repository& repository, const Dependency& source) {
  ExternalRequest request = RequestOfImport(source);
  request.directory = repository.directory();
  request.clones = ClonesOf(repository);
  request.cache = CacheDir(repository);
  request.work = repository.work();
  return request;
}

Result<std::unique_ptr<UrlSource>> OpenUrl(const Repository& repository, const std::string& url, const codec::Json& options) {
  UrlRequest request{.url = url, .directory = repository.root(), .cancel = repository.cancel()};
  if (options.IsObject()) request.options = options;
  return UrlSource::Open(repository.config(), repository.project().DvcDir(), request);
}

// A url, or an absolute path outside.
Result<std::unique_ptr<UrlSource>> OpenSource(const Repository& repository, const Dependency& source) {
  const std::string url = pipeline::IsUrl(source.location) ? source.location : repository.place().Disk(source.location).string();
  return OpenUrl(repository, url, source.fs_config);
}

Result<RepoEntry> LookUp(ExternalRepo& source, const Dependency& dependency) {
  TRY(std::optional<RepoEntry> entry, source.tree().Look(source.location()));
  if (entry) return *std::move(entry);
  return Fail(Code::kNotFound, fmt::format("unexpected error - [{}]", codec::PythonRepr(dependency.path)));
}

// Where an import is made ready. In .dvc/tmp, for what a killed process leaves is not the user's to see, unless the place of the
// output is on another file system; under a name of that place, so that the next import to it clears what is left.
class Staging {
 public:
  Staging(const Repository& repository, const fs::path& target) {
    const fs::path temp = repository.project().DvcTempDir();
    const Result<os::FileStat> here = os::Stat(target.parent_path());
    const Result<os::FileStat> there = os::Stat(temp);
    const bool same = here && there && here->device == there->device;
    folder_ = (same ? temp : target.parent_path()) / fmt::format(".mlean-import-{}", Md5Hex(target.string()));
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() { (void)os::RemoveTree(folder_); }

  Result<void> Make() const {
    TRYV(os::RemoveTree(folder_));
    return os::MakeDirs(folder_);
  }
  fs::path data() const { return folder_ / "data"; }

 private:
  fs::path folder_;
};

// Puts kept content to the output's place.
Result<void> PutInPlace(Repository& repository, pipeline::Objects& objects, const pipeline::Content& content,
                        const fs::path& target, const AtHand& folder_at_hand) {
  if (!content.IsDir()) {
    TRYV(objects.RemoveOutput(target));
    return objects.Checkout(content, target, true);
  }
  const Staging staging(repository, target);
  TRYV(staging.Make());
  TRYV(cas::Checkout(repository.store(), ToObject(content), staging.data(), true, {.work = repository.work()}));
  if (folder_at_hand) TRYV(folder_at_hand(content));
  TRYV(objects.RemoveOutput(target));
  TRYV(os::Rename(staging.data(), target));
  return repository.links().Note(target, repository.IgnoredBelow(target));
}

// Downloads to the output's place.
Result<void> BringByDownload(Repository& repository, pipeline::Objects& objects, const fs::path& target,
                             const AtHand& folder_at_hand, const std::function<Result<void>(const fs::path& to)>& download) {
  const Staging staging(repository, target);
  TRYV(staging.Make());
  TRYV(download(staging.data()));
  if (folder_at_hand && os::IsDir(staging.data())) {
    TRY(const cas::ObjectInfo info,
        repository.store().Put(staging.data(), {.ignored = repository.IgnoredBelow(target), .work = repository.work()}));
    TRYV(folder_at_hand(ToContent(info)));
  }
  TRYV(objects.RemoveOutput(target));
  return os::Rename(staging.data(), target);
}

Result<void> BringFromRepo(Repository& repository, pipeline::Objects& objects, pipeline::Stage& stage,
                           const AtHand& folder_at_hand) {
  Dependency& dependency = stage.deps[0];
  TRY(const std::unique_ptr<ExternalRepo> source, ExternalRepo::Open(RequestFor(repository, dependency)));
  if (dependency.repo_rev_lock.empty()) {
    TRY(dependency.repo_rev_lock, source->Commit());
  }
  TRY(const RepoEntry entry, LookUp(*source, dependency));
  const fs::path target = repository.place().Disk(stage.outs[0].location);
  if (ExternalRepo::IsOneObject(entry)) {
    TRY(const pipeline::Content content, source->StoreIn(repository.store(), entry));
    return PutInPlace(repository, objects, content, target, folder_at_hand);
  }
  const auto download = [&](const fs::path& to) { return source->Download(entry, to); };
  return BringByDownload(repository, objects, target, folder_at_hand, download);
}

Result<void> BringFromUrl(Repository& repository, pipeline::Objects& objects, pipeline::Stage& stage,
                          const AtHand& folder_at_hand) {
  TRY(const std::unique_ptr<UrlSource> source, OpenSource(repository, stage.deps[0]));
  const fs::path target = repository.place().Disk(stage.outs[0].location);
  if (source->IsLocal()) {
    // Read once: into the cache, and from there to its place.
    TRY(const cas::ObjectInfo info, repository.store().Put(source->local_path(), {.work = repository.work()}));
    return PutInPlace(repository, objects, ToContent(info), target, folder_at_hand);
  }
  const auto download = [&](const fs::path& to) { return source->Download(to, repository.work()); };
  return BringByDownload(repository, objects, target, folder_at_hand, download);
}

}  // namespace

Result<std::string> CommitOfImport(const Repository& repository, const Dependency& source, const std::string& revision) {
  const std::string& wanted = revision.empty() ? source.repo_rev : revision;
  std::error_code error;
  const fs::path folder = (repository.directory() / source.repo_url).lexically_normal();
  if (!fs::exists(folder, error)) {
    return CommitAtSource(
        {.url = source.repo_url, .revision = wanted, .folder = ClonesOf(repository), .cancel = repository.cancel()});
  }
  const bool bare = fs::exists(folder / "HEAD", error) && fs::is_directory(folder / "objects", error);
  const std::optional<fs::path> git_root = bare ? folder : repo::GitRoot(folder);
  if (!git_root) return Fail(Code::kNotFound, fmt::format("{} is not a git repository", folder.string()));
  TRY(repo::GitReader reader, repo::GitReader::Open(*git_root));
  return reader.Resolve(wanted.empty() ? "HEAD" : wanted);
}

Result<std::string> ImportState(const Repository& repository, const pipeline::Stage& stage) {
  if (!stage.IsRepoImport()) return std::string();
  TRY(const std::string now, CommitOfImport(repository, stage.deps[0], {}));
  std::string locked = stage.deps[0].repo_rev_lock;
  if (locked.empty()) locked = now;
  return std::string(now == locked ? "" : "update available");
}

Result<pipeline::Content> HashSource(Repository& repository, const Dependency& dependency) {
  TRY(const std::unique_ptr<UrlSource> source, OpenSource(repository, dependency));
  return source->Hash(repository.work());
}

Result<void> BringImport(Repository& repository, pipeline::Objects& objects, pipeline::Stage& stage,
                         const AtHand& folder_at_hand) {
  if (!stage.IsImport() || stage.IsDbImport()) {
    return Fail(Code::kUnsupported, "importing from databases is not supported by this program");
  }
  return stage.IsRepoImport() ? BringFromRepo(repository, objects, stage, folder_at_hand)
                              : BringFromUrl(repository, objects, stage, folder_at_hand);
}

Result<pipeline::Content> FetchImport(Repository& repository, const pipeline::Stage& stage) {
  // What was imported without a download is known by its source's hash alone.
  const bool by_source = !stage.outs[0].content.Known() && !stage.IsRepoImport() && stage.deps[0].content.hash_name == "md5";
  const pipeline::Content& wanted = by_source ? stage.deps[0].content : stage.outs[0].content;
  const auto checked = [&](pipeline::Content found) -> Result<pipeline::Content> {
    if (!wanted.Known() || found.hash == wanted.hash) return found;
    return Fail(Code::kNotFound, fmt::format("'{}' has changed at its source", repository.place().Shown(stage.outs[0].location)));
  };
  if (stage.IsRepoImport()) {
    TRY(const std::unique_ptr<ExternalRepo> source, ExternalRepo::Open(RequestFor(repository, stage.deps[0])));
    TRY(const RepoEntry entry, LookUp(*source, stage.deps[0]));
    if (ExternalRepo::IsOneObject(entry)) TRYV(checked(pipeline::Content{.hash = entry.hash}));
    TRY(pipeline::Content found, source->StoreIn(repository.store(), entry));
    return checked(std::move(found));
  }
  TRYV(os::MakeDirs(CacheDir(repository)));
  TRY(const os::TempDir temporary, os::TempDir::Make(".mlean-import", CacheDir(repository)));
  const fs::path target = temporary.path() / "data";
  TRY(const std::unique_ptr<UrlSource> source, OpenSource(repository, stage.deps[0]));
  TRYV(source->Download(target, repository.work()));
  TRY(const cas::ObjectInfo info, repository.store().Put(target, {.work = repository.work()}));
  return checked(ToContent(info));
}

}  // namespace mlean::flows
