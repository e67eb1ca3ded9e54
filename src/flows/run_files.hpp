// The files of a turn's run. They are gathered in a folder of their own before the run is there, and go into the store of
// artifacts in the transaction that makes it: at the run's artifact_uri, where MLflow's clients list and fetch them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "artifacts/artifact_store.hpp"
#include "flows/blob_store.hpp"
#include "flows/workspace.hpp"
#include "track/types.hpp"

namespace mlean::flows {

// The folder in which a run's files wait.
std::filesystem::path WaitingFiles(const Workspace& workspace, const std::string& run_id);

// `file`, an XGBoost model, as MLflow's clients load one: folder "model" of the run, with an MLmodel beside the file.
inline constexpr const char* kModelFolder = "model";
Result<void> WriteModelFolder(const std::filesystem::path& waiting, const std::filesystem::path& file, const std::string& run_id,
                              TimeMs now);

// What waits, with its digests; paths are relative. What goes into the store is held there.
struct Waiting {
  std::vector<artifacts::NamedBlob> files;
  std::shared_ptr<const BlobHold> hold;
};
Result<Waiting> ListWaiting(const Workspace& workspace, const std::string& run_id);
// Takes them to the run's place, but to none that only clients can reach (`s3://…`). They wait on until they are forgotten.
Result<void> TakeWaiting(sql::Txn& txn, const Workspace& workspace, const track::RunInfo& run, const Waiting& waiting);
// Removes what was taken.
Result<void> ForgetWaiting(const Workspace& workspace, const track::RunInfo& run);
// The same for runs of releases that left their files waiting for ever. What is done is done; a second call goes on.
Result<void> TakeForgotten(const Workspace& workspace);

}  // namespace mlean::flows
