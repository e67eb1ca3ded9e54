// Source: an MLflow tracking store and registry to be brought in, one implementation per kind of store: a SQLite database
// (sql_source_store.cpp), a folder (file_source.cpp), a server (http_source.cpp). Everything is read in pieces of bounded size.
// Ids and names are the source's; a run's experiment_id is the one there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/artifact_store.hpp"
#include "base/result.hpp"
#include "registry/import_store.hpp"
#include "track/types.hpp"

namespace mlean::flows::migrate_mlflow {

struct SourceRun {
  track::Run run;  // without metrics
  std::optional<TimeMs> deleted_time;
};

struct SourceLoggedModel {
  track::LoggedModel model;
  bool deleted = false;
};

// Where a listing goes on; starts as made, and belongs to the source that moves it.
struct Place {
  std::string token;
  std::int64_t number = 0;
  bool end = false;
};

// How much there is; -1: the source cannot say without reading it all.
struct SourceCounts {
  std::int64_t experiments = 0, experiment_tags = 0, runs = 0, points = 0, params = 0, tags = 0, dataset_inputs = 0,
               model_inputs = 0, model_outputs = 0, logged_models = 0, logged_model_params = 0, logged_model_tags = 0,
               logged_model_points = 0, registered_models = 0, model_tags = 0, aliases = 0, versions = 0, version_tags = 0;
};

// Whose files: a run or a logged model.
struct FileOwner {
  bool logged_model = false;
  std::string id;
  std::string uri;  // where the source says that they are
};

// True for a run that need not be read: it is here already. Given its info and tags.
using Skip = std::function<Result<bool>(const track::Run&)>;

class Source {
 public:
  virtual ~Source() = default;
  // "MLflow database '/x/mlflow.db' (schema 0584bdc529eb)"
  virtual std::string Describe() const = 0;
  // What is there and is not brought: "3 traces"; for the report.
  virtual std::vector<std::string> LeftOut() { return {}; }
  virtual Result<SourceCounts> Count() = 0;
  // The runs, for a progress line; 0: not known.
  virtual std::int64_t Expected() { return 0; }

  virtual Result<std::vector<track::Experiment>> Experiments() = 0;
  // The next runs of all experiments, at most some hundred; those that `skip` names are left out.
  virtual Result<std::vector<SourceRun>> Runs(Place& place, const Skip& skip) = 0;
  // The next points of the run, at most kPiece.
  virtual Result<std::vector<track::Metric>> Points(const SourceRun& run, Place& place) = 0;
  virtual Result<std::vector<SourceLoggedModel>> LoggedModels(Place& place) = 0;
  virtual Result<std::vector<std::string>> RegisteredModels() = 0;
  virtual Result<registry::ImportedModel> RegisteredModel(const std::string& name) = 0;

  // Whether files with this URI can be read at all.
  virtual bool CanRead(const std::string& uri) = 0;
  // Paths of the owner's files, relative to its URI. What is no file (a link, a pipe) or cannot be kept goes to `refused`.
  virtual Result<std::vector<std::string>> Files(const FileOwner& owner, std::vector<std::string>& refused) = 0;
  // Copies the file to `to`, which is new.
  virtual Result<artifacts::Blob> Copy(const FileOwner& owner, const std::string& path, const std::filesystem::path& to) = 0;

 protected:
  static constexpr std::size_t kPiece = 20'000;
};

// `from`: sqlite:///PATH, a folder, http(s)://…; `artifacts`: the folder behind `mlflow-artifacts:` addresses, when it is known.
// kUsage for what is none of these, kUnsupported for other databases.
Result<std::unique_ptr<Source>> OpenSource(const std::string& from, const std::filesystem::path& directory,
                                           const std::optional<std::filesystem::path>& artifacts);
// One text for one store: absolute, without a password or a trailing slash. What an import is known by.
std::string OriginOf(const std::string& from, const std::filesystem::path& directory);

Result<std::unique_ptr<Source>> OpenSqlSource(const std::filesystem::path& file,
                                              const std::optional<std::filesystem::path>& artifacts);
Result<std::unique_ptr<Source>> OpenFileSource(const std::filesystem::path& folder,
                                               const std::optional<std::filesystem::path>& artifacts);
Result<std::unique_ptr<Source>> OpenHttpSource(const std::string& url);

}  // namespace mlean::flows::migrate_mlflow
