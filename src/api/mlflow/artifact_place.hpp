// The files of an artifact location (flows/artifact_uri.hpp), as the routes of artifacts need them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/mlflow/bind.hpp"
#include "artifacts/artifact_store.hpp"

namespace mlean::api::mlflow {

// What lies in `folder` (clean, relative) of the place at `uri`. kUnsupported when it is elsewhere.
Result<std::vector<artifacts::Entry>> ListPlace(Context& context, const std::string& uri, const std::string& folder);
// A reply with the file. kNotFound when it is not there: never 5xx, clients would retry for minutes.
Result<net::Reply> SendPlace(Context& context, const std::string& uri, const std::string& path);
// The size of a file below the artifact root. kNotFound when it is not there.
Result<std::int64_t> SizeInStore(Context& context, const std::string& path);
// A file, or all in a folder, below the artifact root; what is not there counts as removed.
Result<void> RemoveFromStore(Context& context, const std::string& path);
// The body of `call` as a file in UploadDir, for the caller to rename or remove.
Result<std::filesystem::path> BodyFile(Context& context, const net::Call& call);
// Keeps the body of `call` as `path` below the artifact root.
Result<void> StoreBody(Context& context, const net::Call& call, const std::string& path);
// Keeps `file` as `path`; the file is gone afterwards, also when that failed.
Result<void> StoreFile(Context& context, const std::filesystem::path& file, artifacts::Blob blob, const std::string& path);

// {"path", "is_dir", "file_size"} of each; `prefix` in front of the names.
codec::Json EntriesJson(const std::vector<artifacts::Entry>& entries, const std::string& prefix);

}  // namespace mlean::api::mlflow
