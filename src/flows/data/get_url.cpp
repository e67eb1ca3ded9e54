#include "flows/data/get_url.hpp"

#include <fmt/core.h>

#include <memory>
#include <utility>

#include "flows/data/get.hpp"
#include "os/files.hpp"
#include "repo/project.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

metrics::ListEntry ToReport(const UrlSource::Entry& entry, std::string path) {
  metrics::ListEntry out;
  out.path = std::move(path);
  out.is_dir = entry.is_dir;
  out.size = static_cast<std::int64_t>(entry.size);
  return out;
}

// Files of a folder first, then what is in its folders.
Result<void> Walk(UrlSource& source, const ListUrlRequest& wanted, const std::string& folder, std::int64_t depth,
                  std::vector<metrics::ListEntry>& out) {
  TRY(const std::vector<UrlSource::Entry> entries, source.List(folder));
  const std::string front = folder.empty() ? "" : folder + "/";
  const bool last = !wanted.recursive || (wanted.level && depth >= *wanted.level);
  for (const UrlSource::Entry& entry : entries) {
    if (!entry.is_dir) out.push_back(ToReport(entry, front + entry.name));
  }
  for (const UrlSource::Entry& entry : entries) {
    if (!entry.is_dir) continue;
    if (last) {
      out.push_back(ToReport(entry, front + entry.name));
    } else {
      TRYV(Walk(source, wanted, front + entry.name, depth + 1, out));
    }
  }
  return {};
}

Result<void> Fill(UrlSource& source, const ListUrlRequest& wanted, const std::string& folder, std::int64_t depth,
                  metrics::ListEntry& into) {
  if (wanted.level && depth >= *wanted.level) return {};
  TRY(const std::vector<UrlSource::Entry> entries, source.List(folder));
  for (const UrlSource::Entry& entry : entries) {
    metrics::ListEntry& below = into.contents.emplace_back(ToReport(entry, entry.name));
    const std::string path = (folder.empty() ? "" : folder + "/") + entry.name;
    if (entry.is_dir) TRYV(Fill(source, wanted, path, depth + 1, below));
  }
  return {};
}

Error Missing(const UrlRequest& request) {
  return Fail(Code::kNotFound, fmt::format("The path '{}' does not exist", request.url));
}

}  // namespace

Result<std::unique_ptr<UrlSource>> OpenUrlSource(const UrlRequest& request) {
  const Result<fs::path> root = repo::FindDvcRoot(request.directory);
  const fs::path dvc_dir = root ? *root / ".dvc" : fs::path();
  TRY(const repo::DvcConfig config, repo::LoadDvcConfig(dvc_dir));
  return UrlSource::Open(config, root ? dvc_dir : request.directory / ".dvc", request);
}

Result<void> GetUrl(const UrlRequest& request, const std::string& out, bool force, const cas::Work& work) {
  TRY(const std::string resolved, ResolveOutput(request.url, out, request.directory, force));
  fs::path target = (request.directory / resolved).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  TRY(const std::unique_ptr<UrlSource> source, OpenUrlSource(request));
  TRY(const UrlSource::Kind kind, source->Look());
  if (kind == UrlSource::Kind::kNone) return Missing(request);
  TRYV(os::MakeDirs(target.parent_path()));
  // A folder for one that is there is laid over it file by file, which only --force allows.
  if (kind == UrlSource::Kind::kDir && os::IsDir(target)) return source->Download(target, work);
  TRY(const os::TempDir temporary, os::TempDir::Make(".mlean-get", target.parent_path()));
  TRYV(source->Download(temporary.path() / "data", work));
  return os::Rename(temporary.path() / "data", target);
}

Result<std::vector<metrics::ListEntry>> ListUrl(const UrlRequest& request, const ListUrlRequest& wanted) {
  TRY(const std::unique_ptr<UrlSource> source, OpenUrlSource(request));
  TRY(const UrlSource::Kind kind, source->Look());
  if (kind == UrlSource::Kind::kNone) return Missing(request);
  std::vector<metrics::ListEntry> entries;
  if (kind == UrlSource::Kind::kFile || wanted.level == 0) {
    entries.emplace_back().path = source->Shown();
    return entries;
  }
  TRYV(Walk(*source, wanted, "", 1, entries));
  return entries;
}

Result<metrics::ListEntry> ListUrlTree(const UrlRequest& request, const ListUrlRequest& wanted) {
  TRY(const std::unique_ptr<UrlSource> source, OpenUrlSource(request));
  TRY(const UrlSource::Kind kind, source->Look());
  if (kind == UrlSource::Kind::kNone) return Missing(request);
  metrics::ListEntry top;
  top.path = request.url;
  top.is_dir = kind == UrlSource::Kind::kDir;
  if (top.is_dir) TRYV(Fill(*source, wanted, "", 0, top));
  return top;
}

}  // namespace mlean::flows
