// A running MLflow server, 2.x or 3.x, through its REST API.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/text.hpp"
#include "flows/migrate_mlflow/http_session.hpp"
#include "flows/migrate_mlflow/local_files.hpp"
#include "flows/migrate_mlflow/source.hpp"
#include "net/percent.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

using codec::Json;

constexpr int kRunsAtOnce = 100;
constexpr int kModelsAtOnce = 50;
constexpr std::size_t kMaxFolders = 100'000;  // of one run's files

const std::string kApi = "/api/2.0/mlflow/";
constexpr std::string_view kPromptTag = "mlflow.prompt.is_prompt";
constexpr std::string_view kIsPrompt = "tag.`mlflow.prompt.is_prompt` = 'true'";

std::string Text(const Json& object, std::string_view key) {
  const Json* const value = object.Find(key);
  if (value == nullptr) return {};
  if (value->IsInt()) return fmt::to_string(value->AsInt());
  return value->IsString() ? value->AsString() : std::string();
}

// Also of a number as text, as some servers print int64.
std::optional<std::int64_t> MaybeInt(const Json& object, std::string_view key) {
  const Json* const value = object.Find(key);
  if (value == nullptr) return std::nullopt;
  if (value->IsInt()) return value->AsInt();
  if (value->IsDouble()) return static_cast<std::int64_t>(value->AsDouble());
  return value->IsString() ? ParseInt(value->AsString()) : std::nullopt;
}

std::int64_t Int(const Json& object, std::string_view key) { return MaybeInt(object, key).value_or(0); }

double Number(const Json& object, std::string_view key) {
  const Json* const value = object.Find(key);
  if (value == nullptr) return 0;
  if (value->IsNumber()) return value->AsDouble();
  const std::string text = value->IsString() ? value->AsString() : "";
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "Infinity") return kInfinity;
  if (text == "-Infinity") return -kInfinity;
  return ParseDouble(text).value_or(std::numeric_limits<double>::quiet_NaN());
}

// The list under `key`; empty when it is not there.
const Json::Array& List(const Json& object, std::string_view key) {
  static const Json::Array kNone;
  const Json* const value = object.Find(key);
  return value != nullptr && value->IsArray() ? value->AsArray() : kNone;
}

const Json& Part(const Json& object, std::string_view key) {
  static const Json kNone = Json::Object{};
  const Json* const value = object.Find(key);
  return value != nullptr ? *value : kNone;
}

template <class T>
std::vector<T> Pairs(const Json& object, std::string_view key) {
  std::vector<T> out;
  for (const Json& tag : List(object, key)) out.push_back({Text(tag, "key"), Text(tag, "value")});
  return out;
}

track::Stage StageOf(const Json& object) {
  return Text(object, "lifecycle_stage") == "deleted" ? track::Stage::kDeleted : track::Stage::kActive;
}

track::DatasetInput DatasetOf(const Json& input) {
  const Json& dataset = Part(input, "dataset");
  const auto maybe = [&](std::string_view key) {
    return dataset.Find(key) != nullptr ? std::optional(Text(dataset, key)) : std::nullopt;
  };
  return {{Text(dataset, "name"), Text(dataset, "digest"), Text(dataset, "source_type"), Text(dataset, "source"), maybe("schema"),
           maybe("profile")},
          Pairs<track::Tag>(input, "tags")};
}

track::Metric PointOf(const Json& metric) {
  track::Metric out;
  out.key = Text(metric, "key");
  out.value = Number(metric, "value");
  out.timestamp = Int(metric, "timestamp");
  out.step = Int(metric, "step");
  out.run_id = Text(metric, "run_id");
  out.dataset_name = Text(metric, "dataset_name");
  out.dataset_digest = Text(metric, "dataset_digest");
  return out;
}

SourceRun RunOf(const Json& json) {
  SourceRun out;
  const Json& info = Part(json, "info");
  const Json& data = Part(json, "data");
  track::RunInfo& run = out.run.info;
  run.run_id = info.Find("run_id") != nullptr ? Text(info, "run_id") : Text(info, "run_uuid");
  run.experiment_id = Text(info, "experiment_id");
  run.name = Text(info, "run_name");
  run.user_id = Text(info, "user_id");
  run.status = track::ParseRunStatus(Text(info, "status")).value_or(track::RunStatus::kFinished);
  run.start_time = Int(info, "start_time");
  run.end_time = MaybeInt(info, "end_time");
  run.artifact_uri = Text(info, "artifact_uri");
  run.stage = StageOf(info);
  out.run.params = Pairs<track::Param>(data, "params");
  out.run.tags = Pairs<track::Tag>(data, "tags");
  for (const Json& metric : List(data, "metrics")) out.run.metrics.push_back(PointOf(metric));
  for (const Json& input : List(Part(json, "inputs"), "dataset_inputs")) out.run.datasets.push_back(DatasetOf(input));
  for (const Json& input : List(Part(json, "inputs"), "model_inputs")) out.run.model_inputs.push_back(Text(input, "model_id"));
  for (const Json& output : List(Part(json, "outputs"), "model_outputs"))
    out.run.model_outputs.push_back({Text(output, "model_id"), Int(output, "step")});
  return out;
}

SourceLoggedModel ModelOf(const Json& json) {
  SourceLoggedModel out;
  const Json& info = Part(json, "info");
  const Json& data = Part(json, "data");
  track::LoggedModel& model = out.model;
  model.model_id = Text(info, "model_id");
  model.experiment_id = Text(info, "experiment_id");
  model.name = Text(info, "name");
  model.model_type = Text(info, "model_type");
  model.source_run_id = Text(info, "source_run_id");
  model.artifact_uri = Text(info, "artifact_uri");
  model.status = track::ParseModelStatus(Text(info, "status")).value_or(track::ModelStatus::kReady);
  model.status_message = Text(info, "status_message");
  model.created = Int(info, "creation_timestamp_ms");
  model.updated = Int(info, "last_updated_timestamp_ms");
  model.tags = Pairs<track::Tag>(info, "tags");
  model.params = Pairs<track::Param>(data, "params");
  for (const Json& metric : List(data, "metrics")) model.metrics.push_back(PointOf(metric));
  return out;
}

registry::ModelVersion VersionOf(const Json& json) {
  registry::ModelVersion out;
  out.version = static_cast<int>(Int(json, "version"));
  out.created = Int(json, "creation_timestamp");
  out.updated = Int(json, "last_updated_timestamp");
  out.description = Text(json, "description");
  out.user_id = Text(json, "user_id");
  out.stage = registry::ParseStage(Text(json, "current_stage")).value_or(registry::Stage::kNone);
  out.source = Text(json, "source");
  out.run_id = Text(json, "run_id");
  out.run_link = Text(json, "run_link");
  out.status = Text(json, "status");
  out.logged_model_id = Text(json, "model_id");
  if (const std::string_view id = registry::LoggedModelOf(out.source); !id.empty()) out.logged_model_id = id;
  out.tags = Pairs<registry::Tag>(json, "tags");
  return out;
}

class HttpSource final : public Source {
 public:
  explicit HttpSource(std::string url) : session_(std::move(url)) {}
  Result<void> Prepare();
  std::string Describe() const override { return fmt::format("MLflow server '{}' ({})", session_.url(), version_); }
  std::vector<std::string> LeftOut() override { return {}; }
  Result<SourceCounts> Count() override;
  Result<std::vector<track::Experiment>> Experiments() override;
  Result<std::vector<SourceRun>> Runs(Place& place, const Skip& skip) override;
  Result<std::vector<track::Metric>> Points(const SourceRun& run, Place& place) override;
  Result<std::vector<SourceLoggedModel>> LoggedModels(Place& place) override;
  Result<std::vector<std::string>> RegisteredModels() override;
  Result<registry::ImportedModel> RegisteredModel(const std::string& name) override;
  // The server reads its own disk and its own store; what lies elsewhere clients can read where it is.
  bool CanRead(const std::string& uri) override {
    const std::size_t colon = uri.find(':');
    return colon == uri.npos || uri.starts_with("/") || uri.starts_with("file:") || uri.starts_with("mlflow-artifacts:") ||
           uri.find("/mlflow-artifacts/artifacts") != uri.npos;
  }
  Result<std::vector<std::string>> Files(const FileOwner& owner, std::vector<std::string>& refused) override;
  Result<artifacts::Blob> Copy(const FileOwner& owner, const std::string& path, const std::filesystem::path& to) override;

 private:
  Result<std::vector<Json>> AllPages(const std::string& path, Query query, std::string_view list);
  Result<void> ReadExperiments();
  Result<void> AddRegistered(const std::string& filter);
  // `condition`: what is added to the filter.
  Result<std::vector<Json>> VersionsOf(const std::string& name, const std::string& condition);
  Result<Json> ListFolder(const FileOwner& owner, const std::string& folder);

  HttpSession session_;
  std::string version_ = "version unknown";
  std::vector<track::Experiment> experiments_;
  bool read_experiments_ = false;
  std::vector<std::string> names_;
  std::vector<Json> registered_;  // by names_
  bool read_registered_ = false;
  bool read_runs_ = false;
  SourceCounts seen_;
};

Result<void> HttpSource::Prepare() {
  const Result<std::string> version = session_.GetText("/version");
  if (version && version->size() < 40) version_ = "version " + std::string(Trim(*version));
  return ReadExperiments();
}

Result<std::vector<Json>> HttpSource::AllPages(const std::string& path, Query query, std::string_view list) {
  std::vector<Json> out;
  query.emplace_back("page_token", "");
  for (;;) {
    if (query.back().second.empty()) query.pop_back();
    TRY(const Json page, session_.Get(kApi + path, query));
    for (const Json& one : List(page, list)) out.push_back(one);
    std::string next = Text(page, "next_page_token");
    if (next.empty()) return out;
    if (!query.empty() && query.back().first == "page_token") query.pop_back();
    query.emplace_back("page_token", std::move(next));
  }
}

Result<void> HttpSource::ReadExperiments() {
  if (read_experiments_) return {};
  Json body = Json::Object{{"max_results", 1000}, {"view_type", "ALL"}, {"order_by", Json::Array{Json("experiment_id ASC")}}};
  for (;;) {
    TRY(const Json page, session_.Post(kApi + "experiments/search", body));
    for (const Json& one : List(page, "experiments")) {
      experiments_.push_back({Text(one, "experiment_id"), Text(one, "name"), Text(one, "artifact_location"), StageOf(one),
                              Int(one, "creation_time"), Int(one, "last_update_time"), Pairs<track::Tag>(one, "tags")});
      seen_.experiment_tags += static_cast<std::int64_t>(experiments_.back().tags.size());
    }
    std::string next = Text(page, "next_page_token");
    if (next.empty()) break;
    body.Set("page_token", std::move(next));
  }
  seen_.experiments = static_cast<std::int64_t>(experiments_.size());
  read_experiments_ = true;
  return {};
}

Result<std::vector<track::Experiment>> HttpSource::Experiments() {
  TRYV(ReadExperiments());
  return experiments_;
}

// Place: number is the experiment's, token the server's. By start, so that runs that begin meanwhile come last.
Result<std::vector<SourceRun>> HttpSource::Runs(Place& place, const Skip& skip) {
  std::vector<SourceRun> out;
  const auto index = static_cast<std::size_t>(place.number);
  if (index >= experiments_.size()) {
    place.end = true;
    read_runs_ = true;
    return out;
  }
  Json body = Json::Object{{"experiment_ids", Json::Array{Json(experiments_[index].id)}},
                           {"run_view_type", "ALL"},
                           {"max_results", kRunsAtOnce},
                           {"order_by", Json::Array{Json("attributes.start_time ASC")}}};
  if (!place.token.empty()) body.Set("page_token", place.token);
  TRY(const Json page, session_.Post(kApi + "runs/search", body));
  for (const Json& one : List(page, "runs")) {
    SourceRun run = RunOf(one);
    ++seen_.runs;
    TRY(const bool known, skip(run.run));
    if (!known) {
      // A search leaves the models out that a run read.
      TRY(const Json whole, session_.Get(kApi + "runs/get", {{"run_id", run.run.info.run_id}}));
      run = RunOf(Part(whole, "run"));
    }
    seen_.params += static_cast<std::int64_t>(run.run.params.size());
    seen_.tags += static_cast<std::int64_t>(run.run.tags.size());
    seen_.dataset_inputs += static_cast<std::int64_t>(run.run.datasets.size());
    seen_.model_inputs += static_cast<std::int64_t>(run.run.model_inputs.size());
    seen_.model_outputs += static_cast<std::int64_t>(run.run.model_outputs.size());
    if (!known) out.push_back(std::move(run));
  }
  place.token = Text(page, "next_page_token");
  if (place.token.empty()) ++place.number;
  return out;
}

// Place: number is the key's, token the server's.
Result<std::vector<track::Metric>> HttpSource::Points(const SourceRun& run, Place& place) {
  std::vector<track::Metric> out;
  const std::vector<track::Metric>& keys = run.run.metrics;
  while (out.size() < kPiece && static_cast<std::size_t>(place.number) < keys.size()) {
    const std::string& key = keys[static_cast<std::size_t>(place.number)].key;
    Query query = {{"run_id", run.run.info.run_id}, {"metric_key", key}, {"max_results", "25000"}};
    if (!place.token.empty()) query.emplace_back("page_token", place.token);
    TRY(const Json page, session_.Get(kApi + "metrics/get-history", query));
    for (const Json& point : List(page, "metrics")) out.push_back(PointOf(point));
    place.token = Text(page, "next_page_token");
    if (place.token.empty()) ++place.number;
  }
  place.end = static_cast<std::size_t>(place.number) >= keys.size();
  return out;
}

Result<std::vector<SourceLoggedModel>> HttpSource::LoggedModels(Place& place) {
  std::vector<SourceLoggedModel> out;
  const auto index = static_cast<std::size_t>(place.number);
  if (index >= experiments_.size()) {
    place.end = true;
    return out;
  }
  Json body = Json::Object{{"experiment_ids", Json::Array{Json(experiments_[index].id)}}, {"max_results", kModelsAtOnce}};
  if (!place.token.empty()) body.Set("page_token", place.token);
  const Result<Json> page = session_.Post(kApi + "logged-models/search", body);
  if (!page && page.error().code == Code::kNotFound) {  // 2.x
    place.end = true;
    return out;
  }
  if (!page) return page.error();
  for (const Json& one : List(*page, "models")) {
    out.push_back(ModelOf(one));
    const track::LoggedModel& model = out.back().model;
    ++seen_.logged_models;
    seen_.logged_model_params += static_cast<std::int64_t>(model.params.size());
    seen_.logged_model_tags += static_cast<std::int64_t>(model.tags.size());
    seen_.logged_model_points += static_cast<std::int64_t>(model.metrics.size());
  }
  place.token = Text(*page, "next_page_token");
  if (place.token.empty()) ++place.number;
  return out;
}

Result<void> HttpSource::AddRegistered(const std::string& filter) {
  Query query = {{"max_results", "100"}};
  if (!filter.empty()) query.emplace_back("filter", filter);
  TRY(const std::vector<Json> models, AllPages("registered-models/search", query, "registered_models"));
  for (const Json& model : models) {
    const std::string name = Text(model, "name");
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) continue;
    names_.push_back(name);
    registered_.push_back(model);
  }
  return {};
}

Result<std::vector<std::string>> HttpSource::RegisteredModels() {
  if (!read_registered_) {
    TRYV(AddRegistered(""));
    // Prompts are registered models that a plain search leaves out.
    TRYV(AddRegistered(std::string(kIsPrompt)));
    seen_.registered_models = static_cast<std::int64_t>(names_.size());
    read_registered_ = true;
  }
  return names_;
}

Result<std::vector<Json>> HttpSource::VersionsOf(const std::string& name, const std::string& condition) {
  const char quote = name.find('\'') == name.npos ? '\'' : '"';
  return AllPages("model-versions/search",
                  {{"filter", fmt::format("name={0}{1}{0}{2}", quote, name, condition)}, {"max_results", "1000"}},
                  "model_versions");
}

Result<registry::ImportedModel> HttpSource::RegisteredModel(const std::string& name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return Fail(Code::kNotFound, fmt::format("Registered Model with name={} not found", name));
  const Json& json = registered_[static_cast<std::size_t>(found - names_.begin())];
  registry::ImportedModel out;
  out.model.name = name;
  out.model.description = Text(json, "description");
  out.model.created = Int(json, "creation_timestamp");
  out.model.updated = Int(json, "last_updated_timestamp");
  out.model.tags = Pairs<registry::Tag>(json, "tags");
  for (const Json& alias : List(json, "aliases"))
    out.model.aliases.push_back({Text(alias, "alias"), static_cast<int>(Int(alias, "version"))});
  TRY(std::vector<Json> versions, VersionsOf(name, ""));
  // Versions of prompts are left out by a plain search as the prompts themselves.
  if (std::any_of(out.model.tags.begin(), out.model.tags.end(), [](const auto& tag) { return tag.key == kPromptTag; })) {
    TRY(const std::vector<Json> of_prompt, VersionsOf(name, fmt::format(" and {}", kIsPrompt)));
    versions.insert(versions.end(), of_prompt.begin(), of_prompt.end());
  }
  for (const Json& json_version : versions) {
    registry::ModelVersion version = VersionOf(json_version);
    const auto same = [&](const registry::ModelVersion& other) { return other.version == version.version; };
    if (std::any_of(out.versions.begin(), out.versions.end(), same)) continue;
    out.versions.push_back(std::move(version));
    out.last_version = std::max(out.last_version, out.versions.back().version);
    seen_.version_tags += static_cast<std::int64_t>(out.versions.back().tags.size());
  }
  seen_.versions += static_cast<std::int64_t>(out.versions.size());
  seen_.model_tags += static_cast<std::int64_t>(out.model.tags.size());
  seen_.aliases += static_cast<std::int64_t>(out.model.aliases.size());
  return out;
}

// What has been read; a preview asks before anything is.
Result<SourceCounts> HttpSource::Count() {
  const Skip none = [](const track::Run&) -> Result<bool> { return true; };
  if (!read_runs_) {
    for (Place place; !place.end;) TRYV(Runs(place, none));
    for (Place place; !place.end;) TRYV(LoggedModels(place));
    seen_.versions = seen_.version_tags = seen_.model_tags = seen_.aliases = 0;
    TRY(const std::vector<std::string> names, RegisteredModels());
    for (const std::string& name : names) TRYV(RegisteredModel(name));
  }
  SourceCounts out = seen_;
  out.points = -1;
  return out;
}

Result<Json> HttpSource::ListFolder(const FileOwner& owner, const std::string& folder) {
  if (!owner.logged_model) return session_.Get(kApi + "artifacts/list", {{"run_id", owner.id}, {"path", folder}});
  return session_.Get(kApi + "logged-models/" + net::PercentEncode(owner.id) + "/artifacts/directories",
                      {{"artifact_directory_path", folder}});
}

Result<std::vector<std::string>> HttpSource::Files(const FileOwner& owner, std::vector<std::string>& refused) {
  std::vector<std::string> out;
  std::vector<std::string> folders = {""};
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const std::string folder = folders[i];
    TRY(const Json listing, ListFolder(owner, folder));
    for (const Json& file : List(listing, "files")) {
      const std::string path = Text(file, "path");
      const Json* const is_folder = file.Find("is_dir");
      const Result<std::string> clean = artifacts::CleanPath(path);
      // Below the folder that was asked for, so that no answer leads in a circle.
      const bool below = clean && *clean == path && (folder.empty() || path.starts_with(folder + "/")) && path != folder;
      if (!below) {
        refused.push_back(path);
      } else if (is_folder != nullptr && is_folder->IsBool() && is_folder->AsBool()) {
        if (folders.size() < kMaxFolders) folders.push_back(path);
      } else {
        out.push_back(path);
      }
    }
  }
  return out;
}

Result<artifacts::Blob> HttpSource::Copy(const FileOwner& owner, const std::string& path, const std::filesystem::path& to) {
  if (!owner.logged_model) return session_.Download("/get-artifact", {{"run_uuid", owner.id}, {"path", path}}, to);
  return session_.Download("/ajax-api/2.0/mlflow/logged-models/" + net::PercentEncode(owner.id) + "/artifacts/files",
                           {{"artifact_file_path", path}}, to);
}

}  // namespace

Result<std::unique_ptr<Source>> OpenHttpSource(const std::string& url) {
  auto source = std::make_unique<HttpSource>(url);
  TRYV(source->Prepare());
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace mlean::flows::migrate_mlflow
