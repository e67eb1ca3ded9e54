// Uploads in parts (MLflow's multipart uploads, reference/mlflow.md 1.5): a part is a file in the folder of its upload,
// `uploads`/parts-<id>/<number>, until JoinParts makes one file of them. The id is 122 random bits: who knows it may send parts.
// Nothing else is kept of an upload, so one that is never ended is a folder and no more; SweepUploads takes it away.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/artifact_store.hpp"

namespace mlean::artifacts {

constexpr int kMaxParts = 10'000;

// The id of a new upload.
Result<std::string> BeginParts(const std::filesystem::path& uploads);
// kNotFound when there is no such upload. A look at one folder: microseconds.
Result<void> CheckUpload(const std::filesystem::path& uploads, std::string_view id);
// `file`, on the same file system, becomes part `number` (1 to kMaxParts), again if need be. Returns its ETag, quotes included.
// kNotFound when there is no such upload.
Result<std::string> KeepPart(const std::filesystem::path& uploads, std::string_view id, int number,
                             const std::filesystem::path& file);

struct PartName {
  int number = 0;
  std::string etag;  // as KeepPart gave it; empty: not compared
};
struct JoinedParts {
  std::filesystem::path file;  // in the upload's folder
  Blob blob;                   // without `modified`
};
// The parts in the order of their numbers, as one file. kInvalid for a part that was not sent, is named twice or has another
// ETag.
Result<JoinedParts> JoinParts(const std::filesystem::path& uploads, std::string_view id, std::vector<PartName> parts);
// Removes the upload; one that is not there counts as removed.
Result<void> DropParts(const std::filesystem::path& uploads, std::string_view id);

// Removes what a server that was killed has left in `uploads`: everything but multipart uploads that got a part within a day.
Result<void> SweepUploads(const std::filesystem::path& uploads);

}  // namespace mlean::artifacts
