// What an artifact location means here: in our own store (`mlflow-artifacts:…`, or an http address of our proxy routes), a folder
// of this machine (`file:…` or a path), or somewhere only clients can reach (`s3://…`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "artifacts/artifact_store.hpp"
#include "flows/workspace.hpp"

namespace mlean::flows {

struct ArtifactPlace {
  enum class Kind : std::uint8_t { kStore, kFolder, kElsewhere } kind = Kind::kElsewhere;
  std::string path;     // kStore: below the artifact root; kFolder: absolute
  std::string trusted;  // kFolder: its beginning that is the administrator's and may have links; clients make what follows
};
ArtifactPlace ParseArtifactUri(std::string_view uri);
// The same where this project keeps its artifacts under their paths: then what is in its store is in a folder. kBusy when that
// is not there.
Result<ArtifactPlace> PlaceOf(const Workspace& workspace, std::string_view uri);
// The location as it is kept: a path that is relative becomes one below `folder`, as for MLflow.
std::string AbsoluteLocation(const std::string& location, const std::filesystem::path& folder);
// `path` (clean, relative) below a kFolder place. nullopt when behind what is trusted one is no folder, or the last one no file
// either: a link could lead out.
std::optional<std::filesystem::path> InFolder(const ArtifactPlace& place, std::string_view path);

// `path` below the artifact root names the content of `file` from now on; the file, in UploadDir, is taken or removed.
Result<void> PutFile(const Workspace& workspace, const std::string& path, const artifacts::Blob& blob,
                     const std::filesystem::path& file);
// Keeps `text` as `path` (clean, relative) at the location `uri`. kUnsupported when it is elsewhere.
Result<void> KeepArtifact(const Workspace& workspace, const std::string& uri, const std::string& path, std::string_view text);

}  // namespace mlean::flows
