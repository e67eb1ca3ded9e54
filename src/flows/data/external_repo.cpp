#include "flows/data/external_repo.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "cas/checkout.hpp"
#include "cas/file_hash.hpp"
#include "cas/object_store.hpp"
#include "codec/python_text.hpp"
#include "flows/data/data_objects.hpp"
#include "flows/data/git_clone.hpp"
#include "flows/data/open_remote.hpp"
#include "flows/data/project_files.hpp"
#include "flows/data/revision_source.hpp"
#include "os/files.hpp"
#include "pipeline/place.hpp"
#include "remotes/transfer.hpp"
#include "repo/git.hpp"
#include "repo/project.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;

using codec::Json;

struct ExternalRepo::State {
  ExternalRequest request;
  std::optional<os::TempDir> temporary;  // of clone and cache
  fs::path folder;                       // on this machine; "" for a url
  fs::path git_root;                     // a work tree or a bare clone; "" without git
  std::string commit;                    // "": the work tree is read
  std::optional<repo::GitReader> reader;
  fs::path top;       // of the work tree that is read, or "/"
  std::string below;  // the project (perhaps a sub-repository), from the top; "" is the top
  std::string location;
  bool in_cwd = false;  // paths count from the working directory, which lies in the project

  repo::DvcConfig config;
  fs::path dvc_dir;
  std::unique_ptr<pipeline::Source> source;
  std::unique_ptr<pipeline::Index> index;
  std::unique_ptr<PlainFiles> plain;
  DataView view;
  std::unique_ptr<RepoTree> tree;
  fs::path cache;        // where objects are brought
  fs::path local_cache;  // of a folder on this machine, when it is another one
  std::map<std::string, std::unique_ptr<remotes::Remote>, std::less<>> remotes;  // by name; "" is the local cache
  std::set<const DataOut*> brought;                                              // imports whose source was asked

  Result<void> Find();
  Result<void> FindFolder(const fs::path& path);
  Result<fs::path> TemporaryDir();
  Result<void> Clone();
  Result<bool> HasProject(const std::string& at);
  Result<void> FindProject(const std::string& path);
  Result<void> LoadConfig();
  Result<void> LoadTree();
  // The remotes that may hold what the outputs have, nearest first. An error only when there is none at all.
  Result<std::vector<remotes::Remote*>> Upstreams(const std::set<std::string>& names);
  Result<remotes::Remote*> OpenNamed(const std::string& name);
  Result<std::shared_ptr<const cas::Tree>> LoadFolder(const DataOut& out);
  Result<void> BringFromSource(const DataOut& out);
  Result<void> Fetch(const std::vector<const RepoEntry*>& files);
  Result<void> Collect(const RepoEntry& entry, std::vector<RepoEntry>& files, std::vector<std::string>* folders);
  Result<void> Write(const std::vector<RepoEntry>& files, const std::string& from, const fs::path& target);
  Result<void> WriteFolder(const RepoEntry& entry, const fs::path& target);
};

namespace {

std::string Inside(const std::string& base, const std::string& path) {
  if (base.empty()) return path;
  return path == "." ? base : base + "/" + path;
}

// "[Errno 2] No storage files available: 'data/a'"
Error NoObject(const RepoEntry& entry) {
  return Fail(Code::kNotFound, fmt::format("unexpected error - [Errno 2] No storage files available: '{}'", entry.location));
}

constexpr int kMaxDepth = 16;  // of imports of imports

Result<std::string> LegacyMd5(const fs::path& file) {
  TRY(const cas::ObjectInfo info, cas::HashFile(file, {.legacy = true}));
  return info.md5;
}

}  // namespace

ExternalRequest RequestOfImport(const pipeline::Dependency& source) {
  ExternalRequest request;
  request.url = source.repo_url;
  request.path = source.path;
  request.revision = source.repo_rev_lock.empty() ? source.repo_rev : source.repo_rev_lock;
  if (source.repo_config.IsString()) request.config_file = source.repo_config.AsString();
  if (source.repo_config.IsObject()) request.config = source.repo_config;
  if (source.repo_remote.IsString()) request.remote = source.repo_remote.AsString();
  if (source.repo_remote.IsObject()) request.remote_config = source.repo_remote;
  return request;
}

// ---- where it is

Result<fs::path> ExternalRepo::State::TemporaryDir() {
  if (!temporary) {
    TRY(temporary, os::TempDir::Make("mlean-repo"));
  }
  return temporary->path();
}

Result<void> ExternalRepo::State::Clone() {
  fs::path clones = request.clones;
  if (clones.empty()) {
    TRY(clones, TemporaryDir());
  }
  TRY(git_root,
      CloneRepository({.url = request.url, .revision = request.revision, .folder = clones, .cancel = request.work.cancelled}));
  TRY(reader, repo::GitReader::Open(git_root));
  TRY(commit, reader->Resolve(request.revision.empty() ? "HEAD" : request.revision));
  top = "/";
  return {};
}

Result<void> ExternalRepo::State::FindFolder(const fs::path& path) {
  folder = path;
  const Result<fs::path> dvc_root = repo::FindDvcRoot(path);
  const std::optional<fs::path> found = repo::GitRoot(path);
  git_root = found.value_or(fs::path());
  top = dvc_root ? *dvc_root : found ? git_root : path;
  if (request.revision.empty()) return {};
  if (!found) return Fail(Code::kNotFound, fmt::format("{} is not a git repository", path.string()));
  TRY(reader, repo::GitReader::Open(git_root));
  TRY(commit, reader->Resolve(request.revision));
  folder = git_root;
  top = git_root;
  return {};
}

Result<void> ExternalRepo::State::Find() {
  std::error_code error;
  const fs::path path = (request.directory / request.url).lexically_normal();
  if (!fs::exists(path, error)) return Clone();
  // A bare repository has no files: it is cloned.
  const fs::path clean = path.has_filename() ? path : path.parent_path();
  const bool bare = fs::exists(clean / "HEAD", error) && fs::is_directory(clean / "objects", error);
  return bare ? Clone() : FindFolder(clean);
}

// ---- the project in it

Result<bool> ExternalRepo::State::HasProject(const std::string& at) {
  if (commit.empty()) return os::IsDir(top / at / ".dvc");
  TRY(const std::optional<repo::GitEntry> entry, reader->Look(commit, at == "." ? ".dvc" : at + "/.dvc"));
  return entry && entry->kind == repo::GitEntryKind::kFolder;
}

// The deepest folder on the way to `path` (from the top) that has a .dvc, else the top.
Result<void> ExternalRepo::State::FindProject(const std::string& path) {
  below.clear();
  for (std::string at = path; at != "."; at = pipeline::FolderOf(at)) {
    TRY(const bool has, HasProject(at));
    if (!has) continue;
    below = at;
    break;
  }
  location = below.empty() ? path : path == below ? "." : path.substr(below.size() + 1);
  return {};
}

Result<void> ExternalRepo::State::LoadConfig() {
  const fs::path disk = folder.empty() ? fs::path() : (commit.empty() ? top : git_root) / below;
  std::error_code error;
  std::vector<repo::ConfigFile> files;
  if (!disk.empty() && fs::is_directory(disk / ".dvc", error)) {
    dvc_dir = (disk / ".dvc").lexically_normal();
    TRY(files, repo::ReadConfigFiles(dvc_dir));
  } else {
    dvc_dir = (git_root / below / ".dvc").lexically_normal();
    TRY(files, repo::ReadConfigFiles({}));
    if (!commit.empty()) {
      TRY(std::optional<std::string> text, reader->TryReadFile(commit, Inside(below, ".dvc/config")));
      files.push_back({repo::ConfigLevel::kRepo, dvc_dir / "config", std::move(text)});
    }
  }
  if (!request.config_file.empty()) {
    const fs::path file = (request.directory / request.config_file).lexically_normal();
    TRY(std::string text, os::ReadFile(file));
    files.push_back({repo::ConfigLevel::kLocal, file, std::move(text)});
  }
  Json override = request.config;
  if (!request.remote.empty()) {
    Json core = override.Find("core") != nullptr ? *override.Find("core") : Json(Json::Object{});
    core.Set("remote", request.remote);
    override.Set("core", std::move(core));
  }
  TRY(config, repo::MergeConfig(files, override));
  if (!request.remote_config.AsObject().empty()) {
    if (config.core.remote.empty()) return Fail(Code::kInvalid, "unexpected error - Missing remote name");
    override.Set("remote", Json::Object{{config.core.remote, request.remote_config}});
    TRY(config, repo::MergeConfig(files, override));
  }
  cache = request.cache;
  if (!folder.empty()) (cache.empty() ? cache : local_cache) = config.CacheDir(dvc_dir);
  if (cache.empty()) {
    TRY(const fs::path dir, TemporaryDir());
    cache = dir / "cache";
  }
  return {};
}

Result<void> ExternalRepo::State::LoadTree() {
  pipeline::IndexOptions options;
  options.parsing = {.boolean_optional = config.parsing.boolean == "boolean_optional",
                     .list_append = config.parsing.list == "append"};
  TRY(const bool has_project, HasProject(below.empty() ? "." : below));
  if (commit.empty()) {
    options.place.root = (top / below).lexically_normal();
    TRY(ProjectFiles files, ProjectFiles::Open(options.place.root, config.core.no_scm ? fs::path() : git_root));
    source = std::make_unique<ProjectFiles>(std::move(files));
    TRY(plain, DiskFiles::Open(options.place.root));
  } else {
    options.place.root = (git_root / below).lexically_normal();
    TRY(std::unique_ptr<RevisionSource> revision, RevisionSource::Open(*reader, commit, below));
    plain = std::make_unique<RevisionFiles>(*revision, request.sizes);
    source = std::move(revision);
  }
  index = std::make_unique<pipeline::Index>(*source, std::move(options));
  if (has_project) {
    TRY(view, DataView::OfStages(*index));
  }
  tree = std::make_unique<RepoTree>(*plain, view.outs(), [this](const DataOut& out) { return LoadFolder(out); });
  return {};
}

Result<std::unique_ptr<ExternalRepo>> ExternalRepo::Open(ExternalRequest request) {
  auto state = std::make_unique<State>();
  state->request = std::move(request);
  TRYV(state->Find());
  std::string path = state->request.path.empty() ? "." : fs::path(state->request.path).lexically_normal().generic_string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path.starts_with('/'))
    return Fail(Code::kUnsupported, fmt::format("cannot read '{}': absolute paths are not supported", path));
  // As in DVC, paths count from the working directory when that lies in the repository.
  const fs::path& cwd = state->request.directory;
  if (state->commit.empty() && pipeline::IsAtOrBelow(cwd.generic_string(), state->top.generic_string())) {
    state->in_cwd = true;
    if (!state->request.path.empty()) {
      path = (cwd / path).lexically_normal().lexically_relative(state->top).generic_string();
      while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    }
  }
  if (path == ".." || path.starts_with("../")) {
    return Fail(Code::kNotFound, fmt::format("[Errno 2] No such file or directory: '{}'", state->request.path));
  }
  TRYV(state->FindProject(path));
  TRYV(state->LoadConfig());
  TRYV(state->LoadTree());
  return std::unique_ptr<ExternalRepo>(new ExternalRepo(std::move(state)));
}

ExternalRepo::ExternalRepo(std::unique_ptr<State> state) : state_(std::move(state)) {}
ExternalRepo::~ExternalRepo() = default;
RepoTree& ExternalRepo::tree() { return *state_->tree; }
const std::string& ExternalRepo::location() const { return state_->location; }

std::string ExternalRepo::Shown() const {
  const fs::path root = state_->commit.empty() ? state_->top : fs::path("/");
  return (root / Inside(state_->below, state_->location)).lexically_normal().string();
}

std::string ExternalRepo::FrontOfRoot() const {
  if (!state_->in_cwd || !state_->request.path.empty()) return {};
  const fs::path front = state_->top.lexically_relative(state_->request.directory);
  return front == "." ? "" : front.generic_string() + "/";
}

Result<std::string> ExternalRepo::Commit() {
  if (!state_->commit.empty()) return state_->commit;
  if (state_->git_root.empty()) {
    return Fail(Code::kNotFound, fmt::format("{} is not a git repository", state_->folder.string()));
  }
  TRY(repo::GitReader reader, repo::GitReader::Open(state_->git_root));
  return reader.Resolve("HEAD");
}

// ---- objects

Result<remotes::Remote*> ExternalRepo::State::OpenNamed(const std::string& name) {
  if (const auto open = remotes.find(name); open != remotes.end()) return open->second.get();
  const std::string shown = folder.empty() ? request.url : (top / below).lexically_normal().string();
  TRY(const repo::RemoteConfig remote, config.Remote(name, shown, "fetch"));
  TRY(std::unique_ptr<remotes::Remote> opened, OpenConfiguredRemote(remote, dvc_dir, "fetch", request.work.cancelled));
  return remotes.emplace(name, std::move(opened)).first->second.get();
}

Result<std::vector<remotes::Remote*>> ExternalRepo::State::Upstreams(const std::set<std::string>& names) {
  std::vector<remotes::Remote*> found;
  if (!local_cache.empty() && local_cache != cache && os::IsDir(local_cache)) {
    if (!remotes.contains("")) {
      TRY(std::unique_ptr<remotes::Remote> opened,
          remotes::OpenRemote({.url = local_cache.string()}, {.cancel = request.work.cancelled}));
      remotes.emplace("", std::move(opened));
    }
    found.push_back(remotes.find("")->second.get());
  }
  for (const std::string& name : names) {
    const std::string& meant = name.empty() ? config.core.remote : name;
    if (meant.empty()) continue;
    TRY(remotes::Remote* const remote, OpenNamed(meant));
    found.push_back(remote);
  }
  return found;
}

Result<std::shared_ptr<const cas::Tree>> ExternalRepo::State::LoadFolder(const DataOut& out) {
  if (out.listed) return out.listed;
  const bool legacy = out.content.IsLegacy();
  const std::optional<cas::ObjectId> id = cas::ObjectId::Parse(out.content.hash, legacy);
  if (!id) return Fail(Code::kNotFound, "its content is not recorded");
  const cas::ObjectStore store(cache);
  Result<cas::Tree> tree = store.ReadTree(out.content.hash, legacy);
  if (tree) return std::make_shared<const cas::Tree>(*std::move(tree));
  TRY(const std::vector<remotes::Remote*> upstreams, Upstreams({out.remote}));
  Error last = Fail(Code::kNotFound, fmt::format("[Errno 2] No such file or directory: '{}'", store.PathOf(*id).string()));
  for (remotes::Remote* upstream : upstreams) {
    const Result<std::string> body = remotes::LoadTree(upstream, cache, ToRemote(*id));
    if (!body) {
      if (body.error().code != Code::kNotFound) last = body.error();
      continue;
    }
    TRY(cas::Tree parsed, cas::Tree::Parse(*body));
    return std::make_shared<const cas::Tree>(std::move(parsed));
  }
  if (!out.source || brought.contains(&out)) return last;
  TRYV(BringFromSource(out));
  TRY(cas::Tree imported, store.ReadTree(out.content.hash, legacy));
  return std::make_shared<const cas::Tree>(std::move(imported));
}

// What a repository imports it does not push. Brings all of the import to the cache, as it was when it was imported.
Result<void> ExternalRepo::State::BringFromSource(const DataOut& out) {
  brought.insert(&out);
  ExternalRequest from = RequestOfImport(*out.source);
  from.directory = folder.empty() ? request.directory : (top / below).lexically_normal();
  from.clones = request.clones;
  from.cache = cache;
  from.work = request.work;
  from.depth = request.depth + 1;
  if (from.depth > kMaxDepth) {
    return Fail(Code::kInvalid,
                fmt::format("cannot read '{}': it is an import of imports of imports, or of itself", out.location));
  }
  TRY(const std::unique_ptr<ExternalRepo> source, Open(std::move(from)));
  TRY(const std::optional<RepoEntry> entry, source->tree().Look(source->location()));
  if (!entry) return Fail(Code::kNotFound, fmt::format("[Errno 2] No such file or directory: '{}'", source->Shown()));
  cas::ObjectStore store(cache);
  TRY(const pipeline::Content found, source->StoreIn(store, *entry));
  if (found.hash == out.content.hash) return {};
  return Fail(Code::kNotFound, fmt::format("'{}' has changed at its source", out.location));
}

// Brings the files' objects to the cache.
Result<void> ExternalRepo::State::Fetch(const std::vector<const RepoEntry*>& files) {
  const cas::ObjectStore store(cache);
  std::set<std::string> names;
  std::map<cas::ObjectId, const RepoEntry*> missing;
  for (const RepoEntry* file : files) {
    TRY(const bool has, store.HasObject(*file->object));
    if (has) continue;
    missing.emplace(*file->object, file);
    names.insert(file->out->remote);
  }
  if (missing.empty()) return {};
  TRY(const std::vector<remotes::Remote*> upstreams, Upstreams(names));
  std::optional<Error> failed;
  for (remotes::Remote* upstream : upstreams) {
    std::vector<remotes::WantedObject> wanted;
    for (const auto& [id, file] : missing) wanted.push_back({.id = ToRemote(id), .size = file->size.value_or(0)});
    remotes::TransferOptions options{.legacy_hash = LegacyMd5};
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;
    request.work.Expect(wanted.size(), 0);
    options.on_progress = [&](const remotes::TransferProgress& now) {
      if (now.phase != remotes::TransferProgress::Phase::kTransferring) return;
      request.work.Done(now.objects - objects, now.bytes - bytes);
      objects = now.objects;
      bytes = now.bytes;
    };
    const Result<remotes::TransferReport> report = remotes::Fetch(*upstream, cache, wanted, options);
    if (!report) {
      if (report.error().code == Code::kCancelled) return report.error();
      failed = report.error();
      continue;
    }
    std::map<cas::ObjectId, const RepoEntry*> left;
    for (const remotes::ObjectId& id : report->missing) left.insert(*missing.find(FromRemote(id)));
    for (const remotes::TransferReport::Failure& one : report->failed) {
      left.insert(*missing.find(FromRemote(one.id)));
      failed = one.error;
    }
    missing = std::move(left);
    if (missing.empty()) return {};
  }
  // What is an import is known by its source.
  for (const auto& [id, file] : missing) {
    if (file->out->source && !brought.contains(file->out)) TRYV(BringFromSource(*file->out));
  }
  for (const auto& [id, file] : missing) {
    TRY(const bool has, store.HasObject(id));
    if (!has) return failed ? *failed : NoObject(*file);
  }
  return {};
}

// ---- downloads

// All files in an entry, and, when asked for, all folders.
Result<void> ExternalRepo::State::Collect(const RepoEntry& entry, std::vector<RepoEntry>& files,
                                          std::vector<std::string>* folders) {
  if (!entry.is_dir) {
    files.push_back(entry);
    return {};
  }
  if (folders != nullptr) folders->push_back(entry.location);
  TRY(const std::vector<RepoEntry> entries, tree->List(entry.location, false));
  for (const RepoEntry& below_it : entries) {
    // DVC's own files stay behind.
    const std::string name = below_it.Name();
    if (pipeline::IsStageFileName(name) || name == repo::kDvcIgnoreFile) continue;
    TRYV(Collect(below_it, files, folders));
  }
  return {};
}

// Writes files that lie below `from` to the same places below `target`. Objects first: a missing one is known before anything is
// there.
Result<void> ExternalRepo::State::Write(const std::vector<RepoEntry>& files, const std::string& from, const fs::path& target) {
  std::vector<const RepoEntry*> objects;
  for (const RepoEntry& file : files) {
    if (file.is_plain) continue;
    if (!file.object) return NoObject(file);
    objects.push_back(&file);
  }
  TRYV(Fetch(objects));
  const auto target_of = [&](const RepoEntry& file) {
    if (file.location == from) return target;
    return from == "." ? target / file.location : target / file.location.substr(from.size() + 1);
  };
  cas::ObjectStore store(cache);
  cas::Linker linker({cas::LinkType::kReflink, cas::LinkType::kCopy});
  return cas::ParallelFor(request.work, objects.size(), 16, [&](std::size_t index, int) -> Result<void> {
    TRYV(linker.Link(store.PathOf(*objects[index]->object), target_of(*objects[index])));
    return {};
  });
}

Result<void> ExternalRepo::State::WriteFolder(const RepoEntry& entry, const fs::path& target) {
  std::vector<RepoEntry> files;
  std::vector<std::string> folders;
  TRYV(Collect(entry, files, &folders));
  const auto place_of = [&](const std::string& at) {
    if (at == entry.location) return target;
    return entry.location == "." ? target / at : target / at.substr(entry.location.size() + 1);
  };
  for (const std::string& at : folders) TRYV(os::MakeDirs(place_of(at)));
  TRYV(Write(files, entry.location, target));
  for (const RepoEntry& file : files) {
    if (file.is_plain) TRYV(plain->CopyTo(file.location, place_of(file.location)));
  }
  return {};
}

Result<void> ExternalRepo::Download(const RepoEntry& entry, const fs::path& target) {
  TRYV(os::MakeDirs(target.parent_path()));
  // Under another name until all is there: nothing half done is left, whatever happens.
  TRY(const os::TempDir temporary, os::TempDir::Make(".mlean-get", target.parent_path()));
  const fs::path place = temporary.path() / "data";
  if (entry.is_dir) {
    TRYV(state_->WriteFolder(entry, place));
  } else if (entry.is_plain) {
    TRYV(state_->plain->CopyTo(entry.location, place));
  } else {
    TRYV(state_->Write({entry}, entry.location, place));
  }
  return os::Rename(place, target);
}

Result<void> ExternalRepo::FetchObjects(const RepoEntry& entry) {
  std::vector<RepoEntry> files;
  TRYV(state_->Collect(entry, files, nullptr));
  std::vector<const RepoEntry*> objects;
  for (const RepoEntry& file : files) {
    if (file.object && !file.object->is_dir) objects.push_back(&file);
  }
  return state_->Fetch(objects);
}

bool ExternalRepo::IsOneObject(const RepoEntry& entry) {
  return !entry.is_plain && entry.object && !entry.object->legacy &&
         (!entry.is_dir || (entry.out != nullptr && !entry.out->listed));
}

Result<pipeline::Content> ExternalRepo::StoreIn(cas::ObjectStore& store, const RepoEntry& entry) {
  if (!IsOneObject(entry)) {
    TRYV(os::MakeDirs(state_->cache));
    TRY(const os::TempDir temporary, os::TempDir::Make(".mlean-import", state_->cache));
    const fs::path target = temporary.path() / "data";
    TRYV(Download(entry, target));
    TRY(const cas::ObjectInfo info, store.Put(target, {.work = state_->request.work}));
    return ToContent(info);
  }
  TRYV(FetchObjects(entry));
  pipeline::Content content;
  if (entry.is_dir) {
    TRY(const std::shared_ptr<const cas::Tree> tree, state_->tree->TreeOf(*entry.out));
    TRYV(store.PutDirObject(*tree));
    content.nfiles = tree->size();
  }
  content.hash = entry.hash;
  content.size = entry.size;
  return content;
}

Result<std::string> ExternalRepo::ObjectUrl(const RepoEntry& entry) {
  if (entry.out == nullptr || !entry.object) {
    // DVC names the path by its parts too, as Python shows a tuple.
    std::string parts;
    for (const std::string& part : Split(entry.location, '/')) parts += (parts.empty() ? "" : ", ") + codec::PythonRepr(part);
    if (entry.location.find('/') == entry.location.npos) parts += ",";
    return Fail(Code::kNotFound, fmt::format("Unable to find DVC file with output '{}': ({})", entry.location, parts));
  }
  const std::string name = entry.out->remote.empty() ? state_->config.core.remote : entry.out->remote;
  if (name.empty() && !state_->folder.empty()) {
    return cas::ObjectStore(state_->config.CacheDir(state_->dvc_dir)).PathOf(*entry.object).string();
  }
  TRY(const repo::RemoteConfig remote, state_->config.Remote(name, state_->request.url, "get"));
  return remote.url + (remote.url.ends_with('/') ? "" : "/") + entry.object->Key();
}

}  // namespace mlean::flows
