// MLflow's file store, 2.x and 3.x: a folder for each experiment (deleted ones in .trash), in it a folder for each run, and the
// registry in `models`.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "flows/migrate_mlflow/local_files.hpp"
#include "flows/migrate_mlflow/meta_file.hpp"
#include "flows/migrate_mlflow/metric_file.hpp"
#include "flows/migrate_mlflow/source.hpp"
#include "os/files.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRunsAtOnce = 100;
constexpr std::size_t kModelsAtOnce = 50;
constexpr std::string_view kContextTag = "mlflow.data.context";
constexpr std::string_view kNoRuns[] = {"tags", "datasets", "traces", "models"};  // folders of an experiment that are no runs

struct ExperimentFolder {
  std::string id;
  fs::path path;
};

bool HasMeta(const fs::path& folder) { return os::Exists(folder / "meta.yaml"); }

class FileSource final : public Source {
 public:
  FileSource(fs::path root, std::optional<fs::path> artifacts) : root_(std::move(root)), artifacts_(std::move(artifacts)) {}

  Result<void> Prepare();
  std::string Describe() const override { return fmt::format("MLflow file store '{}'", root_.string()); }
  std::vector<std::string> LeftOut() override;
  Result<SourceCounts> Count() override;
  std::int64_t Expected() override { return runs_; }
  Result<std::vector<track::Experiment>> Experiments() override;
  Result<std::vector<SourceRun>> Runs(Place& place, const Skip& skip) override;
  Result<std::vector<track::Metric>> Points(const SourceRun& run, Place& place) override;
  Result<std::vector<SourceLoggedModel>> LoggedModels(Place& place) override;
  Result<std::vector<std::string>> RegisteredModels() override;
  Result<registry::ImportedModel> RegisteredModel(const std::string& name) override;
  // A file store that was moved names places that are no more: the files of a run lie beside it all the same.
  bool CanRead(const std::string& uri) override {
    const std::optional<fs::path> folder = LocalFolder(uri, artifacts_);
    const bool beside = !uri.starts_with("http") && !uri.starts_with("mlflow-artifacts");
    return folder && (beside || IsReachable(*folder));
  }
  Result<std::vector<std::string>> Files(const FileOwner& owner, std::vector<std::string>& refused) override {
    return FilesBelow(FolderOf(owner), refused);
  }
  Result<artifacts::Blob> Copy(const FileOwner& owner, const std::string& path, const fs::path& to) override {
    return CopyWithDigest(FolderOf(owner) / path, to);
  }

 private:
  Result<std::vector<std::string>> RunsOf(const ExperimentFolder& experiment) const;
  Result<SourceRun> ReadRun(const ExperimentFolder& experiment, const std::string& name) const;
  Result<void> ReadLinks(const ExperimentFolder& experiment, const fs::path& run, track::Run& out) const;
  Result<SourceLoggedModel> ReadModel(const ExperimentFolder& experiment, const std::string& name);
  Result<registry::ModelVersion> ReadVersion(const fs::path& folder) const;
  Result<void> CountRun(const ExperimentFolder& experiment, const std::string& name, SourceCounts& out);
  fs::path FolderOf(const FileOwner& owner) const;
  const ExperimentFolder* Find(const std::string& id) const;

  fs::path root_;
  std::optional<fs::path> artifacts_;
  std::vector<ExperimentFolder> experiments_;
  std::int64_t runs_ = 0;
  std::int64_t malformed_ = 0;
  // The listing of the experiment that Runs is in.
  std::size_t listed_ = static_cast<std::size_t>(-1);
  std::vector<std::string> names_;
};

Result<void> FileSource::Prepare() {
  for (const fs::path& folder : {root_, root_ / ".trash"}) {
    TRY(const std::vector<std::string> names, FoldersIn(folder));
    for (const std::string& name : names) {
      if (name == "models" || !HasMeta(folder / name)) continue;
      experiments_.push_back({name, folder / name});
    }
  }
  if (experiments_.empty()) {
    return Fail(Code::kNotFound,
                fmt::format("cannot migrate '{}': no MLflow file store (no experiment with a meta.yaml)", root_.string()),
                "mlean migrate mlflow ./mlruns");
  }
  for (const ExperimentFolder& experiment : experiments_) {
    TRY(const std::vector<std::string> names, RunsOf(experiment));
    runs_ += static_cast<std::int64_t>(names.size());
  }
  return {};
}

const ExperimentFolder* FileSource::Find(const std::string& id) const {
  const auto found = std::find_if(experiments_.begin(), experiments_.end(), [&](const auto& one) { return one.id == id; });
  return found == experiments_.end() ? nullptr : &*found;
}

Result<std::vector<std::string>> FileSource::RunsOf(const ExperimentFolder& experiment) const {
  TRY(std::vector<std::string> names, FoldersIn(experiment.path));
  std::erase_if(names, [&](const std::string& name) {
    return std::find(std::begin(kNoRuns), std::end(kNoRuns), name) != std::end(kNoRuns) || !HasMeta(experiment.path / name);
  });
  return names;
}

std::vector<std::string> FileSource::LeftOut() {
  std::vector<std::string> out;
  std::int64_t traces = 0;
  for (const ExperimentFolder& experiment : experiments_) {
    const auto names = FoldersIn(experiment.path / "traces");
    if (names) traces += static_cast<std::int64_t>(names->size());
  }
  if (traces > 0) out.push_back(fmt::format("{} traces", traces));
  if (malformed_ > 0) out.push_back(fmt::format("{} lines of metric files that are no points", malformed_));
  return out;
}

Result<std::vector<track::Experiment>> FileSource::Experiments() {
  std::vector<track::Experiment> out;
  for (const ExperimentFolder& experiment : experiments_) {
    TRY(const MetaFile meta, MetaFile::Read(experiment.path));
    track::Experiment one;
    one.id = experiment.id;
    one.name = meta.Text("name");
    one.artifact_location = meta.Text("artifact_location");
    one.stage = meta.Text("lifecycle_stage") == "deleted" ? track::Stage::kDeleted : track::Stage::kActive;
    one.created = meta.Int("creation_time");
    one.updated = meta.Int("last_update_time");
    TRY(one.tags, ReadPairFiles(experiment.path / "tags"));
    out.push_back(std::move(one));
  }
  return out;
}

// Place: number is the experiment's, token the last run's name.
Result<std::vector<SourceRun>> FileSource::Runs(Place& place, const Skip& skip) {
  std::vector<SourceRun> out;
  while (out.size() < kRunsAtOnce) {
    const auto index = static_cast<std::size_t>(place.number);
    if (index >= experiments_.size()) {
      place.end = true;
      return out;
    }
    const ExperimentFolder& experiment = experiments_[index];
    if (listed_ != index) {
      TRY(names_, RunsOf(experiment));
      listed_ = index;
    }
    auto next = std::upper_bound(names_.begin(), names_.end(), place.token);
    for (; next != names_.end() && out.size() < kRunsAtOnce; ++next) {
      TRY(SourceRun run, ReadRun(experiment, *next));
      place.token = *next;
      TRY(const bool known, skip(run.run));
      if (!known) out.push_back(std::move(run));
    }
    if (next != names_.end()) return out;
    ++place.number;
    place.token.clear();
  }
  return out;
}

Result<SourceRun> FileSource::ReadRun(const ExperimentFolder& experiment, const std::string& name) const {
  const fs::path folder = experiment.path / name;
  TRY(const MetaFile meta, MetaFile::Read(folder));
  SourceRun out;
  track::RunInfo& info = out.run.info;
  info.run_id = name;
  info.experiment_id = experiment.id;
  info.name = meta.Text("run_name");
  info.user_id = meta.Text("user_id");
  info.status = track::ParseRunStatus(meta.Text("status")).value_or(track::RunStatus::kFinished);
  info.start_time = meta.Int("start_time");
  info.end_time = meta.MaybeInt("end_time");
  info.artifact_uri = meta.Text("artifact_uri");
  info.stage = meta.Text("lifecycle_stage") == "deleted" ? track::Stage::kDeleted : track::Stage::kActive;
  out.deleted_time = meta.MaybeInt("deleted_time");
  TRY(out.run.params, ReadPairFiles(folder / "params"));
  TRY(out.run.tags, ReadPairFiles(folder / "tags"));
  TRYV(ReadLinks(experiment, folder, out.run));
  return out;
}

Result<void> FileSource::ReadLinks(const ExperimentFolder& experiment, const fs::path& run, track::Run& out) const {
  TRY(const std::vector<std::string> inputs, FoldersIn(run / "inputs"));
  for (const std::string& name : inputs) {
    TRY(const MetaFile meta, MetaFile::Read(run / "inputs" / name));
    if (meta.Text("source_type") == "MODEL") out.model_inputs.push_back(meta.Text("source_id"));
    if (meta.Text("source_type") != "DATASET") continue;
    const fs::path folder = experiment.path / "datasets" / meta.Text("source_id");
    if (!HasMeta(folder)) continue;  // as MLflow does
    TRY(const MetaFile dataset, MetaFile::Read(folder));
    std::vector<track::Tag> tags = meta.Pairs("tags");
    std::stable_partition(tags.begin(), tags.end(), [](const track::Tag& tag) { return tag.key != kContextTag; });
    out.datasets.push_back({{dataset.Text("name"), dataset.Text("digest"), dataset.Text("source_type"), dataset.Text("source"),
                             dataset.MaybeText("schema"), dataset.MaybeText("profile")},
                            std::move(tags)});
  }
  TRY(const std::vector<std::string> outputs, FoldersIn(run / "outputs"));
  for (const std::string& name : outputs) {
    TRY(const MetaFile meta, MetaFile::Read(run / "outputs" / name));
    if (meta.Text("source_type") == "RUN_OUTPUT") out.model_outputs.push_back({name, meta.Int("step")});
  }
  return {};
}

// Place: token is the metric's key, number where its file goes on.
Result<std::vector<track::Metric>> FileSource::Points(const SourceRun& run, Place& place) {
  std::vector<track::Metric> out;
  const ExperimentFolder* const experiment = Find(run.run.info.experiment_id);
  const fs::path folder = (experiment != nullptr ? experiment->path : root_) / run.run.info.run_id / "metrics";
  std::vector<std::string> refused;
  TRY(const std::vector<std::string> keys, FilesBelow(folder, refused));
  for (const std::string& key : keys) {
    if (key < place.token) continue;
    TRY(const MetricPiece piece, ReadMetricFile(folder / key, key, false, key == place.token ? place.number : 0, kPiece, out));
    malformed_ += piece.malformed;
    place.token = piece.next < 0 ? key + '\0' : key;
    place.number = std::max<std::int64_t>(piece.next, 0);
    if (out.size() >= kPiece) return out;
  }
  place.end = true;
  return out;
}

// Place: number is the experiment's, token the last model's name.
Result<std::vector<SourceLoggedModel>> FileSource::LoggedModels(Place& place) {
  std::vector<SourceLoggedModel> out;
  for (; static_cast<std::size_t>(place.number) < experiments_.size(); ++place.number, place.token.clear()) {
    const ExperimentFolder& experiment = experiments_[static_cast<std::size_t>(place.number)];
    TRY(const std::vector<std::string> names, FoldersIn(experiment.path / "models"));
    for (auto next = std::upper_bound(names.begin(), names.end(), place.token); next != names.end(); ++next) {
      if (!HasMeta(experiment.path / "models" / *next)) continue;
      TRY(SourceLoggedModel one, ReadModel(experiment, *next));
      out.push_back(std::move(one));
      place.token = *next;
      if (out.size() >= kModelsAtOnce) return out;
    }
  }
  place.end = true;
  return out;
}

Result<SourceLoggedModel> FileSource::ReadModel(const ExperimentFolder& experiment, const std::string& name) {
  const fs::path folder = experiment.path / "models" / name;
  TRY(const MetaFile meta, MetaFile::Read(folder));
  SourceLoggedModel out;
  track::LoggedModel& model = out.model;
  model.model_id = name;
  model.experiment_id = experiment.id;
  model.name = meta.Text("name");
  model.model_type = meta.Text("model_type");
  model.source_run_id = meta.Text("source_run_id");
  model.artifact_uri = meta.Text("artifact_location");
  model.status = track::ParseModelStatus(meta.Text("status")).value_or(track::ModelStatus::kReady);
  model.status_message = meta.Text("status_message");
  model.created = meta.Int("creation_timestamp");
  model.updated = meta.Int("last_updated_timestamp");
  out.deleted = meta.Text("lifecycle_stage") == "deleted";
  TRY(model.params, ReadPairFiles(folder / "params"));
  TRY(model.tags, ReadPairFiles(folder / "tags"));
  std::vector<std::string> refused;
  TRY(const std::vector<std::string> keys, FilesBelow(folder / "metrics", refused));
  for (const std::string& key : keys) {
    for (std::int64_t at = 0; at >= 0;) {
      TRY(const MetricPiece piece,
          ReadMetricFile(folder / "metrics" / key, key, true, at, model.metrics.size() + kPiece, model.metrics));
      malformed_ += piece.malformed;
      at = piece.next;
    }
  }
  return out;
}

Result<std::vector<std::string>> FileSource::RegisteredModels() {
  TRY(std::vector<std::string> names, FoldersIn(root_ / "models"));
  std::erase_if(names, [&](const std::string& name) { return !HasMeta(root_ / "models" / name); });
  return names;
}

Result<registry::ImportedModel> FileSource::RegisteredModel(const std::string& name) {
  const fs::path folder = root_ / "models" / name;
  TRY(const MetaFile meta, MetaFile::Read(folder));
  registry::ImportedModel out;
  out.model.name = name;
  out.model.description = meta.Text("description");
  out.model.created = meta.Int("creation_timestamp");
  out.model.updated = meta.Int("last_updated_timestamp");
  TRY(const std::vector<track::Tag> tags, ReadPairFiles(folder / "tags"));
  for (const track::Tag& tag : tags) out.model.tags.push_back({tag.key, tag.value});
  TRY(const std::vector<track::Tag> aliases, ReadPairFiles(folder / "aliases"));
  for (const track::Tag& alias : aliases)
    out.model.aliases.push_back({alias.key, static_cast<int>(ParseInt(Trim(alias.value)).value_or(0))});
  TRY(const std::vector<std::string> names, FoldersIn(folder));
  for (const std::string& one : names) {
    if (!one.starts_with("version-") || !HasMeta(folder / one)) continue;
    TRY(registry::ModelVersion version, ReadVersion(folder / one));
    out.last_version = std::max(out.last_version, version.version);
    if (version.status != "Deleted_Internal") out.versions.push_back(std::move(version));
  }
  std::sort(out.versions.begin(), out.versions.end(), [](const auto& a, const auto& b) { return a.version < b.version; });
  return out;
}

// The status "Deleted_Internal" says that it is deleted.
Result<registry::ModelVersion> FileSource::ReadVersion(const fs::path& folder) const {
  TRY(const MetaFile meta, MetaFile::Read(folder));
  registry::ModelVersion out;
  out.version = static_cast<int>(meta.Int("version"));
  out.created = meta.Int("creation_timestamp");
  out.updated = meta.Int("last_updated_timestamp");
  out.description = meta.Text("description");
  out.user_id = meta.Text("user_id");
  const std::string stage = meta.Text("current_stage");
  out.stage = registry::ParseStage(stage).value_or(registry::Stage::kNone);
  out.source = meta.Text("source");
  out.run_id = meta.Text("run_id");
  out.run_link = meta.Text("run_link");
  out.logged_model_id = meta.Text("model_id");
  out.status = stage == "Deleted_Internal" ? stage : meta.Text("status");
  if (out.status == "READY" || out.status == "2") out.status = "READY";
  TRY(const std::vector<track::Tag> tags, ReadPairFiles(folder / "tags"));
  for (const track::Tag& tag : tags) out.tags.push_back({tag.key, tag.value});
  return out;
}

fs::path FileSource::FolderOf(const FileOwner& owner) const {
  const auto named = LocalFolder(owner.uri, artifacts_);
  if (named && os::IsDir(*named)) return *named;
  for (const ExperimentFolder& experiment : experiments_) {
    const fs::path folder = owner.logged_model ? experiment.path / "models" / owner.id : experiment.path / owner.id;
    if (HasMeta(folder)) return folder / "artifacts";
  }
  return named.value_or(root_ / owner.id / "artifacts");
}

Result<SourceCounts> FileSource::Count() {
  SourceCounts out;
  const std::int64_t malformed = malformed_;
  for (const ExperimentFolder& experiment : experiments_) {
    ++out.experiments;
    TRY(const auto tags, ReadPairFiles(experiment.path / "tags"));
    out.experiment_tags += static_cast<std::int64_t>(tags.size());
    TRY(const std::vector<std::string> runs, RunsOf(experiment));
    for (const std::string& name : runs) TRYV(CountRun(experiment, name, out));
  }
  for (Place place; !place.end;) {
    TRY(const std::vector<SourceLoggedModel> models, LoggedModels(place));
    for (const SourceLoggedModel& one : models) {
      ++out.logged_models;
      out.logged_model_params += static_cast<std::int64_t>(one.model.params.size());
      out.logged_model_tags += static_cast<std::int64_t>(one.model.tags.size());
      out.logged_model_points += static_cast<std::int64_t>(one.model.metrics.size());
    }
  }
  TRY(const std::vector<std::string> names, RegisteredModels());
  for (const std::string& name : names) {
    TRY(const registry::ImportedModel model, RegisteredModel(name));
    ++out.registered_models;
    out.model_tags += static_cast<std::int64_t>(model.model.tags.size());
    out.aliases += static_cast<std::int64_t>(model.model.aliases.size());
    out.versions += static_cast<std::int64_t>(model.versions.size());
    for (const registry::ModelVersion& version : model.versions)
      out.version_tags += static_cast<std::int64_t>(version.tags.size());
  }
  malformed_ = malformed;  // counted once
  return out;
}

Result<void> FileSource::CountRun(const ExperimentFolder& experiment, const std::string& name, SourceCounts& out) {
  TRY(const SourceRun run, ReadRun(experiment, name));
  ++out.runs;
  out.params += static_cast<std::int64_t>(run.run.params.size());
  out.tags += static_cast<std::int64_t>(run.run.tags.size());
  out.dataset_inputs += static_cast<std::int64_t>(run.run.datasets.size());
  out.model_inputs += static_cast<std::int64_t>(run.run.model_inputs.size());
  out.model_outputs += static_cast<std::int64_t>(run.run.model_outputs.size());
  for (Place place; !place.end;) {
    TRY(const std::vector<track::Metric> points, Points(run, place));
    out.points += static_cast<std::int64_t>(points.size());
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Source>> OpenFileSource(const fs::path& folder, const std::optional<fs::path>& artifacts) {
  auto source = std::make_unique<FileSource>(folder, artifacts);
  TRYV(source->Prepare());
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace mlean::flows::migrate_mlflow
