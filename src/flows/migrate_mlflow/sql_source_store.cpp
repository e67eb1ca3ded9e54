// MLflow's SQL schema in SQLite, from the first 2.x to 3.17: columns and tables that came later are used where they are.
#include <algorithm>
#include <limits>
#include <tuple>

#include <fmt/format.h>

#include "base/text.hpp"
#include "flows/migrate_mlflow/local_files.hpp"
#include "flows/migrate_mlflow/source.hpp"
#include "sql/foreign.hpp"
#include "sql/rows.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

constexpr int kRunsAtOnce = 200;
constexpr int kModelsAtOnce = 50;
constexpr std::string_view kContextTag = "mlflow.data.context";

using Pairs = std::vector<track::Tag>;

class SqlSource final : public Source {
 public:
  SqlSource(std::unique_ptr<sql::Conn> conn, std::filesystem::path file, std::optional<std::filesystem::path> artifacts)
      : conn_(std::move(conn)), file_(std::move(file)), artifacts_(std::move(artifacts)) {}

  Result<void> Prepare();
  std::string Describe() const override { return fmt::format("MLflow database '{}' (schema {})", file_.string(), revision_); }
  std::vector<std::string> LeftOut() override;
  Result<SourceCounts> Count() override;
  std::int64_t Expected() override { return One("SELECT count(*) FROM runs", {}).value_or(0); }
  Result<std::vector<track::Experiment>> Experiments() override;
  Result<std::vector<SourceRun>> Runs(Place& place, const Skip& skip) override;
  Result<std::vector<track::Metric>> Points(const SourceRun& run, Place& place) override;
  Result<std::vector<SourceLoggedModel>> LoggedModels(Place& place) override;
  Result<std::vector<std::string>> RegisteredModels() override;
  Result<registry::ImportedModel> RegisteredModel(const std::string& name) override;
  bool CanRead(const std::string& uri) override {
    const auto folder = LocalFolder(uri, artifacts_);
    return folder && IsReachable(*folder);
  }
  Result<std::vector<std::string>> Files(const FileOwner& owner, std::vector<std::string>& refused) override {
    const auto folder = LocalFolder(owner.uri, artifacts_);
    return folder ? FilesBelow(*folder, refused) : std::vector<std::string>{};
  }
  Result<artifacts::Blob> Copy(const FileOwner& owner, const std::string& path, const std::filesystem::path& to) override {
    return CopyWithDigest(*LocalFolder(owner.uri, artifacts_) / path, to);
  }

 private:
  Result<bool> Has(std::string_view table, std::string_view column);
  Result<std::int64_t> One(std::string_view sql, const std::optional<std::string>& value);
  template <class F>
  auto All(std::string_view sql, const std::string& value, F&& read) -> Result<std::vector<sql::RowOf<F>>> {
    TRY(sql::Stmt stmt, conn_->Prepare(sql));
    stmt.Bind(value);
    return sql::ReadRows(stmt, std::forward<F>(read));
  }
  Result<Pairs> ReadPairs(std::string_view sql, const std::string& owner) {
    return All(sql, owner, [](const sql::Stmt& row) { return track::Tag{row.Text(0), row.Text(1)}; });
  }
  Result<void> ReadInputs(track::Run& run);
  Result<void> ReadModelPoints(track::LoggedModel& model);
  Result<std::vector<registry::ModelVersion>> Versions(const std::string& name);

  std::unique_ptr<sql::Conn> conn_;
  std::filesystem::path file_;
  std::optional<std::filesystem::path> artifacts_;
  std::string revision_ = "unknown";
  // What this schema has.
  bool workspaces_ = false, times_ = false, deleted_time_ = false, inputs_ = false, input_step_ = false, logged_models_ = false,
       registry_ = false, aliases_ = false, model_tags_ = false, version_tags_ = false, run_link_ = false;
};

Result<bool> SqlSource::Has(std::string_view table, std::string_view column) {
  TRY(sql::Stmt stmt, conn_->Prepare("SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2"));
  stmt.Bind(table).Bind(column);
  return stmt.Step();
}

Result<std::int64_t> SqlSource::One(std::string_view sql, const std::optional<std::string>& value) {
  TRY(sql::Stmt stmt, conn_->Prepare(sql));
  if (value) stmt.Bind(*value);
  TRY(const bool found, stmt.Step());
  return found ? stmt.Int(0) : 0;
}

Result<void> SqlSource::Prepare() {
  struct Needed {
    std::string_view table, column;
  };
  static constexpr Needed kNeeded[] = {{"experiments", "artifact_location"},
                                       {"runs", "run_uuid"},
                                       {"runs", "lifecycle_stage"},
                                       {"metrics", "step"},
                                       {"metrics", "is_nan"},
                                       {"params", "value"},
                                       {"tags", "value"},
                                       {"experiment_tags", "value"}};
  TRY(const bool versioned, Has("alembic_version", "version_num"));
  if (versioned) {
    TRY(sql::Stmt stmt, conn_->Prepare("SELECT version_num FROM alembic_version"));
    TRY(const bool found, stmt.Step());
    if (found) revision_ = stmt.Text(0);
  }
  for (const auto& [table, column] : kNeeded) {
    TRY(const bool there, Has(table, column));
    if (there) continue;
    return Fail(Code::kUnsupported,
                fmt::format("cannot migrate '{}': it is no MLflow database that is known here (schema {}, no column {}.{})",
                            file_.string(), revision_, table, column),
                "mlflow db upgrade sqlite:///" + file_.string());
  }
  TRY(workspaces_, Has("experiments", "workspace"));
  TRY(times_, Has("experiments", "creation_time"));
  TRY(deleted_time_, Has("runs", "deleted_time"));
  TRY(inputs_, Has("inputs", "source_type"));
  TRY(input_step_, Has("inputs", "step"));
  TRY(logged_models_, Has("logged_models", "model_id"));
  TRY(registry_, Has("model_versions", "version"));
  TRY(aliases_, Has("registered_model_aliases", "alias"));
  TRY(model_tags_, Has("registered_model_tags", "key"));
  TRY(version_tags_, Has("model_version_tags", "key"));
  TRY(run_link_, Has("model_versions", "run_link"));
  return {};
}

std::vector<std::string> SqlSource::LeftOut() {
  struct Table {
    const char *name, *column, *noun;
  };
  static constexpr Table kTables[] = {{"trace_info", "request_id", "traces"},
                                      {"webhooks", "webhook_id", "webhooks"},
                                      {"evaluation_datasets", "dataset_id", "evaluation datasets"},
                                      {"scorers", "scorer_id", "scorers"}};
  std::vector<std::string> out;
  for (const Table& table : kTables) {
    const Result<bool> there = Has(table.name, table.column);
    if (!there || !*there) continue;
    const std::int64_t count = One(fmt::format("SELECT count(*) FROM {}", table.name), {}).value_or(0);
    if (count > 0) out.push_back(fmt::format("{} {}", count, table.noun));
  }
  if (workspaces_) {
    const std::int64_t count = One("SELECT count(*) FROM experiments WHERE workspace <> 'default'", {}).value_or(0);
    if (count > 0) out.push_back(fmt::format("{} experiments of other workspaces", count));
  }
  return out;
}

Result<SourceCounts> SqlSource::Count() {
  SourceCounts out;
  const std::string in_default = workspaces_ ? " AND e.workspace = 'default'" : "";
  const auto count = [&](std::int64_t& value, bool there, const std::string& rest) -> Result<void> {
    if (!there) return {};
    TRY(value, One("SELECT count(*) FROM " + rest, {}));
    return {};
  };
  const std::string experiments = "experiments e";
  const std::string runs = "experiments e JOIN runs r ON r.experiment_id = e.experiment_id";
  const std::string models = "experiments e JOIN logged_models l ON l.experiment_id = e.experiment_id";
  const std::string where = " WHERE 1" + in_default;
  const auto of_run = [&](const std::string& table) {
    return runs + " CROSS JOIN " + table + " t ON t.run_uuid = r.run_uuid" + where;
  };
  const auto of_model = [&](const std::string& table) {
    return models + " CROSS JOIN " + table + " t ON t.model_id = l.model_id";
  };
  TRYV(count(out.experiments, true, experiments + where));
  TRYV(count(out.experiment_tags, true, experiments + " JOIN experiment_tags t ON t.experiment_id = e.experiment_id" + where));
  TRYV(count(out.runs, true, runs + where));
  TRYV(count(out.points, true, of_run("metrics")));
  TRYV(count(out.params, true, of_run("params")));
  TRYV(count(out.tags, true, of_run("tags")));
  TRYV(count(out.dataset_inputs, inputs_,
             runs +
                 " JOIN inputs i ON i.destination_type = 'RUN' AND i.destination_id = r.run_uuid AND i.source_type = 'DATASET' "
                 "JOIN datasets d ON d.dataset_uuid = i.source_id" +
                 where));
  TRYV(count(out.model_inputs, inputs_,
             runs +
                 " JOIN inputs i ON i.source_type = 'RUN_INPUT' AND i.source_id = r.run_uuid AND "
                 "i.destination_type = 'MODEL_INPUT'" +
                 where));
  TRYV(count(out.model_outputs, inputs_,
             runs +
                 " JOIN inputs i ON i.source_type = 'RUN_OUTPUT' AND i.source_id = r.run_uuid AND "
                 "i.destination_type = 'MODEL_OUTPUT'" +
                 where));
  TRYV(count(out.logged_models, logged_models_, models + where));
  TRYV(count(out.logged_model_params, logged_models_, of_model("logged_model_params") + where));
  TRYV(count(out.logged_model_tags, logged_models_, of_model("logged_model_tags") + where));
  TRYV(count(out.logged_model_points, logged_models_,
             of_model("logged_model_metrics") + " JOIN runs r ON r.run_uuid = t.run_id" + where));
  const std::string mine = workspaces_ ? " WHERE workspace = 'default'" : " WHERE 1";
  TRYV(count(out.registered_models, registry_, "registered_models" + mine));
  TRYV(count(out.model_tags, model_tags_, "registered_model_tags" + mine));
  TRYV(count(out.aliases, aliases_, "registered_model_aliases" + mine));
  TRYV(count(out.versions, registry_, "model_versions" + mine + " AND current_stage <> 'Deleted_Internal'"));
  TRYV(count(out.version_tags, version_tags_,
             "model_version_tags t JOIN model_versions v ON v.name = t.name AND v.version = t.version AND "
             "v.current_stage <> 'Deleted_Internal'" +
                 std::string(workspaces_ ? " AND v.workspace = t.workspace WHERE t.workspace = 'default'" : "")));
  return out;
}

Result<std::vector<track::Experiment>> SqlSource::Experiments() {
  TRY(sql::Stmt stmt, conn_->Prepare(fmt::format(
                          "SELECT experiment_id, name, artifact_location, lifecycle_stage, {} FROM experiments WHERE {} "
                          "ORDER BY experiment_id",
                          times_ ? "creation_time, last_update_time" : "0, 0", workspaces_ ? "workspace = 'default'" : "1")));
  TRY(std::vector<track::Experiment> out, sql::ReadRows(stmt, [](const sql::Stmt& row) {
        track::Experiment one;
        one.id = row.Text(0);
        one.name = row.Text(1);
        one.artifact_location = row.Text(2);
        one.stage = row.Text(3) == "deleted" ? track::Stage::kDeleted : track::Stage::kActive;
        one.created = row.Int(4);
        one.updated = row.Int(5);
        return one;
      }));
  for (track::Experiment& one : out) {
    TRY(one.tags, ReadPairs("SELECT key, value FROM experiment_tags WHERE experiment_id = ?1", one.id));
  }
  return out;
}

Result<std::vector<SourceRun>> SqlSource::Runs(Place& place, const Skip& skip) {
  TRY(sql::Stmt stmt,
      conn_->Prepare(fmt::format(
          "SELECT rowid, run_uuid, experiment_id, name, user_id, status, start_time, end_time, artifact_uri, lifecycle_stage, {} "
          "FROM runs WHERE rowid > ?1{} ORDER BY rowid LIMIT ?2",
          deleted_time_ ? "deleted_time" : "NULL",
          workspaces_ ? " AND experiment_id IN (SELECT experiment_id FROM experiments WHERE workspace = 'default')" : "")));
  stmt.Bind(place.number).Bind(kRunsAtOnce);
  int rows = 0;
  TRY(std::vector<SourceRun> all, sql::ReadRows(stmt, [&](const sql::Stmt& row) {
        ++rows;
        place.number = row.Int(0);
        SourceRun one;
        track::RunInfo& info = one.run.info;
        info.run_id = row.Text(1);
        info.experiment_id = row.Text(2);
        info.name = row.Text(3);
        info.user_id = row.Text(4);
        info.status = track::ParseRunStatus(row.Text(5)).value_or(track::RunStatus::kFinished);
        info.start_time = row.Int(6);
        info.end_time = row.MaybeInt(7);
        info.artifact_uri = row.Text(8);
        info.stage = row.Text(9) == "deleted" ? track::Stage::kDeleted : track::Stage::kActive;
        one.deleted_time = row.MaybeInt(10);
        return one;
      }));
  place.end = rows < kRunsAtOnce;
  std::vector<SourceRun> out;
  for (SourceRun& one : all) {
    const std::string& id = one.run.info.run_id;
    TRY(one.run.tags, ReadPairs("SELECT key, value FROM tags WHERE run_uuid = ?1", id));
    TRY(const bool known, skip(one.run));
    if (known) continue;
    TRY(one.run.params, ReadPairs("SELECT key, value FROM params WHERE run_uuid = ?1", id));
    if (inputs_) TRYV(ReadInputs(one.run));
    out.push_back(std::move(one));
  }
  return out;
}

Result<void> SqlSource::ReadInputs(track::Run& run) {
  const std::string& id = run.info.run_id;
  std::vector<std::string> inputs;
  TRY(run.datasets,
      All("SELECT d.name, d.digest, d.dataset_source_type, d.dataset_source, d.dataset_schema, d.dataset_profile, i.input_uuid "
          "FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id WHERE i.destination_type = 'RUN' AND i.destination_id = "
          "?1 "
          "AND i.source_type = 'DATASET' ORDER BY i.rowid",
          id, [&](const sql::Stmt& row) {
            inputs.push_back(row.Text(6));
            return track::DatasetInput{{row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.MaybeText(4), row.MaybeText(5)},
                                       {}};
          }));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Pairs& tags = run.datasets[i].tags;
    TRY(tags, ReadPairs("SELECT name, value FROM input_tags WHERE input_uuid = ?1", inputs[i]));
    std::stable_partition(tags.begin(), tags.end(), [](const track::Tag& tag) { return tag.key != kContextTag; });
  }
  TRY(run.model_inputs, All("SELECT destination_id FROM inputs WHERE source_type = 'RUN_INPUT' AND source_id = ?1 AND "
                            "destination_type = 'MODEL_INPUT'",
                            id, [](const sql::Stmt& row) { return row.Text(0); }));
  TRY(run.model_outputs, All(fmt::format("SELECT destination_id, {} FROM inputs WHERE source_type = 'RUN_OUTPUT' AND "
                                         "source_id = ?1 AND destination_type = 'MODEL_OUTPUT'",
                                         input_step_ ? "step" : "0"),
                             id, [](const sql::Stmt& row) {
                               return track::ModelOutput{row.Text(0), row.Int(1)};
                             }));
  return {};
}

Result<std::vector<track::Metric>> SqlSource::Points(const SourceRun& run, Place& place) {
  TRY(sql::Stmt stmt, conn_->Prepare("SELECT rowid, key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ?1 AND "
                                     "rowid > ?2 ORDER BY rowid LIMIT ?3"));
  stmt.Bind(run.run.info.run_id).Bind(place.number).Bind(static_cast<std::int64_t>(kPiece));
  TRY(std::vector<track::Metric> out, sql::ReadRows(stmt, [&](const sql::Stmt& row) {
        place.number = row.Int(0);
        track::Metric point;
        point.key = row.Text(1);
        point.value = row.Int(5) != 0 ? std::numeric_limits<double>::quiet_NaN() : row.Double(2);
        point.timestamp = row.Int(3);
        point.step = row.Int(4);
        return point;
      }));
  place.end = out.size() < kPiece;
  return out;
}

Result<std::vector<SourceLoggedModel>> SqlSource::LoggedModels(Place& place) {
  if (!logged_models_) {
    place.end = true;
    return std::vector<SourceLoggedModel>{};
  }
  TRY(sql::Stmt stmt,
      conn_->Prepare(fmt::format(
          "SELECT l.rowid, l.model_id, l.experiment_id, l.name, l.model_type, l.source_run_id, l.artifact_location, l.status, "
          "l.status_message, l.creation_timestamp_ms, l.last_updated_timestamp_ms, l.lifecycle_stage FROM logged_models l "
          "WHERE l.rowid > ?1{} ORDER BY l.rowid LIMIT ?2",
          workspaces_ ? " AND l.experiment_id IN (SELECT experiment_id FROM experiments WHERE workspace = 'default')" : "")));
  stmt.Bind(place.number).Bind(kModelsAtOnce);
  TRY(std::vector<SourceLoggedModel> out, sql::ReadRows(stmt, [&](const sql::Stmt& row) {
        place.number = row.Int(0);
        SourceLoggedModel one;
        one.model.model_id = row.Text(1);
        one.model.experiment_id = row.Text(2);
        one.model.name = row.Text(3);
        one.model.model_type = row.Text(4);
        one.model.source_run_id = row.Text(5);
        one.model.artifact_uri = row.Text(6);
        one.model.status = track::ParseModelStatus(row.Text(7)).value_or(track::ModelStatus::kReady);
        one.model.status_message = row.Text(8);
        one.model.created = row.Int(9);
        one.model.updated = row.Int(10);
        one.deleted = row.Text(11) == "deleted";
        return one;
      }));
  place.end = out.size() < kModelsAtOnce;
  for (SourceLoggedModel& one : out) {
    const std::string& id = one.model.model_id;
    TRY(one.model.params, ReadPairs("SELECT param_key, param_value FROM logged_model_params WHERE model_id = ?1", id));
    TRY(one.model.tags, ReadPairs("SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ?1", id));
    TRYV(ReadModelPoints(one.model));
  }
  return out;
}

Result<void> SqlSource::ReadModelPoints(track::LoggedModel& model) {
  TRY(model.metrics,
      All("SELECT metric_name, metric_value, metric_timestamp_ms, metric_step, dataset_name, dataset_digest, run_id "
          "FROM logged_model_metrics WHERE model_id = ?1",
          model.model_id, [](const sql::Stmt& row) {
            return track::Metric{row.Text(0), row.Double(1), row.Int(2), row.Int(3), {}, row.Text(4), row.Text(5), row.Text(6)};
          }));
  return {};
}

Result<std::vector<std::string>> SqlSource::RegisteredModels() {
  if (!registry_) return std::vector<std::string>{};
  TRY(sql::Stmt stmt, conn_->Prepare(fmt::format("SELECT name FROM registered_models WHERE {} ORDER BY name",
                                                 workspaces_ ? "workspace = 'default'" : "1")));
  return sql::ReadRows(stmt, [](const sql::Stmt& row) { return row.Text(0); });
}

Result<registry::ImportedModel> SqlSource::RegisteredModel(const std::string& name) {
  const std::string mine = workspaces_ ? " AND workspace = 'default'" : "";
  const auto pairs = [&](std::string_view table) -> Result<std::vector<registry::Tag>> {
    return All(fmt::format("SELECT key, value FROM {} WHERE name = ?1{}", table, mine), name, [](const sql::Stmt& row) {
      return registry::Tag{row.Text(0), row.Text(1)};
    });
  };
  registry::ImportedModel out;
  TRY(const auto rows, All("SELECT description, creation_time, last_updated_time FROM registered_models WHERE name = ?1" + mine,
                           name, [](const sql::Stmt& row) { return std::tuple(row.Text(0), row.Int(1), row.Int(2)); }));
  if (rows.empty()) return Fail(Code::kNotFound, fmt::format("Registered Model with name={} not found", name));
  out.model.name = name;
  std::tie(out.model.description, out.model.created, out.model.updated) = rows.front();
  if (model_tags_) {
    TRY(out.model.tags, pairs("registered_model_tags"));
  }
  if (aliases_) {
    TRY(out.model.aliases,
        All("SELECT alias, version FROM registered_model_aliases WHERE name = ?1" + mine, name, [](const sql::Stmt& row) {
          return registry::Alias{row.Text(0), static_cast<int>(row.Int(1))};
        }));
  }
  TRY(const std::int64_t last, One("SELECT max(version) FROM model_versions WHERE name = ?1" + mine, name));
  out.last_version = static_cast<int>(last);
  TRY(out.versions, Versions(name));
  return out;
}

Result<std::vector<registry::ModelVersion>> SqlSource::Versions(const std::string& name) {
  const std::string mine = workspaces_ ? " AND workspace = 'default'" : "";
  TRY(std::vector<registry::ModelVersion> out,
      All(fmt::format(
              "SELECT version, creation_time, last_updated_time, description, user_id, current_stage, source, run_id, status, {} "
              "FROM model_versions WHERE name = ?1{} AND current_stage <> 'Deleted_Internal' ORDER BY version",
              run_link_ ? "run_link" : "''", mine),
          name, [&](const sql::Stmt& row) {
            registry::ModelVersion one;
            one.model = name;
            one.version = static_cast<int>(row.Int(0));
            one.created = row.Int(1);
            one.updated = row.Int(2);
            one.description = row.Text(3);
            one.user_id = row.Text(4);
            one.stage = registry::ParseStage(row.Text(5)).value_or(registry::Stage::kNone);
            one.source = row.Text(6);
            one.run_id = row.Text(7);
            one.status = row.Text(8);
            one.run_link = row.Text(9);
            one.logged_model_id = registry::LoggedModelOf(one.source);
            return one;
          }));
  if (!version_tags_) return out;
  TRY(sql::Stmt tags, conn_->Prepare("SELECT key, value FROM model_version_tags WHERE name = ?1 AND version = ?2" + mine));
  for (registry::ModelVersion& one : out) {
    tags.Bind(name).Bind(one.version);
    TRY(one.tags, sql::ReadRows(tags, [](const sql::Stmt& row) { return registry::Tag{row.Text(0), row.Text(1)}; }));
    tags.Reset();
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Source>> OpenSqlSource(const std::filesystem::path& file,
                                              const std::optional<std::filesystem::path>& artifacts) {
  TRY(std::unique_ptr<sql::Conn> conn, sql::OpenForeign(file));
  auto source = std::make_unique<SqlSource>(std::move(conn), file, artifacts);
  TRYV(source->Prepare());
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace mlean::flows::migrate_mlflow
