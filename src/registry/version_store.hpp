// Model versions: numbers, sources, stages, tags, and finding the version that a name in a URL means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "registry/search.hpp"
#include "registry/types.hpp"
#include "sql/database.hpp"

namespace mlean::registry {

struct NewVersion {
  std::string model;
  std::string source = {};
  std::string run_id = {};
  std::string run_link = {};
  std::string logged_model_id = {};
  std::string user_id = {};
  std::string description = {};
  std::vector<Tag> tags = {};
  std::string status = "READY";
  std::string digest = {};
  std::string path = {};
  std::int64_t size = 0;
  std::string schema = {};
  std::string gate_report = {};
  // Not empty (a turn's id): the version made before with this key is returned, whatever else is asked. Unique over all models;
  // kConflict when another model's version has it.
  std::string idempotency_key = {};
};

// Number = highest ever + 1. The model must exist.
Result<ModelVersion> CreateVersion(sql::Txn& txn, const NewVersion& spec, TimeMs now);
// kNotFound "Model Version (name=X, version=1) not found".
Result<ModelVersion> GetVersion(sql::Conn& conn, std::string_view model, int version);
// All versions of a model, newest first, deleted ones left out. An unknown model has none.
Result<std::vector<ModelVersion>> ListVersions(sql::Conn& conn, std::string_view model);
// Models of which a version has a model file of ours (ModelVersion::path), by name: what a server can serve.
Result<std::vector<std::string>> ServableModels(sql::Conn& conn);
// Versions with a model file, newest first: those with an alias, `also` (0: none) and the `newest` newest. However many versions
// a model has, this reads few.
Result<std::vector<ModelVersion>> ServableVersions(sql::Conn& conn, std::string_view model, int also, std::size_t newest);
// Default order and ties: name ASC, version DESC.
// `next`: see ListModels.
Result<std::vector<ModelVersion>> SearchVersions(sql::Conn& conn, const Query& query, sql::SortPlace* next = nullptr);
// Newest READY version of each of `stages` (empty: all four) that has one; first the stage whose oldest version is the oldest.
Result<std::vector<ModelVersion>> LatestVersions(sql::Conn& conn, std::string_view model, const std::vector<Stage>& stages);

struct VersionChange {
  std::optional<std::string> description = {};
  std::optional<std::string> status = {};
  std::optional<std::string> digest = {};
  std::optional<std::string> path = {};
  std::optional<std::int64_t> size = {};
  std::optional<std::string> schema = {};
  std::optional<std::string> gate_report = {};
};
Result<void> UpdateVersion(sql::Txn& txn, std::string_view model, int version, const VersionChange& change, TimeMs now);
// Numbers of the versions in the stage, ascending.
Result<std::vector<int>> VersionsInStage(sql::Conn& conn, std::string_view model, Stage stage);
// `archive_existing` moves the stage's other versions to Archived; only with Staging and Production.
Result<ModelVersion> TransitionStage(sql::Txn& txn, std::string_view model, int version, Stage stage, bool archive_existing,
                                     TimeMs now);
Result<void> SetVersionTag(sql::Txn& txn, std::string_view model, int version, const Tag& tag);
Result<void> DeleteVersionTag(sql::Txn& txn, std::string_view model, int version, std::string_view key);
// Soft: gone from every reader, its aliases removed, its number never given again.
Result<void> DeleteVersion(sql::Txn& txn, std::string_view model, int version, TimeMs now);

// What versions that are not deleted refer to: every run, logged model and path part of their sources, with the version's name
// ("model 'x' version 3"). For whoever deletes runs for good.
Result<std::unordered_map<std::string, std::string>> Referred(sql::Conn& conn);

// The version that `reference` names: NAME (its alias "champion") · NAME@ALIAS · NAME/VERSION · NAME/STAGE · NAME/latest ·
// NAME/versions/VERSION, each also behind "models:/" or "models:". kNotFound when there is none, with a fix.
Result<ModelVersion> Resolve(sql::Conn& conn, std::string_view reference);

}  // namespace mlean::registry
