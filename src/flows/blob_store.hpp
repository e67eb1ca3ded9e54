// The contents of artifacts, wherever this project keeps them: on its disk, in a bucket (flows/blob_bucket.hpp), or in a folder
// under their paths (flows/artifact_folder.hpp). What the others of this room and the routes use; the rows are
// artifacts/artifact_store.hpp.
//
//   TRY(const BlobHold hold, HoldBlobs(workspace, {{{blob, file}}}));             // its content is safe from here on
//   db->Write([&](sql::Txn& txn) { return PutHeld(txn, workspace, hold, path, blob, file); });
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "artifacts/artifact_store.hpp"
#include "flows/workspace.hpp"
#include "os/lock.hpp"

namespace mlean::flows {

struct NewBlob {
  const artifacts::Blob& blob;
  const std::filesystem::path& file;
};

// While it lives, no sweep of any process takes these contents. Not copied; kept until the rows are committed.
class BlobHold {
 public:
  BlobHold() = default;
  explicit BlobHold(os::NumberLocks locks) : locks_(std::move(locks)) {}

 private:
  std::optional<os::NumberLocks> locks_;
};

// Sees to it that the contents are in the bucket. Nothing to do on a disk. Errors as of BlobBucket.
Result<BlobHold> HoldBlobs(const Workspace& workspace, const std::vector<NewBlob>& blobs);
// artifacts::Put for contents that are held; a project that has a folder gets the file there, whatever becomes of `txn`.
Result<void> PutHeld(sql::Txn& txn, const Workspace& workspace, const BlobHold& hold, const std::string& path,
                     const artifacts::Blob& blob, const std::filesystem::path& file);

// The content as a file, for reading soon.
Result<std::filesystem::path> BlobFile(const Workspace& workspace, const artifacts::Blob& blob);

// What was left without rows goes; with `orphans`, also what never got any. Contents that somebody is putting there stay.
Result<artifacts::Swept> SweepBlobs(const Workspace& workspace, bool orphans = false);
// The same after a change that is done whatever comes of it: a failure is logged, and the next sweep makes it good.
void SweepBlobsLater(const Workspace& workspace);

// The bucket or folder of this project, if it has one. No network.
Result<void> OpenDestination(Workspace& workspace);
// At the server's start: `url` "" is what the project has, a path is below `directory`. Checks that it can be reached and is
// ours; one that is new to the project first gets all that is on the disk. kUsage for what is neither s3://BUCKET/PREFIX nor a
// folder, kConflict for another one than the project has; but a folder that was moved is known again.
Result<void> UseDestination(Workspace& workspace, std::string url, const std::filesystem::path& directory);

}  // namespace mlean::flows
