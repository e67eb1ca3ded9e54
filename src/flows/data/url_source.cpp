#include "flows/data/url_source.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "cas/file_hash.hpp"
#include "cas/link.hpp"
#include "flows/data/data_objects.hpp"
#include "flows/data/open_remote.hpp"
#include "os/files.hpp"
#include "repo/config_schema.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;

using codec::Json;

struct UrlSource::State {
  fs::path path;                            // of a local one
  std::unique_ptr<remotes::Remote> remote;  // else
  std::string scheme;

  Result<remotes::FileInfo> Stat(const std::string& key) { return remote->Stat(key); }
  // Name and value of the checksum under which DVC records a file of this store.
  std::pair<std::string, std::string> Checksum(const remotes::FileInfo& info) const {
    const bool is_http = scheme == "http" || scheme == "https";
    std::string value = info.etag;
    if (!is_http && value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return {is_http ? "checksum" : "etag", std::move(value)};
  }
};

namespace {

// Stores whose files DVC records by md5, because they know no checksum of their own.
bool HashesByMd5(std::string_view scheme) { return scheme == "ssh" || scheme == "sftp"; }

Result<void> CopyTree(const fs::path& from, const fs::path& to, const cas::Work& work) {
  TRY(const cas::Listing listing, cas::ScanTree(from, {.folders = true, .refuse_dvcignore = false, .work = work}));
  TRYV(os::MakeDirs(to));
  for (const std::string& folder : listing.folders()) TRYV(os::MakeDirs(to / folder));
  work.Expect(listing.size(), listing.bytes());
  cas::Linker linker({cas::LinkType::kReflink, cas::LinkType::kCopy});
  return cas::ParallelFor(work, listing.size(), 16, [&](std::size_t index, int) -> Result<void> {
    TRYV(linker.Link(from / listing.path(index), to / listing.path(index)));
    work.Done(1, listing.facts(index).size);
    return {};
  });
}

// The text of a folder's object with checksums in the place of md5s, as DVC makes it for stores that have them.
std::string FolderText(const std::vector<UrlSource::File>& files, const std::vector<std::pair<std::string, std::string>>& sums) {
  Json entries = Json::Array{};
  for (std::size_t i = 0; i < files.size(); ++i) {
    entries.Push(Json::Object{{sums[i].first, sums[i].second}, {"relpath", files[i].path}});
  }
  return entries.DumpPython(true);
}

}  // namespace

UrlSource::UrlSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
UrlSource::~UrlSource() = default;
bool UrlSource::IsLocal() const { return state_->remote == nullptr; }
const fs::path& UrlSource::local_path() const { return state_->path; }

Result<std::unique_ptr<UrlSource>> UrlSource::Open(const repo::DvcConfig& config, const fs::path& dvc_dir,
                                                   const UrlRequest& request) {
  auto state = std::make_unique<State>();
  std::string url = request.url;
  repo::RemoteConfig remote;
  if (const std::optional<remotes::RemoteUrl> named = remotes::SplitRemoteUrl(url)) {
    TRY(remote, config.Remote(ToLower(named->name), dvc_dir.parent_path().string(), "import-url"));
    url = remote.url + (remote.url.ends_with('/') || named->path.empty() ? "" : "/") + named->path;
  }
  state->scheme = remotes::SchemeOf(url);
  if (state->scheme.empty()) {
    if (url.starts_with("file://")) url = url.substr(7);
    state->path = (request.directory / url).lexically_normal();
    if (!state->path.has_filename()) state->path = state->path.parent_path();
    return std::unique_ptr<UrlSource>(new UrlSource(std::move(state)));
  }
  TRYV(repo::CheckRemote(codec::Json::Object{{"url", url}}));
  remote.url = url;
  for (const auto& [name, value] : request.options.AsObject()) remote.options.Set(name, value);
  remote.version_aware = false;
  remote.worktree = false;
  TRY(state->remote, OpenConfiguredRemote(remote, dvc_dir, "import-url", request.cancel));
  return std::unique_ptr<UrlSource>(new UrlSource(std::move(state)));
}

Result<UrlSource::Kind> UrlSource::Look() {
  if (IsLocal()) {
    std::error_code error;
    const fs::file_status status = fs::status(state_->path, error);
    if (!fs::exists(status)) return Kind::kNone;
    return fs::is_directory(status) ? Kind::kDir : Kind::kFile;
  }
  const Result<remotes::FileInfo> info = state_->Stat("");
  if (info) return info->is_dir ? Kind::kDir : Kind::kFile;
  if (info.error().code != Code::kNotFound) return info.error();
  if (!state_->remote->traits().can_list) return Kind::kNone;
  bool any = false;
  TRYV(state_->remote->List("", [&](const remotes::ListEntry&) {
    any = true;
    return false;
  }));
  return any ? Kind::kDir : Kind::kNone;
}

Result<std::vector<UrlSource::File>> UrlSource::Files() {
  TRY(const Kind kind, Look());
  std::vector<File> files;
  if (kind == Kind::kNone) return files;
  if (IsLocal()) {
    if (kind == Kind::kFile) {
      TRY(const os::FileStat stat, os::Stat(state_->path));
      files.push_back({"", stat.size});
      return files;
    }
    TRY(const cas::Listing listing, cas::ScanTree(state_->path, {.refuse_dvcignore = false}));
    for (std::size_t i = 0; i < listing.size(); ++i) files.push_back({std::string(listing.path(i)), listing.facts(i).size});
    return files;
  }
  if (kind == Kind::kFile) {
    TRY(const remotes::FileInfo info, state_->Stat(""));
    files.push_back({"", info.size});
    return files;
  }
  TRYV(state_->remote->List("", [&](const remotes::ListEntry& entry) {
    if (!entry.key.ends_with('/')) files.push_back({std::string(entry.key), entry.size});
    return true;
  }));
  for (const File& file : files) {
    const fs::path clean = fs::path(file.path).lexically_normal();
    if (clean.empty() || clean.is_absolute() || *clean.begin() == "..") {
      return Fail(Code::kInvalid,
                  fmt::format("cannot read '{}': the name '{}' leaves its folder", state_->remote->url(), file.path));
    }
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

Result<std::vector<UrlSource::Entry>> UrlSource::List(const std::string& folder) {
  std::map<std::string, Entry> entries;
  if (IsLocal()) {
    TRY(const std::vector<std::string> names, os::ListDir(state_->path / folder));
    for (const std::string& name : names) {
      const fs::path path = state_->path / folder / name;
      const Result<os::FileStat> found = os::StatLink(path);
      const Result<os::FileStat> target = os::Stat(path);
      if (!found) continue;
      entries[name] = {name, found->kind == os::FileKind::kDir, target ? target->size : found->size};
    }
  } else {
    const std::string front = folder.empty() ? "" : folder + "/";
    TRYV(state_->remote->List(front, [&](const remotes::ListEntry& entry) {
      const std::string_view rest = entry.key.starts_with(front) ? entry.key.substr(front.size()) : std::string_view();
      const std::size_t slash = rest.find('/');
      const std::string name(rest.substr(0, slash));
      const bool is_dir = slash != rest.npos;
      if (!name.empty()) entries.insert_or_assign(name, Entry{name, is_dir, is_dir ? 0 : entry.size});
      return true;
    }));
  }
  std::vector<Entry> sorted;
  for (auto& [name, entry] : entries) sorted.push_back(std::move(entry));
  return sorted;
}

std::string UrlSource::Shown() const {
  if (IsLocal()) return state_->path.string();
  const std::string& url = state_->remote->url();
  const std::size_t at = url.find("://");
  return at == url.npos ? url : url.substr(at + 3);
}

Result<pipeline::Content> UrlSource::Hash(const cas::Work& work) {
  if (IsLocal()) {
    TRY(const cas::ObjectInfo info, cas::HashPath(state_->path, {.work = work}));
    return ToContent(info);
  }
  TRY(const Kind kind, Look());
  if (kind == Kind::kNone) return Fail(Code::kNotFound, fmt::format("cannot read '{}': nothing is there", state_->remote->url()));
  if (HashesByMd5(state_->scheme)) {
    TRY(const os::TempDir temporary, os::TempDir::Make("mlean-url"));
    TRYV(Download(temporary.path() / "data", work));
    TRY(const cas::ObjectInfo info, cas::HashPath(temporary.path() / "data", {.work = work}));
    return ToContent(info);
  }
  pipeline::Content content;
  if (kind == Kind::kFile) {
    TRY(const remotes::FileInfo info, state_->Stat(""));
    std::tie(content.hash_name, content.hash) = state_->Checksum(info);
    // Without any checksum what tells a change is all that the server says.
    if (content.hash.empty()) content.hash = Md5Hex(fmt::format("{} {} {}", state_->remote->url(), info.size, info.modified));
    content.size = info.size;
    return content;
  }
  TRY(const std::vector<File> files, Files());
  std::vector<std::pair<std::string, std::string>> sums(files.size());
  TRYV(cas::ParallelFor({.cancelled = work.cancelled, .threads = state_->remote->traits().jobs}, files.size(), 1,
                        [&](std::size_t index, int) -> Result<void> {
                          TRY(const remotes::FileInfo info, state_->Stat(files[index].path));
                          sums[index] = state_->Checksum(info);
                          return {};
                        }));
  content.hash_name = "md5";
  content.hash = Md5Hex(FolderText(files, sums)) + ".dir";
  content.nfiles = files.size();
  content.size = 0;
  for (const File& file : files) *content.size += file.size;
  return content;
}

int UrlSource::jobs() const { return IsLocal() ? cas::ThreadsOf({}) : state_->remote->traits().jobs; }

Result<remotes::Downloaded> UrlSource::DownloadFile(const File& file, const fs::path& target, const cas::Work& work) {
  if (!IsLocal()) {
    TRY(const remotes::Downloaded done,
        remotes::Download(*state_->remote, file.path, target, {.on_bytes = [&](std::uint64_t bytes) { work.Done(0, bytes); }}));
    work.Done(1, 0);
    return done;
  }
  cas::Linker linker({cas::LinkType::kReflink, cas::LinkType::kCopy});
  TRYV(linker.Link(file.path.empty() ? state_->path : state_->path / file.path, target));
  TRY(const cas::ObjectInfo info, cas::HashFile(target, {.work = {.cancelled = work.cancelled}}));
  work.Done(1, info.size);
  return remotes::Downloaded{.size = info.size, .md5 = info.md5};
}

Result<void> UrlSource::Download(const fs::path& target, const cas::Work& work) {
  TRY(const Kind kind, Look());
  if (IsLocal()) {
    if (kind == Kind::kDir) return CopyTree(state_->path, target, work);
    cas::Linker linker({cas::LinkType::kReflink, cas::LinkType::kCopy});
    TRYV(linker.Link(state_->path, target));
    return {};
  }
  TRY(const std::vector<File> files, Files());
  std::uint64_t bytes = 0;
  for (const File& file : files) bytes += file.size;
  work.Expect(files.size(), bytes);
  const auto fetch = [&](const File& file, const fs::path& to) -> Result<void> {
    TRYV(DownloadFile(file, to, work));
    return {};
  };
  if (kind == Kind::kFile) return fetch({}, target);
  TRYV(os::MakeDirs(target));
  for (const File& file : files) TRYV(os::MakeDirs((target / file.path).parent_path()));
  return cas::ParallelFor({.cancelled = work.cancelled, .threads = jobs()}, files.size(), 1,
                          [&](std::size_t index, int) { return fetch(files[index], target / files[index].path); });
}

}  // namespace mlean::flows
