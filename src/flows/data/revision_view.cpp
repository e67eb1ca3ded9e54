#include "flows/data/revision_view.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "flows/data/fetch.hpp"
#include "flows/data/open_remote.hpp"
#include "os/files.hpp"
#include "pipeline/place.hpp"
#include "repo/dvc_files.hpp"
#include "repo/ignore_paths.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

Error NoFile(const std::string& location) {
  return Fail(Code::kNotFound, fmt::format("cannot read '{}': no such file", location));
}

// Known, but neither there nor in the cache nor in a remote.
Error NoStorage(const std::string& location) {
  return Fail(Code::kNotFound, fmt::format("No storage files available: '{}'", location));
}

// The part of `location` in the folder `out`; "" is the folder itself.
std::string Inside(const std::string& location, const std::string& out) {
  return location.size() == out.size() ? std::string() : location.substr(out.size() + 1);
}

std::string In(const std::string& folder, std::string_view path) {
  return folder == "." ? std::string(path) : fmt::format("{}/{}", folder, path);
}

}  // namespace

Result<std::unique_ptr<RevisionView>> RevisionView::OfWorkTree(Repository& repository) {
  return std::unique_ptr<RevisionView>(new RevisionView(repository));
}

Result<std::unique_ptr<RevisionView>> RevisionView::OfCommit(Repository& repository, repo::GitReader& reader,
                                                             std::string commit) {
  std::unique_ptr<RevisionView> view(new RevisionView(repository));
  TRY(const std::optional<repo::GitEntry> root, reader.Look(commit, BelowGit(repository)));
  if (!root) return Fail(Code::kNotFound, fmt::format("Commit '{}' does not contain a DVC repo", commit.substr(0, 7)));
  TRY(view->revision_, RevisionIndex::Open(repository, reader, std::move(commit)));
  return view;
}

pipeline::Source& RevisionView::source() {
  if (revision_) return revision_->source();
  return repository_.files();
}

Result<const DataView*> RevisionView::Tracked() {
  if (!tracked_) {
    TRY(tracked_, DataView::OfIndex(repository_, index()));
  }
  return &*tracked_;
}

Result<const DataOut*> RevisionView::Around(const std::string& location) {
  const DataOut* none = nullptr;
  if (!pipeline::IsInside(location)) return none;
  TRY(const DataView* const tracked, Tracked());
  std::string at = location;
  while (at != ".") {
    if (const auto found = tracked->outs().find(at); found != tracked->outs().end()) return &found->second;
    at = pipeline::FolderOf(at);
  }
  return none;
}

RevisionView::Kind RevisionView::Look(const std::string& location) {
  const Kind kind = source().IsDvcIgnored(location) ? Kind::kNone : source().Look(location);
  if (kind != Kind::kNone || !pipeline::IsInside(location)) return kind;
  const Result<const DataOut*> around = Around(location);
  if (!around) return Kind::kNone;
  if (const DataOut* const out = *around; out != nullptr) {
    if (!out->is_dir) return out->location == location ? Kind::kFile : Kind::kNone;
    const std::string path = Inside(location, out->location);
    if (path.empty()) return Kind::kDir;
    const Result<std::shared_ptr<const cas::Tree>> tree = tracked_->TreeOf(*out);
    if (!tree || !*tree) return Kind::kNone;
    if ((*tree)->Find(path) != nullptr) return Kind::kFile;
    return (*tree)->HasFolder(path) ? Kind::kDir : Kind::kNone;
  }
  const auto below = tracked_->outs().upper_bound(location);
  return below != tracked_->outs().end() && pipeline::IsAtOrBelow(below->first, location) ? Kind::kDir : Kind::kNone;
}

Result<std::vector<std::string>> RevisionView::FilesOfSource(const std::string& folder) {
  std::vector<std::string> files;
  if (source().Look(folder) != Kind::kDir) return files;
  const repo::DvcIgnore& ignore = revision_ ? revision_->source().dvc_ignore() : repository_.files().dvc_ignore();
  repo::IgnorePaths paths(ignore, folder);
  const auto seen = [&](std::string_view path, bool is_dir) {
    const Result<bool> ignored = paths.Has(path, is_dir);
    return !ignored || !*ignored;
  };
  if (revision_) {
    RevisionSource& commit = revision_->source();
    TRY(const std::vector<repo::GitEntry> entries,
        commit.reader().ListTree(commit.commit(), commit.InGit(folder), [&](std::string_view path) { return seen(path, true); }));
    for (const repo::GitEntry& entry : entries) {
      if (seen(entry.name, false)) files.push_back(In(folder, entry.name));
    }
    return files;
  }
  TRY(const std::vector<os::TreeEntry> entries, os::ListTree(repository_.place().Disk(folder), seen));
  for (const os::TreeEntry& entry : entries) files.push_back(In(folder, entry.path));
  return files;
}

Result<std::vector<std::string>> RevisionView::Files(const std::string& location) {
  if (Look(location) != Kind::kDir) return std::vector<std::string>{location};
  TRY(std::vector<std::string> files, FilesOfSource(location));
  TRY(const DataView* const tracked, Tracked());
  TRY(const DataOut* const around, Around(location));
  const auto add_tree = [&](const DataOut& out) -> Result<void> {
    TRY(const std::shared_ptr<const cas::Tree> tree, tracked->TreeOf(out));
    if (!tree) return {};
    for (const cas::TreeFile& file : *tree) {
      std::string path = In(out.location, file.path);
      if (pipeline::IsAtOrBelow(path, location)) files.push_back(std::move(path));
    }
    return {};
  };
  if (around != nullptr) TRYV(add_tree(*around));
  for (const auto& [below, out] : tracked->outs()) {
    if (below == location || !pipeline::IsAtOrBelow(below, location)) continue;
    if (out.is_dir) {
      TRYV(add_tree(out));
    } else {
      files.push_back(below);
    }
  }
  std::erase_if(
      files, [](const std::string& file) { return repo::IsDvcFileName(file) || pipeline::NameOf(file) == repo::kDvcIgnoreFile; });
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

Result<std::optional<cas::ObjectId>> RevisionView::Object(const std::string& location) {
  std::optional<cas::ObjectId> none;
  TRY(const DataOut* const out, Around(location));
  if (out == nullptr || out->is_partial) return none;
  const bool legacy = out->content.IsLegacy();
  const std::string path = Inside(location, out->location);
  std::optional<cas::ObjectId> id;
  if (!out->is_dir) {
    if (path.empty()) id = cas::ObjectId::Parse(out->content.hash, legacy);
  } else {
    TRY(const std::shared_ptr<const cas::Tree> tree, tracked_->TreeOf(*out));
    if (const cas::TreeFile* file = tree ? tree->Find(path) : nullptr) id = cas::ObjectId{file->md5, false, legacy};
  }
  return id;
}

Result<std::string> RevisionView::Read(const std::string& location) {
  if (!pipeline::IsInside(location) || source().IsDvcIgnored(location)) return NoFile(location);
  Result<std::string> there = source().Read(location);
  if (there || there.error().code != Code::kNotFound) return there;
  TRY(const std::optional<cas::ObjectId> object, Object(location));
  if (!object) {
    TRY(const DataOut* const out, Around(location));
    return out != nullptr && out->location == location ? NoStorage(location) : NoFile(location);
  }
  const fs::path cached = repository_.store().PathOf(*object);
  if (!os::Exists(cached) && HasDefaultRemote(repository_)) TRYV(FetchContents(repository_, {*object}));
  return os::Exists(cached) ? os::ReadFile(cached) : NoStorage(location);
}

}  // namespace mlean::flows
