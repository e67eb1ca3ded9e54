// Artifacts in a folder under their own paths, as `mlflow server --artifacts-destination DIR` keeps them: who had that server
// gives this one the same folder. What lies there is the truth, the database has no rows of it; equal contents are there twice.
//
// A file is whole before it has its name. What is being made lies in `.mlean-…` at the top of the folder, which is in no listing
// and under no path; a file there says whose it is, and that the disk is mounted. No link in the folder is followed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "artifacts/artifact_store.hpp"
#include "flows/artifact_uri.hpp"
#include "flows/workspace.hpp"

namespace mlean::flows {

// A name at the top of the folder that no artifact may have.
bool IsOurs(std::string_view name);
// kBusy when the folder is not there, or not this project's: a disk may not be mounted.
Result<void> CheckFolder(const Workspace& workspace);

// `file` is `path` of the folder that `uri` stands for (PlaceOf) from now on. It is taken or removed; on another file system it
// is copied first. kInvalid when a link, a file or a folder is in the way.
Result<void> PutInFolder(const Workspace& workspace, const std::string& uri, const std::string& path,
                         const std::filesystem::path& file);
// A file, or all in a folder, of the artifact root; in one step for those who read. What is not there, and a link, counts as
// removed.
Result<void> RemoveInFolder(const Workspace& workspace, const std::string& path);
// How many files lie below it, and how large they are.
Result<artifacts::Swept> MeasureInFolder(const Workspace& workspace, const std::string& path);
// Removes what transactions have noted (artifacts::NoteRemoved).
Result<artifacts::Swept> SweepFolder(const Workspace& workspace);

// The folder of the row as the workspace has it; whether it is there and the project's.
ArtifactFolder FolderOfRow(const artifacts::Bucket& row);
bool IsMarked(const ArtifactFolder& folder);
// Makes the folder the project's: at first (`known` false), or finds that it is. What is in the store by content goes there,
// under its paths, before that counts. kConflict when it holds other files under those paths, or the project's own state.
Result<void> UseFolder(Workspace& workspace, artifacts::Bucket row, bool known);

}  // namespace mlean::flows
