#include "flows/data/list_repo.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "pipeline/place.hpp"

namespace mlean::flows {
namespace {

metrics::ListEntry ToReport(const RepoEntry& entry, std::string path) {
  metrics::ListEntry out;
  out.path = std::move(path);
  out.is_out = entry.is_out;
  out.is_dir = entry.is_dir;
  out.is_exec = entry.is_exec;
  if (entry.size) out.size = static_cast<std::int64_t>(*entry.size);
  out.md5 = entry.hash;
  return out;
}

Result<RepoEntry> Top(ExternalRepo& repo) {
  TRY(std::optional<RepoEntry> entry, repo.tree().Look(repo.location()));
  if (!entry) return Fail(Code::kNotFound, fmt::format("[Errno 2] No such file or directory: '{}'", repo.Shown()));
  return *std::move(entry);
}

// Folders are told where the recursion ends.
Result<void> Walk(ExternalRepo& repo, const ListRequest& request, const std::string& folder, const std::string& front,
                  std::int64_t depth, std::vector<metrics::ListEntry>& out) {
  TRY(const std::vector<RepoEntry> entries, repo.tree().List(folder, request.dvc_only));
  const bool last = !request.recursive || (request.level && depth >= *request.level);
  for (const RepoEntry& entry : entries) {
    const std::string path = front + entry.Name();
    if (!entry.is_dir || last) {
      out.push_back(ToReport(entry, path));
    } else {
      TRYV(Walk(repo, request, entry.location, path + "/", depth + 1, out));
    }
  }
  return {};
}

Result<void> Fill(ExternalRepo& repo, const ListRequest& request, const std::string& folder, std::int64_t depth,
                  metrics::ListEntry& into) {
  if (request.level && depth >= *request.level) return {};
  TRY(const std::vector<RepoEntry> entries, repo.tree().List(folder, request.dvc_only));
  for (const RepoEntry& entry : entries) {
    metrics::ListEntry& below = into.contents.emplace_back(ToReport(entry, entry.Name()));
    if (entry.is_dir) TRYV(Fill(repo, request, entry.location, depth + 1, below));
  }
  return {};
}

}  // namespace

Result<std::vector<metrics::ListEntry>> ListRepo(ExternalRepo& repo, const ListRequest& request) {
  TRY(const RepoEntry top, Top(repo));
  std::vector<metrics::ListEntry> entries;
  if (!top.is_dir || (request.recursive && request.level == 0)) {
    entries.push_back(ToReport(top, top.location == "." ? "." : top.Name()));
    return entries;
  }
  TRYV(Walk(repo, request, repo.location(), repo.FrontOfRoot(), 1, entries));
  std::sort(entries.begin(), entries.end(),
            [](const metrics::ListEntry& a, const metrics::ListEntry& b) { return a.path < b.path; });
  return entries;
}

Result<metrics::ListEntry> ListRepoTree(ExternalRepo& repo, const std::string& path, const ListRequest& request) {
  TRY(const RepoEntry top, Top(repo));
  metrics::ListEntry entry = ToReport(top, path.empty() ? "." : path);
  if (top.is_dir) TRYV(Fill(repo, request, repo.location(), 0, entry));
  return entry;
}

}  // namespace mlean::flows
