#include "flows/migrate_mlflow/migrate.hpp"

#include <chrono>
#include <map>

#include <fmt/format.h>

#include "base/text.hpp"
#include "flows/migrate_mlflow/copy_files.hpp"
#include "flows/migrate_mlflow/local_files.hpp"
#include "flows/migrate_mlflow/merge_model.hpp"
#include "flows/migrate_mlflow/run_writer.hpp"
#include "flows/server_link.hpp"
#include "os/lock.hpp"
#include "registry/model_store.hpp"
#include "track/experiment_store.hpp"
#include "track/import_store.hpp"
#include "track/run_store.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

constexpr std::string_view kOurs = "mlflow-artifacts:";

// What becomes of an experiment.
struct Destination {
  std::string id;        // here; "": deleted for good here since
  std::string location;  // at the source, without a trailing slash
  bool moves = false;    // its files come into our store
};

std::string WithoutSlash(std::string text) {
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

Error NameTaken(const Options& options, std::string_view kind, std::string_view name) {
  return Fail(
      Code::kExists,
      fmt::format("cannot migrate '{}': {} '{}' is in this store already and did not come from there", options.from, kind, name),
      fmt::format("mlean migrate mlflow {} --prefix old-", options.from));
}

// The first name that is taken by something that did not come from the origin.
Result<void> CheckNames(sql::Conn& conn, const Options& options, Source& source) {
  TRY(const auto import, track::FindImport(conn, OriginOf(options.from, options.directory)));
  const std::string prefix = import ? import->prefix : options.prefix.value_or("");
  const std::int64_t number = import ? import->no : -1;
  TRY(const auto experiments, source.Experiments());
  for (const track::Experiment& experiment : experiments) {
    TRY(const auto item, track::FindItem(conn, number, track::ImportKind::kExperiment, experiment.id));
    const std::string name = prefix + experiment.name;
    if (!item && name != "Default" && track::GetExperimentByName(conn, name)) return NameTaken(options, "experiment", name);
  }
  TRY(const std::vector<std::string> models, source.RegisteredModels());
  for (const std::string& model : models) {
    TRY(const auto item, track::FindItem(conn, number, track::ImportKind::kRegisteredModel, model));
    if (!item && registry::GetModel(conn, prefix + model)) return NameTaken(options, "registered model", prefix + model);
  }
  return {};
}

std::vector<CountLine> Lines(const SourceCounts& source, const track::ImportCounts& here, const registry::ModelCounts& models,
                             std::int64_t registered) {
  const std::int64_t points = source.points < 0 ? here.points_read : source.points;
  std::vector<CountLine> all = {{"experiments", source.experiments, here.experiments},
                                {"experiment tags", source.experiment_tags, here.experiment_tags},
                                {"runs", source.runs, here.runs},
                                {"metric points", points, here.points + here.same_points},
                                {"params", source.params, here.params},
                                {"run tags", source.tags, here.tags},
                                {"dataset inputs", source.dataset_inputs, here.dataset_inputs},
                                {"model inputs", source.model_inputs, here.model_inputs},
                                {"model outputs", source.model_outputs, here.model_outputs},
                                {"logged models", source.logged_models, here.logged_models},
                                {"logged model params", source.logged_model_params, here.logged_model_params},
                                {"logged model tags", source.logged_model_tags, here.logged_model_tags},
                                {"logged model points", source.logged_model_points, here.logged_model_points},
                                {"registered models", source.registered_models, registered},
                                {"registered model tags", source.model_tags, models.tags},
                                {"aliases", source.aliases, models.aliases},
                                {"model versions", source.versions, models.versions},
                                {"model version tags", source.version_tags, models.version_tags}};
  std::erase_if(all, [](const CountLine& line) { return line.source == 0 && line.target == 0; });
  return all;
}

class Migration {
 public:
  Migration(const Workspace& workspace, const Options& options, Source& source, track::Import import)
      : workspace_(workspace), options_(options), source_(source), import_(std::move(import)) {}

  Result<Report> Run();

 private:
  Result<void> BringExperiments();
  Result<void> BringRuns();
  Result<bool> IsHere(const track::Run& run);
  Result<void> BringLoggedModels();
  Result<void> BringRegistry();
  Result<void> BringModel(const registry::ImportedModel& model, const std::string& source_name);
  Result<void> Follow(sql::Txn& txn, const track::ImportItem& item, const registry::ImportedModel& model);
  // Where a version's source leads here.
  std::string SourceHere(const std::string& source) const;
  Result<void> MoveSources(sql::Txn& txn, std::int64_t model);
  Result<void> Count();
  Result<void> Finish();

  // Where the experiment went; kCorrupt when the source names one that it does not have.
  Result<const Destination*> DestinationOf(const std::string& experiment, const std::string& whose) const;
  std::string UriHere(const Destination& to, const std::string& below, const std::string& uri) const {
    return to.moves ? fmt::format("{}/{}/{}/artifacts", kOurs, to.id, below) : uri;
  }
  Result<void> Continue() const {
    if (options_.cancelled == nullptr || !options_.cancelled->load()) return {};
    return Fail(Code::kCancelled, fmt::format("cannot finish the migration of '{}': interrupted", options_.from),
                "the same command goes on where it was");
  }

  const Workspace& workspace_;
  const Options& options_;
  Source& source_;
  const track::Import import_;
  std::map<std::string, Destination> destinations_;                   // by the source's id
  std::vector<std::pair<track::ImportItem, std::string>> kept_runs_;  // that have changed there and here
  Report report_;
};

Result<Report> Migration::Run() {
  const auto started = std::chrono::steady_clock::now();
  report_.source = source_.Describe();
  TRYV(BringExperiments());
  TRYV(BringRuns());
  TRYV(BringLoggedModels());
  TRYV(BringRegistry());
  if (options_.files) {
    TRYV(CopyFiles({workspace_, source_, import_.no, options_.cancelled, options_.progress}, report_));
  }
  report_.left_out = source_.LeftOut();
  TRYV(Count());
  report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  TRYV(Finish());
  return std::move(report_);
}

Result<const Destination*> Migration::DestinationOf(const std::string& experiment, const std::string& whose) const {
  const auto found = destinations_.find(experiment);
  if (found != destinations_.end()) return &found->second;
  return Fail(Code::kCorrupt,
              fmt::format("cannot bring {}: its experiment '{}' is not in '{}'", whose, experiment, options_.from),
              "the same command again, if the experiment was made meanwhile");
}

Result<void> Migration::BringExperiments() {
  TRY(const std::vector<track::Experiment> experiments, source_.Experiments());
  for (const track::Experiment& experiment : experiments) {
    Destination to;
    to.location = WithoutSlash(experiment.artifact_location);
    to.moves = IsProxied(to.location) || (options_.files && source_.CanRead(to.location));
    TRY(to.id, workspace_.db->Write([&](sql::Txn& txn) {
      return track::ImportExperiment(txn, import_.no, experiment, import_.prefix + experiment.name,
                                     to.moves ? std::string(kOurs) : to.location, report_.changes);
    }));
    destinations_[experiment.id] = std::move(to);
  }
  return {};
}

bool IsOpen(track::RunStatus status) { return status == track::RunStatus::kRunning || status == track::RunStatus::kScheduled; }

// One that was or is still running is brought again, and one that has changed there and not here.
Result<bool> Migration::IsHere(const track::Run& run) {
  const track::RunInfo& info = run.info;
  const auto to = destinations_.find(info.experiment_id);
  if (to != destinations_.end() && to->second.id.empty()) return true;  // as much as it will ever be
  return workspace_.db->Read([&](sql::Conn& conn) -> Result<bool> {
    TRY(const auto item, track::FindItem(conn, import_.no, track::ImportKind::kRun, info.run_id));
    if (!item || !item->done) return false;
    const Result<track::RunInfo> here = track::GetRunInfo(conn, info.run_id);
    // One that has been deleted for good here does not come back.
    if (!here) return here.error().code == Code::kNotFound ? Result<bool>(true) : here.error();
    if (IsOpen(info.status) || IsOpen(here->status)) return false;
    TRY(const track::Changed changed, track::WhereChanged(conn, track::ImportKind::kRun, *item, track::StateOf(run)));
    if (changed == track::Changed::kBoth) kept_runs_.emplace_back(*item, track::StateOf(run));
    if (changed == track::Changed::kThere) ++report_.changes.brought;
    return changed != track::Changed::kThere;
  });
}

Result<void> Migration::BringRuns() {
  const Skip skip = [&](const track::Run& run) { return IsHere(run); };
  const auto more = [&](const SourceRun& run, Place& place) -> Result<std::vector<track::Metric>> {
    TRYV(Continue());
    return source_.Points(run, place);
  };
  const std::int64_t total = source_.Expected();
  RunWriter writer(*workspace_.db, import_.no);
  for (Place place; !place.end;) {
    TRY(std::vector<SourceRun> runs, source_.Runs(place, skip));
    for (SourceRun& run : runs) {
      TRYV(Continue());
      track::RunInfo& info = run.run.info;
      TRY(const Destination* to, DestinationOf(info.experiment_id, fmt::format("run '{}'", info.run_id)));
      info.experiment_id = to->id;
      if (info.stage == track::Stage::kDeleted && !run.deleted_time) run.deleted_time = workspace_.Now();  // REST does not say
      std::string source_uri = std::exchange(info.artifact_uri, UriHere(*to, info.run_id, info.artifact_uri));
      TRYV(writer.Add(std::move(run), std::move(source_uri), more));
      if (options_.progress) options_.progress("runs", writer.runs(), total);
    }
  }
  TRYV(writer.Flush());
  report_.rows = writer.rows();
  report_.changes.kept += static_cast<std::int64_t>(kept_runs_.size());
  return workspace_.db->Write([&](sql::Txn& txn) -> Result<void> {
    for (const auto& [item, state] : kept_runs_) TRYV(track::NoteState(txn, import_.no, track::ImportKind::kRun, item, state));
    return {};
  });
}

Result<void> Migration::BringLoggedModels() {
  for (Place place; !place.end;) {
    TRYV(Continue());
    TRY(std::vector<SourceLoggedModel> models, source_.LoggedModels(place));
    TRYV(workspace_.db->Write([&](sql::Txn& txn) -> Result<void> {
      for (SourceLoggedModel& one : models) {
        TRY(const Destination* to, DestinationOf(one.model.experiment_id, fmt::format("logged model '{}'", one.model.model_id)));
        if (to->id.empty()) continue;
        one.model.experiment_id = to->id;
        const std::string source_uri =
            std::exchange(one.model.artifact_uri, UriHere(*to, "models/" + one.model.model_id, one.model.artifact_uri));
        TRYV(track::ImportLoggedModel(txn, import_.no, one.model, one.deleted, source_uri, report_.changes));
      }
      return {};
    }));
  }
  return {};
}

Result<void> Migration::BringRegistry() {
  TRY(const std::vector<std::string> names, source_.RegisteredModels());
  for (const std::string& name : names) {
    TRYV(Continue());
    TRY(registry::ImportedModel model, source_.RegisteredModel(name));
    model.model.name = import_.prefix + name;
    for (registry::ModelVersion& version : model.versions) version.source = SourceHere(version.source);
    TRYV(BringModel(model, name));
  }
  return {};
}

Result<void> Migration::BringModel(const registry::ImportedModel& model, const std::string& source_name) {
  return workspace_.db->Write([&](sql::Txn& txn) -> Result<void> {
    TRY(const auto item, track::FindItem(txn, import_.no, track::ImportKind::kRegisteredModel, source_name));
    int added = static_cast<int>(model.versions.size());
    std::int64_t number = item ? item->target : 0;
    if (item) {
      TRY(added, registry::AddMissingVersions(txn, number, model));
      TRYV(MoveSources(txn, number));
      TRYV(Follow(txn, *item, model));
    } else {
      TRY(number, registry::ImportModel(txn, model));
      TRYV(track::PutItem(txn, import_.no, track::ImportKind::kRegisteredModel, {source_name, number, true, ""}));
      TRYV(track::SetState(txn, import_.no, track::ImportKind::kRegisteredModel, source_name, ModelState(model)));
    }
    if (item && added == 0) return {};
    codec::Json aliases = codec::Json::Object{};
    for (const registry::Alias& alias : model.model.aliases) aliases.Set(alias.name, alias.version);
    return Record(txn, workspace_, "model.imported", "models/" + model.model.name,
                  codec::Json::Object{{"from", import_.origin}, {"versions", added}, {"aliases", std::move(aliases)}});
  });
}

// What has changed there since the last call.
Result<void> Migration::Follow(sql::Txn& txn, const track::ImportItem& item, const registry::ImportedModel& model) {
  const Result<std::string> name = registry::ModelName(txn, item.target);
  if (!name && name.error().code == Code::kNotFound) return {};  // deleted here
  if (!name) return name.error();
  TRY(const ModelMerge merge,
      MergeModel(txn, workspace_, *name, item.state, model, fmt::format("migrated from {}", import_.origin)));
  report_.changes.brought += merge.brought;
  report_.changes.kept += merge.kept;
  for (const std::string& one : merge.refused) report_.refused_changes.push_back(one);
  // What a gate refuses is tried again by the next call.
  if (!merge.refused.empty()) return {};
  return track::SetState(txn, import_.no, track::ImportKind::kRegisteredModel, item.source_id, ModelState(model));
}

// The same folder as text in the ways that clients write it.
std::vector<std::string> Spellings(const std::string& location) {
  if (location.starts_with("/")) return {location, "file://" + location};
  if (location.starts_with("file:///")) return {location, location.substr(7)};
  return {location};
}

// By the experiment that lies deepest: one may lie in another's folder. Once only: an id there may be another experiment's here.
std::string Migration::SourceHere(const std::string& source) const {
  std::size_t longest = 0;
  std::string here = source;
  for (const auto& [id, to] : destinations_) {
    if (!to.moves || to.location.empty() || to.id.empty()) continue;
    for (const std::string& from : Spellings(to.location)) {
      if (from.size() <= longest || !source.starts_with(from + "/")) continue;
      longest = from.size();
      here = fmt::format("{}/{}{}", kOurs, to.id, source.substr(from.size()));
    }
  }
  return here;
}

// Of versions that came when their files did not. Sources in the old server's own store moved when they came.
Result<void> Migration::MoveSources(sql::Txn& txn, std::int64_t model) {
  for (const auto& [id, to] : destinations_) {
    if (!to.moves || to.location.empty() || to.id.empty() || to.location.starts_with(kOurs)) continue;
    for (const std::string& from : Spellings(to.location))
      TRYV(registry::MoveSources(txn, model, from, fmt::format("{}/{}", kOurs, to.id)));
  }
  return {};
}

Result<void> Migration::Count() {
  TRY(const SourceCounts source, source_.Count());
  TRY(const std::vector<std::string> names, source_.RegisteredModels());
  track::ImportCounts here;
  registry::ModelCounts models;
  std::int64_t registered = 0;
  TRYV(workspace_.db->Read([&](sql::Conn& conn) -> Result<void> {
    TRY(here, track::CountImport(conn, import_.no));
    for (const std::string& name : names) {
      TRY(const auto item, track::FindItem(conn, import_.no, track::ImportKind::kRegisteredModel, name));
      if (!item) continue;
      ++registered;
      TRY(const registry::ModelCounts one, registry::CountModel(conn, item->target));
      models.tags += one.tags;
      models.aliases += one.aliases;
      models.versions += one.versions;
      models.version_tags += one.version_tags;
    }
    return {};
  }));
  report_.counts = Lines(source, here, models, registered);
  report_.same_points = here.same_points;
  report_.removed = here.removed;
  report_.complete = true;
  for (const CountLine& line : report_.counts) {
    // What was changed or deleted here since is no fault of the migration.
    const bool known = report_.removed > 0 || import_.finished.has_value();
    const std::int64_t missing = line.source - line.target - (line.what == "runs" ? report_.removed : 0);
    if (missing > 0 && (!known || line.what == "runs")) report_.complete = false;
  }
  return {};
}

Result<void> Migration::Finish() {
  codec::Json counts = codec::Json::Object{};
  for (const CountLine& line : report_.counts) counts.Set(line.what, line.target);
  TRYV(workspace_.db->Write([&](sql::Txn& txn) -> Result<void> {
    if (report_.complete) TRYV(track::FinishImport(txn, import_.no, workspace_.Now()));
    return Record(txn, workspace_, "store.imported", fmt::format("imports/{}", import_.no),
                  codec::Json::Object{{"from", import_.origin}, {"counts", std::move(counts)}, {"files", report_.files}});
  }));
  SyncServer(workspace_);
  return {};
}

}  // namespace

Result<Report> Migrate(const Workspace& workspace, const Options& options) {
  TRY(const os::FileLock lock, os::FileLock::TryAcquire(workspace.project.StateDir() / "migrate.lock", "mlean migrate mlflow"));
  TRY(const std::unique_ptr<Source> source, OpenSource(options.from, options.directory, options.artifacts));
  TRYV(workspace.db->Read([&](sql::Conn& conn) { return CheckNames(conn, options, *source); }));
  const std::string origin = OriginOf(options.from, options.directory);
  TRY(track::Import import,
      workspace.db->Write([&](sql::Txn& txn) { return track::BeginImport(txn, origin, options.prefix, workspace.Now()); }));
  TRYV(workspace.db->Write(
      [&](sql::Txn& txn) { return track::PrepareDefaultExperiment(txn, "mlflow-artifacts:", workspace.Now()); }));
  return Migration(workspace, options, *source, std::move(import)).Run();
}

Result<Report> Preview(const Workspace* workspace, const Options& options) {
  TRY(const std::unique_ptr<Source> source, OpenSource(options.from, options.directory, options.artifacts));
  track::ImportCounts here;
  if (workspace != nullptr) {
    TRYV(workspace->db->Read([&](sql::Conn& conn) -> Result<void> {
      TRYV(CheckNames(conn, options, *source));
      TRY(const auto import, track::FindImport(conn, OriginOf(options.from, options.directory)));
      if (!import) return {};
      TRY(here, track::CountImport(conn, import->no));
      return {};
    }));
  }
  Report report;
  report.source = source->Describe();
  report.left_out = source->LeftOut();
  TRY(const SourceCounts counts, source->Count());
  report.counts = Lines(counts, here, {}, 0);
  return report;
}

}  // namespace mlean::flows::migrate_mlflow
