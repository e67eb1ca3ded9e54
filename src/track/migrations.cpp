#include "track/migrations.hpp"

namespace mlean::track {
namespace {

// Runs, logged models and metric keys have small numbers, so that the big tables hold integers. `deleted` is 0 or 1.
constexpr const char* kTables = R"sql(
CREATE TABLE experiments(
  no INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, artifact_location TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL, updated INTEGER NOT NULL);
INSERT INTO experiments(no, name, artifact_location, created, updated) VALUES(0, 'Default', 'mlflow-artifacts:/0', 0, 0);
CREATE TABLE experiment_tags(
  experiment INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(experiment, key)) WITHOUT ROWID;

CREATE TABLE runs(
  no INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL UNIQUE, experiment INTEGER NOT NULL, name TEXT NOT NULL, user_id TEXT NOT NULL,
  status INTEGER NOT NULL, start_time INTEGER NOT NULL, end_time INTEGER, artifact_uri TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
  deleted_time INTEGER);
CREATE INDEX runs_by_start ON runs(experiment, deleted, start_time DESC, run_id);

CREATE TABLE metric_keys(no INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE metrics(
  run INTEGER NOT NULL, key INTEGER NOT NULL, time INTEGER NOT NULL, step INTEGER NOT NULL, value REAL NOT NULL, is_nan INTEGER NOT NULL,
  PRIMARY KEY(run, key, time, step, value, is_nan)) WITHOUT ROWID;
CREATE TABLE latest_metrics(
  run INTEGER NOT NULL, key INTEGER NOT NULL, value REAL NOT NULL, is_nan INTEGER NOT NULL, time INTEGER NOT NULL, step INTEGER NOT NULL,
  PRIMARY KEY(run, key)) WITHOUT ROWID;

CREATE TABLE params(run INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(run, key)) WITHOUT ROWID;
CREATE TABLE run_tags(run INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(run, key)) WITHOUT ROWID;

CREATE TABLE datasets(
  no INTEGER PRIMARY KEY, experiment INTEGER NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, source_type TEXT NOT NULL,
  source TEXT NOT NULL, schema TEXT, profile TEXT, UNIQUE(experiment, name, digest));
CREATE TABLE inputs(run INTEGER NOT NULL, dataset INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(run, dataset)) WITHOUT ROWID;
CREATE TABLE input_tags(
  run INTEGER NOT NULL, dataset INTEGER NOT NULL, position INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY(run, dataset, position)) WITHOUT ROWID;
CREATE TABLE model_inputs(run INTEGER NOT NULL, model_id TEXT NOT NULL, PRIMARY KEY(run, model_id)) WITHOUT ROWID;
CREATE TABLE model_outputs(
  run INTEGER NOT NULL, model_id TEXT NOT NULL, step INTEGER NOT NULL, PRIMARY KEY(run, model_id)) WITHOUT ROWID;

CREATE TABLE logged_models(
  no INTEGER PRIMARY KEY AUTOINCREMENT, model_id TEXT NOT NULL UNIQUE, experiment INTEGER NOT NULL, name TEXT NOT NULL,
  model_type TEXT NOT NULL, source_run_id TEXT NOT NULL, artifact_uri TEXT NOT NULL, status INTEGER NOT NULL, status_message TEXT NOT NULL,
  created INTEGER NOT NULL, updated INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0);
CREATE INDEX logged_models_by_time ON logged_models(experiment, deleted, created DESC, model_id);
CREATE TABLE logged_model_params(
  model INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(model, key)) WITHOUT ROWID;
CREATE TABLE logged_model_tags(
  model INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(model, key)) WITHOUT ROWID;
CREATE TABLE logged_model_metrics(
  model INTEGER NOT NULL, key INTEGER NOT NULL, time INTEGER NOT NULL, step INTEGER NOT NULL, run INTEGER NOT NULL,
  dataset_name TEXT NOT NULL, dataset_digest TEXT NOT NULL, value REAL NOT NULL, is_nan INTEGER NOT NULL,
  PRIMARY KEY(model, key, time, step, run, dataset_name, dataset_digest, value, is_nan)) WITHOUT ROWID;
)sql";

// What was brought from other tracking stores (import_store.hpp). `kind` is ImportKind; `target` is the row's small number here;
// `source_uri` is where the files were; `points` were read of a run, `same` of them were there already. `removed_runs` are gone
// for good, but for rows of theirs that are still to be deleted (removal_store.hpp).
constexpr const char* kImports = R"sql(
CREATE TABLE imports(
  no INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, prefix TEXT NOT NULL, started INTEGER NOT NULL, finished INTEGER);
CREATE TABLE import_items(
  import INTEGER NOT NULL, kind INTEGER NOT NULL, source_id TEXT NOT NULL, target INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0,
  points INTEGER NOT NULL DEFAULT 0, same INTEGER NOT NULL DEFAULT 0, source_uri TEXT NOT NULL, files_done INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(import, kind, source_id)) WITHOUT ROWID;
CREATE TABLE removed_runs(no INTEGER PRIMARY KEY);
CREATE INDEX import_items_by_target ON import_items(import, kind, target);
)sql";
constexpr const char* kImportStates = "ALTER TABLE import_items ADD COLUMN state TEXT NOT NULL DEFAULT '';";

}  // namespace

std::vector<sql::Migration> Migrations() { return {{"track", 1, kTables}, {"track", 2, kImports}, {"track", 3, kImportStates}}; }

}  // namespace mlean::track
