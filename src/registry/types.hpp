// Vocabulary of the model registry: MLflow's registered models and versions (reference/mlflow.md 1.4) plus what mlean keeps of a
// version: the digest and place of its model file, its schema and its gate report. Times in milliseconds since 1970 UTC.
//
// Errors of this room carry MLflow's own texts where it has one ("Registered Model with name=X not found"). Codes: kNotFound
// (RESOURCE_DOES_NOT_EXIST), kExists (RESOURCE_ALREADY_EXISTS), kInvalid (INVALID_PARAMETER_VALUE).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace mlean::registry {

enum class Stage : std::uint8_t { kNone, kStaging, kProduction, kArchived };
std::string_view StageName(Stage stage);  // "None", "Staging", "Production", "Archived"
// Case does not matter.
std::optional<Stage> ParseStage(std::string_view name);

struct Tag {
  std::string key;
  std::string value;
  friend bool operator==(const Tag&, const Tag&) = default;
};

struct Alias {
  std::string name;
  int version = 0;
  friend bool operator==(const Alias&, const Alias&) = default;
};

struct ModelVersion {
  std::string model;
  int version = 0;  // 1, 2, …; never used again, deleted ones included
  TimeMs created = 0;
  TimeMs updated = 0;
  Stage stage = Stage::kNone;
  std::string description;
  std::string source;  // as the client gave it: "models:/m-…", "runs:/…/model", a path
  std::string run_id;
  std::string run_link;
  std::string logged_model_id;
  std::string user_id;
  std::string status = "READY";  // PENDING_REGISTRATION, FAILED_REGISTRATION, READY
  std::vector<Tag> tags;         // by key
  std::vector<std::string> aliases;
  // mlean's own columns; empty when the version came from an MLflow client.
  std::string digest;       // SHA-256 of the model file, hex
  std::string path;         // the stored model file or folder
  std::int64_t size = 0;    // bytes
  std::string schema;       // text, as the infer room writes it
  std::string gate_report;  // JSON
};

// What a source names: the logged model of "models:/ID", else "".
std::string_view LoggedModelOf(std::string_view source);
// "models:/NAME/VERSION", "models:/NAME@ALIAS".
bool NamesVersion(std::string_view source);

struct Model {
  std::string name;
  TimeMs created = 0;
  TimeMs updated = 0;
  std::string description;
  std::vector<Tag> tags;
  std::vector<Alias> aliases;        // by name
  std::vector<ModelVersion> latest;  // newest READY version of each stage that has one
};

}  // namespace mlean::registry
