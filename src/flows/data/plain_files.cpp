#include "flows/data/plain_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "cas/link.hpp"
#include "os/files.hpp"
#include "pipeline/place.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

// `path` itself, but the size of what a link points to. As in DVC a link is executable, and a link to nothing is not there, when
// it is asked for itself, not in a listing.
std::optional<PlainEntry> Describe(const fs::path& path, bool listed) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  PlainEntry entry;
  entry.name = path.filename().string();
  entry.is_dir = S_ISDIR(info.st_mode);
  const bool is_link = S_ISLNK(info.st_mode);
  if (is_link && ::stat(path.c_str(), &info) != 0) {
    if (!listed) return std::nullopt;
    info = {};
  }
  entry.is_exec = S_ISREG(info.st_mode) && !(is_link && listed) && (info.st_mode & 0111) != 0;
  entry.size = static_cast<std::uint64_t>(info.st_size);
  return entry;
}

void SortByName(std::vector<PlainEntry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const PlainEntry& a, const PlainEntry& b) { return a.name < b.name; });
}

// What git's own object of a folder takes: "<mode> <name>\0<id>" for each entry.
std::uint64_t TreeBytes(const std::vector<repo::GitEntry>& entries) {
  std::uint64_t bytes = 0;
  for (const repo::GitEntry& entry : entries) {
    bytes += (entry.kind == repo::GitEntryKind::kFolder ? 5 : 6) + 1 + entry.name.size() + 1 + 20;
  }
  return bytes;
}

}  // namespace

Result<std::unique_ptr<DiskFiles>> DiskFiles::Open(fs::path root) {
  TRY(repo::DvcIgnore ignore, repo::DvcIgnore::Open(root));
  return std::unique_ptr<DiskFiles>(new DiskFiles(std::move(root), std::move(ignore)));
}

Result<std::optional<PlainEntry>> DiskFiles::Look(const std::string& location) {
  std::optional<PlainEntry> entry = Describe(root_ / location, false);
  if (!entry || location == ".") return entry;
  TRY(const bool ignored, ignore_.Ignored(location, entry->is_dir));
  if (ignored) return std::optional<PlainEntry>();
  return entry;
}

Result<std::vector<PlainEntry>> DiskFiles::List(const std::string& folder) {
  std::vector<PlainEntry> entries;
  std::error_code error;
  fs::directory_iterator found(root_ / folder, error);
  if (error) return entries;
  TRY(const repo::IgnoreFolderPtr rules, ignore_.Folder(folder));
  for (const fs::directory_entry& one : found) {
    std::optional<PlainEntry> entry = Describe(one.path(), true);
    if (entry && !rules->Ignores(entry->name, entry->is_dir)) entries.push_back(*std::move(entry));
  }
  SortByName(entries);
  return entries;
}

Result<void> DiskFiles::CopyTo(const std::string& location, const fs::path& target) {
  TRYV(os::CopyFile(root_ / location, target, {.sync = false}));
  return os::Chmod(target, 0666 & ~cas::Umask());
}

Result<PlainEntry> RevisionFiles::Describe(const repo::GitEntry& entry) {
  PlainEntry plain{.name = entry.name,
                   .is_dir = entry.kind == repo::GitEntryKind::kFolder || entry.kind == repo::GitEntryKind::kSubmodule,
                   .is_exec = entry.kind == repo::GitEntryKind::kExecutable,
                   .size = {}};
  if (!sizes_ || entry.kind == repo::GitEntryKind::kSubmodule) return plain;
  if (plain.is_dir) {
    TRY(const std::vector<repo::GitEntry> below, source_.reader().ListFolderById(entry.id));
    plain.size = TreeBytes(below);
  } else {
    TRY(const std::string bytes, source_.reader().ReadBlob(entry.id));
    plain.size = bytes.size();
  }
  return plain;
}

Result<std::optional<PlainEntry>> RevisionFiles::Look(const std::string& location) {
  TRY(const std::optional<repo::GitEntry> entry, source_.Entry(location));
  if (!entry) return std::optional<PlainEntry>();
  TRY(PlainEntry plain, Describe(*entry));
  plain.name = pipeline::NameOf(location);
  return std::optional(std::move(plain));
}

Result<std::vector<PlainEntry>> RevisionFiles::List(const std::string& folder) {
  std::vector<PlainEntry> entries;
  TRY(const auto found, source_.reader().ListFolder(source_.commit(), source_.InGit(folder)));
  if (!found) return entries;
  TRY(const repo::IgnoreFolderPtr rules, source_.dvc_ignore().Folder(folder));
  for (const repo::GitEntry& entry : *found) {
    if (rules->Ignores(entry.name, entry.kind == repo::GitEntryKind::kFolder)) continue;
    TRY(PlainEntry plain, Describe(entry));
    entries.push_back(std::move(plain));
  }
  SortByName(entries);
  return entries;
}

Result<void> RevisionFiles::CopyTo(const std::string& location, const fs::path& target) {
  TRY(const std::string bytes, source_.Read(location));
  return os::WriteFileAtomic(target, bytes, {.mode = 0666, .sync = false});
}

}  // namespace mlean::flows
