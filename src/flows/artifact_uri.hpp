// What an artifact location means here: in our own store (`mlflow-artifacts:…`, or an http address of our proxy routes), a folder
// of this machine (`file:…` or a path), or somewhere only clients can reach (`s3://…`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "artifacts/artifact_store.hpp"
#include "flows/workspace.hpp"

namespace mlean::flows {

struct ArtifactPlace {
  enum class Kind : std::uint8_t { kStore, kFolder, kElsewhere } kind = Kind::kElsewhere;
  std::string path;  // kStore: below the artifact root; kFolder: absolute
};
ArtifactPlace ParseArtifactUri(std::string_view uri);

// `path` below the artifact root names the content of `file` from now on; the file, in UploadDir, is taken or removed.
Result<void> PutFile(const Workspace& workspace, const std::string& path, const artifacts::Blob& blob,
                     const std::filesystem::path& file);
// Keeps `text` as `path` (clean, relative) at the location `uri`. kUnsupported when it is elsewhere.
Result<void> KeepArtifact(const Workspace& workspace, const std::string& uri, const std::string& path, std::string_view text);

}  // namespace mlean::flows
