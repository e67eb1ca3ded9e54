#include "flows/artifact_folder.hpp"

#include <fmt/core.h>

#include <unordered_map>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "flows/blob_store.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kOurs = ".mlean-";
constexpr const char* kRoot = "mlflow-artifacts:/";
constexpr const char* kMark = "here";  // in our folder: the disk is mounted
constexpr std::size_t kNameDigits = 8;
constexpr int kMoveAtOnce = 500;
constexpr int kTries = 5;  // somebody may remove the folder that a file is going into

Result<ArtifactPlace> Root(const Workspace& workspace) { return PlaceOf(workspace, kRoot); }

// The new names of all folders on the way are on the disk.
Result<void> SyncPath(const fs::path& trusted, const fs::path& file) {
  for (fs::path at = file; at != trusted && at.has_relative_path(); at = at.parent_path()) TRYV(os::SyncFile(at));
  return {};
}

Result<void> Place(const Workspace& workspace, const ArtifactPlace& place, const fs::path& file, const fs::path& target) {
  const bool sync = workspace.sync == sql::Sync::kFull;
  TRYV(os::Chmod(file, 0644));
  if (sync) TRYV(os::SyncFile(file));
  Result<void> done;
  for (int i = 0; i < kTries; ++i) {
    TRYV(os::MakeDirs(target.parent_path()));
    done = os::Rename(file, target);
    if (!done && done.error().code == Code::kIo) {  // on another file system
      done = os::CopyFile(file, target, {.sync = sync, .temp_dir = workspace.folder.place.empty() ? "" : workspace.UploadDir()});
      if (done) TRYV(os::Remove(file));
    }
    if (done || done.error().code != Code::kNotFound) break;
  }
  TRYV(std::move(done));
  return sync ? SyncPath(place.trusted, target) : Result<void>();
}

// "/a/b" is inside of "/a", and of itself.
bool IsInside(const fs::path& inner, const fs::path& outer) {
  std::error_code failed;
  const fs::path whole = fs::weakly_canonical(outer, failed);
  const fs::path rest = fs::weakly_canonical(inner, failed).lexically_relative(whole);
  return !rest.empty() && *rest.begin() != "..";
}

Result<void> Claim(const Workspace& workspace, const ArtifactFolder& folder, bool known) {
  const std::string place = folder.place.string();
  const auto refuse = [&](Code code, const std::string& why, const std::string& fix) {
    return Fail(code, fmt::format("cannot keep artifacts in '{}': {}", place, why), fix);
  };
  if (known && IsMarked(folder)) return {};
  if (known) {
    return refuse(Code::kConflict, "it does not hold the artifacts of this project; a disk may not be mounted",
                  fmt::format("mount it; where it is the folder: mkdir -p {0} && touch {0}/{1}", folder.making.string(), kMark));
  }
  if (os::Exists(folder.place) && !os::IsDir(folder.place)) return refuse(Code::kUsage, "it is no folder", "");
  // As for --root: what is above may be mistyped, or not mounted.
  const fs::path above = folder.place.parent_path();
  if (!os::IsDir(above)) {
    return refuse(Code::kNotFound, fmt::format("no folder '{}'", above.string()), fmt::format("mkdir -p {}", above.string()));
  }
  const fs::path state = workspace.project.StateDir();
  if (IsInside(state, folder.place) || IsInside(folder.place, state)) {
    return refuse(Code::kUsage, fmt::format("the project's own '{}' must not lie in it, or around it", state.string()),
                  "mlean server --artifacts-destination ./mlartifacts");
  }
  TRYV(os::MakeDirs(folder.making));
  return os::WriteFileAtomic(folder.making / kMark, "");
}

using Moved = std::unordered_map<std::string, std::string>;  // digest by path

// Puts those into the folder that `moved` lacks. Returns how many that were.
Result<std::size_t> MoveMissing(const Workspace& workspace, const ArtifactPlace& root, Moved& moved) {
  std::size_t count = 0;
  for (std::string after;;) {
    TRY(const auto some, workspace.db->Read([&](sql::Conn& conn) { return artifacts::ListBehind(conn, after, kMoveAtOnce); }));
    if (some.empty()) return count;
    for (const artifacts::NamedBlob& one : some) {
      const auto before = moved.find(one.path);
      if (before != moved.end() && before->second == one.blob.digest) continue;
      const std::optional<fs::path> target = InFolder(root, one.path);
      if (target && before == moved.end() && os::Exists(*target)) {
        const Result<artifacts::Blob> there = artifacts::DigestFile(*target);
        if (!there || there->digest != one.blob.digest) {
          return Fail(Code::kConflict,
                      fmt::format("cannot move artifact '{}' to '{}': another one is there", one.path, root.path),
                      fmt::format("mv {0} {0}.other", target->string()));
        }
      } else {
        const fs::path file = workspace.UploadDir() / NewHex32();
        TRYV(os::MakeDirs(file.parent_path()));
        TRYV(os::CopyFile(artifacts::BlobPath(workspace.BlobDir(), one.blob.digest), file, {.sync = false}));
        TRYV(PutInFolder(workspace, kRoot, one.path, file));
      }
      moved.insert_or_assign(one.path, one.blob.digest);
      ++count;
    }
    after = some.back().path;
  }
}

// From the transaction on that finds all of them in the folder, it is where they are.
Result<void> MoveIn(const Workspace& workspace, artifacts::Bucket row) {
  row.ready = true;
  TRY(const ArtifactPlace root, Root(workspace));
  Moved moved;
  for (;;) {
    TRY(const std::size_t count, MoveMissing(workspace, root, moved));
    if (count > 0) log::Info("artifacts.moved", {{"folder", row.url}, {"files", fmt::format("{}", count)}});
    TRY(const bool done, workspace.db->Write([&](sql::Txn& txn) -> Result<bool> {
      for (std::string after;;) {
        TRY(const auto some, artifacts::ListBehind(txn, after, kMoveAtOnce));
        if (some.empty()) break;
        for (const artifacts::NamedBlob& one : some) {
          const auto found = moved.find(one.path);
          if (found == moved.end() || found->second != one.blob.digest) return false;
        }
        after = some.back().path;
      }
      TRYV(artifacts::Remove(txn, ""));
      TRYV(artifacts::SaveBucket(txn, row));
      return true;
    }));
    if (done) return {};
  }
}

}  // namespace

bool IsOurs(std::string_view name) { return name.starts_with(kOurs); }

bool IsMarked(const ArtifactFolder& folder) { return os::Exists(folder.making / kMark); }

Result<void> CheckFolder(const Workspace& workspace) {
  if (IsMarked(workspace.folder)) return {};
  return Fail(Code::kBusy, fmt::format("cannot use folder '{}': the artifacts of this project are not there; a disk may not be "
                                       "mounted",
                                       workspace.folder.place.string()));
}

Result<void> PutInFolder(const Workspace& workspace, const std::string& uri, const std::string& path, const fs::path& file) {
  const Result<ArtifactPlace> place = PlaceOf(workspace, uri);
  Result<void> put;
  if (!place) {
    put = place.error();
  } else if (const auto target = InFolder(*place, path); !target || os::IsDir(*target)) {
    put = Fail(Code::kInvalid, fmt::format("cannot keep '{}' in '{}': a link, a file or a folder is in the way", path, uri));
  } else {
    put = Place(workspace, *place, file, *target);
  }
  if (!put) static_cast<void>(os::Remove(file));  // the first failure is the one to tell
  return put;
}

Result<void> RemoveInFolder(const Workspace& workspace, const std::string& path) {
  TRY(const ArtifactPlace root, Root(workspace));
  const std::optional<fs::path> target = InFolder(root, path);
  if (!target || path.empty()) return {};
  const fs::path gone = workspace.UploadDir() / NewHex32();
  TRYV(os::MakeDirs(gone.parent_path()));
  const Result<void> renamed = os::Rename(*target, gone);
  if (!renamed && renamed.error().code == Code::kNotFound) return {};
  return os::RemoveTree(renamed ? gone : *target);
}

Result<artifacts::Swept> MeasureInFolder(const Workspace& workspace, const std::string& path) {
  TRY(const ArtifactPlace root, Root(workspace));
  artifacts::Swept all;
  const std::optional<fs::path> folder = InFolder(root, path);
  if (!folder || !os::IsDir(*folder)) return all;
  TRY(const std::vector<os::TreeEntry> files, os::ListTree(*folder));
  for (const os::TreeEntry& file : files) {
    ++all.blobs;
    all.bytes += static_cast<std::int64_t>(file.stat.size);
  }
  return all;
}

Result<artifacts::Swept> SweepFolder(const Workspace& workspace) {
  artifacts::Swept all;
  for (;;) {
    TRY(const std::vector<std::string> removed, workspace.db->Read(artifacts::ListRemoved));
    if (removed.empty()) return all;
    for (const std::string& path : removed) {
      TRY(const artifacts::Swept some, MeasureInFolder(workspace, path));
      TRYV(RemoveInFolder(workspace, path));
      TRY(const ArtifactPlace root, Root(workspace));
      // The folder of the run itself, which has nothing else in it.
      if (const auto place = InFolder(root, path)) static_cast<void>(os::Remove(place->parent_path()));
      all.blobs += some.blobs;
      all.bytes += some.bytes;
    }
    TRYV(workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
      for (const std::string& path : removed) TRYV(artifacts::ForgetRemoved(txn, path));
      return {};
    }));
  }
}

ArtifactFolder FolderOfRow(const artifacts::Bucket& row) {
  const fs::path place(row.url);
  return {place, place / fmt::format("{}{}", kOurs, row.store.substr(0, kNameDigits))};
}

Result<void> UseFolder(Workspace& workspace, artifacts::Bucket row, bool known) {
  const ArtifactFolder folder = FolderOfRow(row);
  TRYV(Claim(workspace, folder, known));
  workspace.folder = folder;
  return known ? Result<void>() : MoveIn(workspace, std::move(row));
}

}  // namespace mlean::flows
