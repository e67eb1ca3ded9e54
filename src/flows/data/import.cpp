#include "flows/data/import.hpp"

#include <fmt/core.h>

#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "flows/data/data_objects.hpp"
#include "flows/data/get.hpp"
#include "flows/data/open_remote.hpp"
#include "flows/data/url_source.hpp"
#include "os/files.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/place.hpp"
#include "pipeline/stage_files.hpp"
#include "pipeline/stage_load.hpp"
#include "pipeline/staleness.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;

using codec::Json;
using pipeline::Dependency;

namespace {

Result<void> CheckUse(const ImportRequest& request) {
  if (request.to_remote && (request.no_exec || request.no_download)) {
    return Fail(Code::kInvalid, "--no-exec/--no-download/--version-aware cannot be combined with --to-remote");
  }
  if (!request.to_remote && !request.remote.empty()) return Fail(Code::kInvalid, "--remote can't be used without --to-remote");
  return {};
}

// As it is written into the .dvc file: what lies in the project is told from the file's folder.
Dependency UrlDependency(const Repository& repository, const std::string& url, const std::string& wdir) {
  const pipeline::Place& place = repository.place();
  std::string path = url;
  const std::string location = place.Typed(url);
  if (!pipeline::IsUrl(url) && !path.starts_with('/') && (pipeline::IsInside(location) || wdir != place.cwd)) {
    path = pipeline::Relative(pipeline::IsInside(location) ? location : place.Disk(location).string(),
                              pipeline::IsInside(location) ? wdir : place.Disk(wdir).string());
  }
  return pipeline::MakeDependency(std::move(path), wdir, place);
}

Dependency RepoDependency(const ImportRequest& request) {
  Dependency source;
  source.kind = Dependency::Kind::kRepo;
  source.path = request.url;
  source.repo_url = request.repository_url;
  source.repo_rev = request.revision;
  const bool has_options = !request.remote_config.AsObject().empty();
  if (!request.config.empty()) source.repo_config = request.config;
  if (!request.repo_remote.empty() && has_options) {
    source.repo_config = Json::Object{{"core", Json::Object{{"remote", request.repo_remote}}},
                                      {"remote", Json::Object{{request.repo_remote, request.remote_config}}}};
  } else if (!request.repo_remote.empty()) {
    source.repo_remote = request.repo_remote;
  } else if (has_options) {
    source.repo_remote = request.remote_config;
  }
  return source;
}

// What a .dvc file of that name says beside its data stays.
Result<void> KeepOldFile(Repository& repository, pipeline::Stage& stage) {
  if (repository.files().Look(stage.file) != pipeline::Source::Kind::kFile) return {};
  TRY(const std::vector<pipeline::Stage*> old, repository.index().LoadFile(stage.file));
  if (old.empty()) return {};
  stage.text = old.front()->text;
  stage.meta = old.front()->meta;
  stage.desc = old.front()->desc;
  const pipeline::Output* const output = old.front()->FindOutput(stage.outs[0].path);
  if (output == nullptr) return {};
  stage.outs[0].desc = output->desc;
  stage.outs[0].type = output->type;
  stage.outs[0].labels = output->labels;
  stage.outs[0].meta = output->meta;
  stage.outs[0].remote = output->remote;
  stage.outs[0].push = output->push;
  return {};
}

Result<pipeline::Stage> MakeStage(Repository& repository, const ImportRequest& request) {
  const pipeline::Place& place = repository.place();
  TRY(const std::string out, ResolveOutput(request.url, request.out, repository.directory(), request.force));
  const std::string location = place.Typed(out);
  if (pipeline::IsUrl(location) || !pipeline::IsInside(location)) {
    return Fail(Code::kInvalid,
                fmt::format("Cached output(s) outside of DVC project: {}. See "
                            "<https://dvc.org/doc/user-guide/data-management/importing-external-data> for more info.",
                            out));
  }
  if (pipeline::IsStageFileName(location)) {
    return Fail(Code::kInvalid, fmt::format("DVC file '{}' cannot be an output.", place.Shown(location)));
  }
  const fs::path folder = place.Disk(pipeline::FolderOf(location));
  if (!os::IsDir(folder)) return Fail(Code::kNotFound, fmt::format("stage working dir '{}' does not exist", folder.string()));
  pipeline::Stage stage = pipeline::NewDataStage(location);
  if (repository.files().IsGitIgnored(stage.file)) {
    return Fail(Code::kInvalid, fmt::format("bad DVC file name '{}' is git-ignored.", place.Shown(stage.file)));
  }
  if (request.from_repository) {
    stage.deps.push_back(RepoDependency(request));
  } else {
    stage.deps.push_back(UrlDependency(repository, request.url, stage.wdir));
    const Dependency& source = stage.deps[0];
    TRYV(CheckUrl(repository, source.location, "import-url"));
    if (source.location == location) {
      return Fail(Code::kInvalid,
                  fmt::format("'{}' is specified as an output and as a dependency.", place.Disk(location).string()));
    }
    if (request.fs_config.IsObject() && !request.fs_config.AsObject().empty()) stage.deps[0].fs_config = request.fs_config;
  }
  TRYV(KeepOldFile(repository, stage));
  TRYV(repository.index().CheckWith(stage));
  return stage;
}

// Whether the cache has what the stage records and the source has not changed.
Result<bool> IsCached(Repository& repository, pipeline::Objects& objects, const pipeline::Stage& stage) {
  if (!stage.outs[0].content.Known() || pipeline::ChangedStage(stage, repository.place())) return false;
  TRY(const std::vector<pipeline::PathChange> changes,
      pipeline::ChangedDeps(stage, repository.place(), repository.files(), objects));
  if (!changes.empty()) return false;
  return objects.Has(stage.outs[0].content);
}

}  // namespace

Result<void> RunImport(Repository& repository, pipeline::Objects& objects, pipeline::Stage& stage, bool no_download,
                       const AtHand& folder_at_hand) {
  const pipeline::Place& place = repository.place();
  const pipeline::Say& say = repository.say();
  const fs::path target = place.Disk(stage.outs[0].location);
  if (say) {
    say(pipeline::Level::kInfo, fmt::format("Importing '{}' -> '{}'", pipeline::ShownDependency(stage.deps[0], place),
                                            pipeline::ShownOutput(stage.outs[0], place)));
  }
  TRY(const bool cached, IsCached(repository, objects, stage));
  if (cached) {
    TRYV(objects.RemoveOutput(target));
    TRYV(objects.Checkout(stage.outs[0].content, target, true));
  } else {
    TRYV(pipeline::SaveDeps(stage, place, repository.files(), objects, false, say));
    if (!no_download) {
      TRYV(BringImport(repository, objects, stage, folder_at_hand));
    } else {
      TRYV(objects.RemoveOutput(target));
      if (stage.IsRepoImport()) {
        TRY(stage.deps[0].repo_rev_lock, CommitOfImport(repository, stage.deps[0], {}));
      }
    }
  }
  TRYV(pipeline::CommitOuts(stage, place, objects, {.allow_missing = no_download, .filter = {}}, say));
  if (no_download) TRYV(objects.Ignore(target));
  stage.md5 = pipeline::StageMd5(stage, place);
  return {};
}

Result<void> TransferImport(Repository& repository, pipeline::Objects& objects, pipeline::Stage& stage,
                            const TransferUrlOptions& options) {
  const pipeline::Place& place = repository.place();
  const Dependency& source = stage.deps[0];
  UrlRequest request{.url = pipeline::IsUrl(source.location) ? source.location : place.Disk(source.location).string(),
                     .directory = repository.root(),
                     .cancel = repository.cancel()};
  if (source.fs_config.IsObject()) request.options = source.fs_config;
  TRY(const std::unique_ptr<UrlSource> from, UrlSource::Open(repository.config(), repository.project().DvcDir(), request));
  Result<pipeline::Content> brought = TransferUrl(repository, *from, options);
  if (!brought && brought.error().code == Code::kNotFound) {
    return Fail(Code::kNotFound, "unexpected error - " + brought.error().what);
  }
  TRY(stage.outs[0].content, std::move(brought));
  TRYV(objects.Ignore(place.Disk(stage.outs[0].location)));
  TRYV(pipeline::SaveDeps(stage, place, repository.files(), objects, false, repository.say()));
  stage.md5 = pipeline::StageMd5(stage, place);
  return {};
}

Result<void> ImportData(Repository& repository, const ImportRequest& request) {
  TRY(pipeline::Stage stage, MakeStage(repository, request));
  TRYV(CheckUse(request));
  DataObjects objects(repository);
  if (request.no_exec) {
    TRYV(objects.Ignore(repository.place().Disk(stage.outs[0].location)));
  } else if (request.to_remote) {
    TRYV(TransferImport(repository, objects, stage, {.remote = request.remote, .command = "import-url", .jobs = request.jobs}));
  } else {
    // Its file comes before a folder does: an import that finds a folder there without one would go below it.
    const AtHand record = [&](const pipeline::Content& content) -> Result<void> {
      pipeline::Stage known = stage;
      known.outs[0].content = content;
      known.md5 = pipeline::StageMd5(known, repository.place());
      known.frozen = true;
      TRYV(objects.Ignore(repository.place().Disk(known.outs[0].location)));
      TRYV(pipeline::SaveStages({&known}, repository.place(), {}));
      return {};
    };
    TRYV(RunImport(repository, objects, stage, request.no_download, record));
  }
  stage.frozen = true;
  TRY(const std::vector<std::string> written, pipeline::SaveStages({&stage}, repository.place(), {}, repository.say()));
  for (const std::string& file : written) repository.scm().Track(repository.place().Disk(file));
  return {};
}

}  // namespace mlean::flows
