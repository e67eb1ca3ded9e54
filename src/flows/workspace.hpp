// Workspace: a project opened for work: its folder, its mlean.yaml, its database and its clock. What every flow is given.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "audit/event_store.hpp"
#include "base/clock.hpp"
#include "notify/alert.hpp"
#include "repo/loop_config.hpp"
#include "repo/project.hpp"
#include "serving/live_models.hpp"
#include "sql/database.hpp"

namespace mlean::flows {

class BlobBucket;

// Where artifacts lie under their own paths (flows/artifact_folder.hpp).
struct ArtifactFolder {
  std::filesystem::path place;   // empty: there is none
  std::filesystem::path making;  // in it, for what is not whole yet; ours
};

struct Workspace {
  repo::Project project;
  repo::LoopConfig config;  // empty when there is no mlean.yaml: a bare tracking and prediction server
  std::shared_ptr<sql::Database> db;
  const Clock* clock = nullptr;  // borrowed
  std::string actor;             // who acts, for the audit chain: "cli:ann", "server", "user:ann"
  // What an acknowledged write survives: kNormal a killed process, kFull a power loss too. Artifacts are kept alike.
  sql::Sync sync = sql::Sync::kNormal;
  // Where artifacts are: in one of these, or by content in BlobDir (flows/blob_store.hpp).
  std::shared_ptr<BlobBucket> bucket;
  ArtifactFolder folder;

  // The same workspace for somebody else. Reads `config`: not while that is being read again.
  Workspace As(std::string who) const { return {project, config, db, clock, std::move(who), sync, bucket, folder}; }

  TimeMs Now() const { return clock->Now(); }
  std::filesystem::path ModelStore(const std::string& model) const { return project.ArtifactDir() / "models" / model; }
  std::filesystem::path PredictionLogs() const { return project.StateDir() / "predictions"; }
  std::filesystem::path BlobDir() const { return project.ArtifactDir() / "blobs"; }  // artifacts by content
  std::filesystem::path UploadDir() const { return MakingDir() / "uploads"; }        // of the server, while they come in
  std::filesystem::path ImportDir() const { return MakingDir() / "imports"; }        // of `mlean migrate`, likewise
  std::filesystem::path ServerFile() const { return project.StateDir() / "server.json"; }

 private:
  std::filesystem::path MakingDir() const { return folder.place.empty() ? project.ArtifactDir() : folder.making; }
};

// Opens the project around `directory` (made when `create`); runs the missing migrations.
Result<Workspace> OpenWorkspace(const std::filesystem::path& directory, const Clock& clock, std::string actor,
                                bool create = false, sql::Sync sync = sql::Sync::kNormal);
// Reads mlean.yaml again.
Result<void> ReloadConfig(Workspace& workspace);

// What mlean.yaml says about serving, by model.
std::map<std::string, serving::ModelSettings> ServingSettings(const repo::LoopConfig& config);
// Where alerts go: always the file .mlean/alerts.jsonl, and what mlean.yaml lists (a channel whose ${NAME} is not set is left
// out).
std::vector<notify::Channel> AlertChannels(const Workspace& workspace);

// An event of the audit chain, acted by the workspace's actor; `at` when it was decided, else now.
Result<void> Record(sql::Txn& txn, const Workspace& workspace, std::string action, std::string object, codec::Json detail,
                    std::optional<TimeMs> at = std::nullopt);
// An alert and its event. `dedup_key` makes a repeat of the same step send nothing.
Result<void> RaiseAlert(sql::Txn& txn, const Workspace& workspace, notify::Alert alert);

// The current user's name for the audit chain: "cli:NAME".
std::string CliActor();

}  // namespace mlean::flows
