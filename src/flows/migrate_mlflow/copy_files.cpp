#include "flows/migrate_mlflow/copy_files.hpp"

#include <set>

#include <fmt/format.h>

#include "artifacts/artifact_store.hpp"
#include "base/ids.hpp"
#include "flows/blob_store.hpp"
#include "flows/migrate_mlflow/local_files.hpp"
#include "os/files.hpp"
#include "track/import_store.hpp"
#include "track/run_store.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

constexpr int kOwnersAtOnce = 500;
constexpr std::size_t kFilesAtOnce = 100;
constexpr std::size_t kMaxNamed = 100;

struct Fetched {
  std::string path;
  artifacts::Blob blob;
  std::filesystem::path file;
};

class Copier {
 public:
  Copier(const FileCopy& copy, Report& report) : copy_(copy), report_(report) {}
  Result<void> All(track::ImportKind kind);

 private:
  // The place of the owner's files in our store; none when it is gone.
  Result<std::optional<std::string>> Prefix(track::ImportKind kind, const track::ImportItem& item);
  Result<void> One(track::ImportKind kind, const track::ImportItem& item);
  Result<void> Keep(std::vector<Fetched>& fetched);
  void Refuse(const std::string& id, const std::string& path, std::string_view why) {
    ++report_.refused;
    if (report_.refused_files.size() < kMaxNamed) report_.refused_files.push_back(fmt::format("{}/{}: {}", id, path, why));
  }

  const FileCopy& copy_;
  Report& report_;
  std::int64_t owners_ = 0;
};

Result<void> Copier::All(track::ImportKind kind) {
  for (std::string after;;) {
    TRY(const auto items, copy_.workspace.db->Read([&](sql::Conn& conn) {
      return track::ItemsWithoutFiles(conn, copy_.import, kind, after, kOwnersAtOnce);
    }));
    if (items.empty()) return {};
    for (const track::ImportItem& item : items) {
      if (copy_.cancelled != nullptr && copy_.cancelled->load()) {
        return Fail(Code::kCancelled, "cannot copy all files: interrupted", "the same command goes on where it was");
      }
      TRYV(One(kind, item));
      ++owners_;
      if (copy_.progress) copy_.progress(kind == track::ImportKind::kRun ? "files of runs" : "files of models", owners_, 0);
    }
    after = items.back().source_id;
  }
}

Result<std::optional<std::string>> Copier::Prefix(track::ImportKind kind, const track::ImportItem& item) {
  TRY(const auto experiment,
      copy_.workspace.db->Read([&](sql::Conn& conn) { return track::ExperimentOf(conn, kind, item.target); }));
  if (!experiment) return std::optional<std::string>{};
  return std::optional(
      fmt::format("{}/{}{}/artifacts", *experiment, kind == track::ImportKind::kRun ? "" : "models/", item.source_id));
}

Result<void> Copier::One(track::ImportKind kind, const track::ImportItem& item) {
  TRY(const std::optional<std::string> prefix, Prefix(kind, item));
  if (!prefix) return {};
  const FileOwner owner{kind == track::ImportKind::kLoggedModel, item.source_id, item.source_uri};
  if (!copy_.source.CanRead(owner.uri)) {
    ++(IsProxied(owner.uri) ? report_.files_missing : report_.files_elsewhere);
    return {};
  }
  std::vector<std::string> refused;
  const Result<std::vector<std::string>> paths = copy_.source.Files(owner, refused);
  if (!paths) {
    Refuse(item.source_id, "", paths.error().what);
    return {};
  }
  for (const std::string& path : refused) Refuse(item.source_id, path, "no plain file, or a name that cannot be kept");
  std::int64_t left = static_cast<std::int64_t>(refused.size());
  bool all = true;
  std::vector<Fetched> fetched;
  std::set<std::string> taken;
  for (const std::string& path : *paths) taken.insert(*prefix + "/" + path);
  for (const std::string& path : *paths) {
    const Result<std::string> clean = artifacts::CleanPath(*prefix + "/" + path);
    if (!clean || (*clean != *prefix + "/" + path && !taken.insert(*clean).second)) {
      Refuse(item.source_id, path, clean ? "another file has its name without percent-encoding" : "its name cannot be kept");
      ++left;
      continue;
    }
    const std::filesystem::path file = copy_.workspace.ImportDir() / NewHex32();
    Result<artifacts::Blob> blob = copy_.source.Copy(owner, path, file);
    if (!blob) {
      Refuse(item.source_id, path, blob.error().what);
      static_cast<void>(os::Remove(file));
      all = false;
      continue;
    }
    blob->modified = copy_.workspace.Now();
    ++report_.files;
    report_.bytes += blob->size;
    fetched.push_back({*clean, *std::move(blob), file});
    if (fetched.size() >= kFilesAtOnce) TRYV(Keep(fetched));
  }
  TRYV(Keep(fetched));
  if (!all) return {};
  return copy_.workspace.db->Write(
      [&](sql::Txn& txn) { return track::FinishFiles(txn, copy_.import, kind, item, "mlflow-artifacts:/" + *prefix, left); });
}

Result<void> Copier::Keep(std::vector<Fetched>& fetched) {
  if (fetched.empty()) return {};
  std::vector<NewBlob> blobs;
  for (const Fetched& one : fetched) blobs.push_back({one.blob, one.file});
  TRY(const BlobHold hold, HoldBlobs(copy_.workspace, blobs));
  TRYV(copy_.workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    for (const Fetched& one : fetched) TRYV(PutHeld(txn, copy_.workspace, hold, one.path, one.blob, one.file));
    return {};
  }));
  fetched.clear();
  return {};
}

}  // namespace

Result<void> CopyFiles(const FileCopy& copy, Report& report) {
  // What a killed call has left.
  TRYV(os::RemoveTree(copy.workspace.ImportDir()));
  TRYV(os::MakeDirs(copy.workspace.ImportDir()));
  // What cannot be kept is not looked for again, and still missing.
  TRY(report.refused, copy.workspace.db->Read([&](sql::Conn& conn) { return track::FilesLeft(conn, copy.import); }));
  Copier copier(copy, report);
  TRYV(copier.All(track::ImportKind::kRun));
  TRYV(copier.All(track::ImportKind::kLoggedModel));
  return os::RemoveTree(copy.workspace.ImportDir());
}

}  // namespace mlean::flows::migrate_mlflow
