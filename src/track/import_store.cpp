#include "track/import_store.hpp"

#include <limits>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "codec/json.hpp"
#include "sql/rows.hpp"
#include "track/metric_rows_store.hpp"

namespace mlean::track {
namespace {

constexpr std::string_view kDefault = "Default";

int Number(ImportKind kind) { return static_cast<int>(kind); }

Result<std::optional<std::int64_t>> FindNumber(sql::Conn& conn, std::string_view sql, std::string_view key) {
  TRY(sql::Stmt stmt, conn.Prepare(sql));
  stmt.Bind(key);
  return sql::ReadRow(stmt, [](const sql::Stmt& row) { return row.Int(0); });
}

Result<void> WriteTags(sql::Txn& txn, std::string_view sql, std::int64_t owner, const std::vector<Tag>& tags) {
  TRY(sql::Stmt stmt, txn.Prepare(sql));
  for (const Tag& tag : tags) {
    stmt.Bind(owner).Bind(tag.key).Bind(tag.value);
    TRYV(stmt.Run());
    stmt.Reset();
  }
  return {};
}

std::string StateText(codec::Json facts, const std::vector<Tag>& tags) {
  codec::Json pairs = codec::Json::Object{};
  for (const Tag& tag : tags) pairs.Set(tag.key, tag.value);
  facts.Set("tags", std::move(pairs));
  return Sha256Hex(facts.Canonical());
}

// The same of what is here; both sides are only ever compared with themselves.
Result<std::string> StateHere(sql::Conn& conn, ImportKind kind, std::int64_t number) {
  const auto [facts_sql, tags_sql] =
      kind == ImportKind::kRun ? std::pair{"SELECT name, status, coalesce(end_time, -1), deleted FROM runs WHERE no = ?1",
                                           "SELECT key, value FROM run_tags WHERE run = ?1 ORDER BY key"}
      : kind == ImportKind::kExperiment ? std::pair{"SELECT name, 0, 0, deleted FROM experiments WHERE no = ?1",
                                                    "SELECT key, value FROM experiment_tags WHERE experiment = ?1 ORDER BY key"}
                                        : std::pair{"SELECT name, status, 0, deleted FROM logged_models WHERE no = ?1",
                                                    "SELECT key, value FROM logged_model_tags WHERE model = ?1 ORDER BY key"};
  TRY(sql::Stmt facts, conn.Prepare(facts_sql));
  facts.Bind(number);
  TRY(const bool found, facts.Step());
  if (!found) return std::string("none");
  codec::Json state =
      codec::Json::Object{{"name", facts.Text(0)}, {"status", facts.Int(1)}, {"end", facts.Int(2)}, {"deleted", facts.Int(3)}};
  TRY(sql::Stmt stmt, conn.Prepare(tags_sql));
  stmt.Bind(number);
  TRY(const std::vector<Tag> tags, sql::ReadRows(stmt, [](const sql::Stmt& row) { return Tag{row.Text(0), row.Text(1)}; }));
  return StateText(std::move(state), tags);
}

Result<void> WriteDatasets(sql::Txn& txn, std::int64_t run, const Run& source) {
  const std::int64_t experiment = ParseInt(source.info.experiment_id).value_or(0);
  int position = 0;
  for (const DatasetInput& input : source.datasets) {
    const Dataset& dataset = input.dataset;
    TRYV(
        txn.Exec("INSERT INTO datasets(experiment, name, digest, source_type, source, schema, profile) "
                 "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                 experiment, dataset.name, dataset.digest, dataset.source_type, dataset.source, dataset.schema, dataset.profile));
    TRY(sql::Stmt stmt, txn.Prepare("SELECT no FROM datasets WHERE experiment = ?1 AND name = ?2 AND digest = ?3"));
    stmt.Bind(experiment).Bind(dataset.name).Bind(dataset.digest);
    TRY(const bool found, stmt.Step());
    CHECK_BUG(found);
    const std::int64_t number = stmt.Int(0);
    TRYV(
        txn.Exec("INSERT INTO inputs(run, dataset, position) VALUES(?1, ?2, ?3) ON CONFLICT(run, dataset) DO UPDATE SET position "
                 "= excluded.position",
                 run, number, position++));
    int place = 0;
    for (const Tag& tag : input.tags) {
      TRYV(
          txn.Exec("INSERT INTO input_tags(run, dataset, position, key, value) VALUES(?1, ?2, ?3, ?4, ?5) "
                   "ON CONFLICT(run, dataset, position) DO UPDATE SET key = excluded.key, value = excluded.value",
                   run, number, place++, tag.key, tag.value));
    }
  }
  return {};
}

Result<void> WriteRunRow(sql::Txn& txn, const Run& run, std::optional<TimeMs> deleted_time) {
  const RunInfo& info = run.info;
  return txn.Exec(
      "INSERT INTO runs(run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri, deleted, deleted_time) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT(run_id) DO UPDATE SET name = excluded.name, "
      "status = excluded.status, end_time = excluded.end_time, deleted = excluded.deleted, deleted_time = excluded.deleted_time",
      info.run_id, ParseInt(info.experiment_id).value_or(0), info.name, info.user_id, static_cast<int>(info.status),
      info.start_time, info.end_time, info.artifact_uri, info.stage == Stage::kDeleted, deleted_time);
}

// The number that the experiment may have here: its own when that is free.
Result<std::optional<std::int64_t>> FreeNumber(sql::Conn& conn, std::string_view source_id) {
  const std::optional<std::int64_t> wanted = ParseInt(source_id);
  // The largest number is where SQLite has no next one to give.
  if (!wanted || *wanted <= 0 || *wanted >= std::numeric_limits<std::int64_t>::max()) return std::optional<std::int64_t>{};
  TRY(sql::Stmt stmt, conn.Prepare("SELECT 1 FROM experiments WHERE no = ?1"));
  stmt.Bind(*wanted);
  TRY(const bool taken, stmt.Step());
  return taken ? std::optional<std::int64_t>{} : wanted;
}

Result<std::int64_t> InsertExperiment(sql::Txn& txn, const Experiment& source, const std::string& name,
                                      const std::string& location) {
  TRY(const auto free, FreeNumber(txn, source.id));
  const bool deleted = source.stage == Stage::kDeleted;
  if (free) {
    TRYV(
        txn.Exec("INSERT INTO experiments(no, name, artifact_location, deleted, created, updated) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                 *free, name, location, deleted, source.created, source.updated));
  } else {
    TRYV(txn.Exec("INSERT INTO experiments(name, artifact_location, deleted, created, updated) VALUES(?1, ?2, ?3, ?4, ?5)", name,
                  location, deleted, source.created, source.updated));
  }
  const std::int64_t number = free ? *free : txn.LastRowId();
  if (location == "mlflow-artifacts:") {
    TRYV(txn.Exec("UPDATE experiments SET artifact_location = ?2 WHERE no = ?1", number,
                  fmt::format("mlflow-artifacts:/{}", number)));
  }
  return number;
}

}  // namespace

Result<std::optional<Import>> FindImport(sql::Conn& conn, const std::string& origin) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no, origin, prefix, finished FROM imports WHERE origin = ?1"));
  stmt.Bind(origin);
  return sql::ReadRow(stmt, [](const sql::Stmt& row) { return Import{row.Int(0), row.Text(1), row.Text(2), row.MaybeInt(3)}; });
}

Result<Import> BeginImport(sql::Txn& txn, const std::string& origin, const std::optional<std::string>& prefix, TimeMs now) {
  TRY(const std::optional<Import> there, FindImport(txn, origin));
  if (there) {
    if (prefix && *prefix != there->prefix) {
      return Fail(Code::kConflict,
                  fmt::format("cannot go on with the import of '{}': it was begun with the prefix '{}', not '{}'", origin,
                              there->prefix, *prefix));
    }
    return *there;
  }
  TRYV(txn.Exec("INSERT INTO imports(origin, prefix, started) VALUES(?1, ?2, ?3)", origin, prefix.value_or(""), now));
  return Import{txn.LastRowId(), origin, prefix.value_or(""), std::nullopt};
}

Result<void> FinishImport(sql::Txn& txn, std::int64_t import, TimeMs now) {
  return txn.Exec("UPDATE imports SET finished = ?2 WHERE no = ?1", import, now);
}

Result<std::optional<ImportItem>> FindItem(sql::Conn& conn, std::int64_t import, ImportKind kind, std::string_view source_id) {
  TRY(sql::Stmt stmt,
      conn.Prepare(
          "SELECT target, done, source_uri, state FROM import_items WHERE import = ?1 AND kind = ?2 AND source_id = ?3"));
  stmt.Bind(import).Bind(Number(kind)).Bind(source_id);
  return sql::ReadRow(stmt, [&](const sql::Stmt& row) {
    return ImportItem{std::string(source_id), row.Int(0), row.Int(1) != 0, row.Text(2), row.Text(3)};
  });
}

Result<void> SetState(sql::Txn& txn, std::int64_t import, ImportKind kind, std::string_view source_id, const std::string& state) {
  return txn.Exec("UPDATE import_items SET state = ?4 WHERE import = ?1 AND kind = ?2 AND source_id = ?3", import, Number(kind),
                  source_id, state);
}

std::string StateOf(const Experiment& source) {
  return StateText(codec::Json::Object{{"name", source.name}, {"deleted", source.stage == Stage::kDeleted}}, source.tags);
}

std::string StateOf(const Run& source) {
  const RunInfo& info = source.info;
  return StateText(codec::Json::Object{{"name", info.name},
                                       {"status", static_cast<int>(info.status)},
                                       {"end", info.end_time.value_or(-1)},
                                       {"deleted", info.stage == Stage::kDeleted}},
                   source.tags);
}

std::string StateOf(const LoggedModel& source, bool deleted) {
  return StateText(codec::Json::Object{{"name", source.name}, {"status", static_cast<int>(source.status)}, {"deleted", deleted}},
                   source.tags);
}

Result<void> NoteState(sql::Txn& txn, std::int64_t import, ImportKind kind, const ImportItem& item,
                       const std::string& source_state) {
  TRY(const std::string here, StateHere(txn, kind, item.target));
  return SetState(txn, import, kind, item.source_id, source_state + ":" + here);
}

Result<Changed> WhereChanged(sql::Conn& conn, ImportKind kind, const ImportItem& item, const std::string& source_state) {
  const std::size_t colon = item.state.find(':');
  if (colon == item.state.npos || item.state.substr(0, colon) == source_state) return Changed::kNowhere;
  TRY(const std::string here, StateHere(conn, kind, item.target));
  return item.state.substr(colon + 1) == here ? Changed::kThere : Changed::kBoth;
}

Result<void> PutItem(sql::Txn& txn, std::int64_t import, ImportKind kind, const ImportItem& item) {
  return txn.Exec(
      "INSERT INTO import_items(import, kind, source_id, target, done, source_uri) VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
      "ON CONFLICT(import, kind, source_id) DO UPDATE SET target = excluded.target, done = max(import_items.done, "
      "excluded.done), source_uri = excluded.source_uri",
      import, Number(kind), item.source_id, item.target, item.done, item.source_uri);
}

Result<std::vector<ImportItem>> ItemsWithoutFiles(sql::Conn& conn, std::int64_t import, ImportKind kind, std::string_view after,
                                                  int limit) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT source_id, target, done, source_uri FROM import_items WHERE import = ?1 AND kind = ?2 "
                                   "AND source_id > ?3 AND done = 1 AND files_done = 0 ORDER BY source_id LIMIT ?4"));
  stmt.Bind(import).Bind(Number(kind)).Bind(after).Bind(limit);
  return sql::ReadRows(stmt, [](const sql::Stmt& row) {
    return ImportItem{row.Text(0), row.Int(1), row.Int(2) != 0, row.Text(3)};
  });
}

Result<std::optional<std::int64_t>> ExperimentOf(sql::Conn& conn, ImportKind kind, std::int64_t target) {
  TRY(sql::Stmt stmt, conn.Prepare(kind == ImportKind::kRun ? "SELECT experiment FROM runs WHERE no = ?1"
                                                            : "SELECT experiment FROM logged_models WHERE no = ?1"));
  stmt.Bind(target);
  return sql::ReadRow(stmt, [](const sql::Stmt& row) { return row.Int(0); });
}

Result<void> FinishFiles(sql::Txn& txn, std::int64_t import, ImportKind kind, const ImportItem& item, const std::string& uri,
                         std::int64_t left) {
  TRYV(kind == ImportKind::kRun ? txn.Exec("UPDATE runs SET artifact_uri = ?2 WHERE no = ?1", item.target, uri)
                                : txn.Exec("UPDATE logged_models SET artifact_uri = ?2 WHERE no = ?1", item.target, uri));
  return txn.Exec("UPDATE import_items SET files_done = 1 + ?4 WHERE import = ?1 AND kind = ?2 AND source_id = ?3", import,
                  Number(kind), item.source_id, left);
}

Result<std::int64_t> FilesLeft(sql::Conn& conn, std::int64_t import) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT coalesce(sum(files_done - 1), 0) FROM import_items WHERE import = ?1 AND files_done > 0"));
  stmt.Bind(import);
  TRY(const bool found, stmt.Step());
  CHECK_BUG(found);
  return stmt.Int(0);
}

namespace {

constexpr std::string_view kPutExperimentTag =
    "INSERT INTO experiment_tags(experiment, key, value) VALUES(?1, ?2, ?3) "
    "ON CONFLICT(experiment, key) DO UPDATE SET value = excluded.value";

// What has changed there of one that was brought before. A new name that is taken here stays there.
Result<void> FollowExperiment(sql::Txn& txn, std::int64_t number, const Experiment& source, const std::string& name) {
  if (name != kDefault) {
    TRYV(txn.Exec("UPDATE experiments SET name = ?2 WHERE no = ?1 AND NOT EXISTS(SELECT 1 FROM experiments WHERE name = ?2)",
                  number, name));
    TRYV(txn.Exec("UPDATE experiments SET deleted = ?2, updated = ?3 WHERE no = ?1", number, source.stage == Stage::kDeleted,
                  source.updated));
  }
  TRYV(txn.Exec("DELETE FROM experiment_tags WHERE experiment = ?1", number));
  return WriteTags(txn, kPutExperimentTag, number, source.tags);
}

}  // namespace

Result<std::string> ImportExperiment(sql::Txn& txn, std::int64_t import, const Experiment& source, const std::string& name,
                                     const std::string& location, Changes& changes) {
  constexpr ImportKind kKind = ImportKind::kExperiment;
  TRY(const auto item, FindItem(txn, import, kKind, source.id));
  std::int64_t number = item ? item->target : 0;
  const std::string state = StateOf(source);
  if (!item) {
    TRY(const auto taken, FindNumber(txn, "SELECT no FROM experiments WHERE name = ?1", name));
    if (taken && name != kDefault) return Fail(Code::kExists, fmt::format("Experiment(name={}) already exists.", name));
    number = taken.value_or(0);
    if (!taken) {
      TRY(number, InsertExperiment(txn, source, name, location));
    }
    TRYV(PutItem(txn, import, kKind, {source.id, number, true, source.artifact_location}));
    TRYV(WriteTags(txn, kPutExperimentTag, number, source.tags));
    TRYV(NoteState(txn, import, kKind, {source.id, number}, state));
    return fmt::to_string(number);
  }
  if (name != kDefault) {
    TRYV(txn.Exec("UPDATE experiments SET artifact_location = ?2 WHERE no = ?1", number,
                  location == "mlflow-artifacts:" ? fmt::format("mlflow-artifacts:/{}", number) : location));
    if (txn.Changes() == 0) return std::string();
  }
  TRY(const Changed changed, WhereChanged(txn, kKind, *item, state));
  if (changed == Changed::kBoth) ++changes.kept;
  if (changed == Changed::kThere) {
    ++changes.brought;
    TRYV(FollowExperiment(txn, number, source, name));
  }
  if (changed != Changed::kNowhere || item->state.empty()) TRYV(NoteState(txn, import, kKind, {source.id, number}, state));
  return fmt::to_string(number);
}

Result<std::int64_t> ImportRun(sql::Txn& txn, std::int64_t import, const Run& run, std::optional<TimeMs> deleted_time,
                               const std::string& source_uri) {
  TRY(const auto there, FindNumber(txn, "SELECT no FROM runs WHERE run_id = ?1", run.info.run_id));
  TRY(const auto item, FindItem(txn, import, ImportKind::kRun, run.info.run_id));
  if (there && (!item || item->target != *there)) {
    return Fail(Code::kExists,
                fmt::format("cannot bring run '{}': it is in this store already and came from elsewhere", run.info.run_id));
  }
  if (item && !item->state.empty()) {
    TRY(const std::string here, StateHere(txn, ImportKind::kRun, item->target));
    if (item->state.ends_with(":" + here)) TRYV(txn.Exec("DELETE FROM run_tags WHERE run = ?1", item->target));
  }
  TRYV(WriteRunRow(txn, run, deleted_time));
  TRY(const auto number, FindNumber(txn, "SELECT no FROM runs WHERE run_id = ?1", run.info.run_id));
  CHECK_BUG(number.has_value());
  TRYV(PutItem(txn, import, ImportKind::kRun, {run.info.run_id, *number, false, source_uri}));
  // Begun again, it is not all here until it is finished again.
  TRYV(txn.Exec("UPDATE import_items SET done = 0, files_done = 0 WHERE import = ?1 AND kind = ?2 AND source_id = ?3", import,
                Number(ImportKind::kRun), run.info.run_id));
  TRYV(WriteTags(
      txn, "INSERT INTO params(run, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(run, key) DO UPDATE SET value = excluded.value",
      *number, run.params));
  TRYV(WriteTags(
      txn, "INSERT INTO run_tags(run, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(run, key) DO UPDATE SET value = excluded.value",
      *number, run.tags));
  TRYV(WriteDatasets(txn, *number, run));
  for (const std::string& model_id : run.model_inputs)
    TRYV(txn.Exec("INSERT INTO model_inputs(run, model_id) VALUES(?1, ?2) ON CONFLICT DO NOTHING", *number, model_id));
  for (const ModelOutput& output : run.model_outputs) {
    TRYV(
        txn.Exec("INSERT INTO model_outputs(run, model_id, step) VALUES(?1, ?2, ?3) ON CONFLICT(run, model_id) DO UPDATE SET "
                 "step = excluded.step",
                 *number, output.model_id, output.step));
  }
  return *number;
}

Result<void> ImportPoints(sql::Txn& txn, std::int64_t run, const std::vector<Metric>& points) {
  if (points.empty()) return {};
  TRY(MetricRows rows, MetricRows::Of(txn, run));
  for (const Metric& point : points) TRYV(rows.Add(point));
  return rows.Finish();
}

Result<void> FinishRunImport(sql::Txn& txn, std::int64_t import, const std::string& run_id, std::int64_t run, std::int64_t points,
                             const std::string& state) {
  TRYV(
      txn.Exec("UPDATE import_items SET done = 1, points = ?4, same = max(0, ?4 - (SELECT count(*) FROM metrics WHERE run = ?3)) "
               "WHERE import = ?1 AND kind = 2 AND source_id = ?2",
               import, run_id, run, points));
  return NoteState(txn, import, ImportKind::kRun, {run_id, run}, state);
}

Result<void> ImportLoggedModel(sql::Txn& txn, std::int64_t import, const LoggedModel& model, bool deleted,
                               const std::string& source_uri, Changes& changes) {
  TRY(const auto there, FindNumber(txn, "SELECT no FROM logged_models WHERE model_id = ?1", model.model_id));
  TRY(const auto item, FindItem(txn, import, ImportKind::kLoggedModel, model.model_id));
  if (there && (!item || item->target != *there)) {
    return Fail(Code::kExists, fmt::format("cannot bring logged model '{}': it is in this store already and came from elsewhere",
                                           model.model_id));
  }
  if (item && !there) return {};
  const std::string state = StateOf(model, deleted);
  Changed changed = Changed::kThere;
  if (item) {
    TRY(changed, WhereChanged(txn, ImportKind::kLoggedModel, *item, state));
    if (changed == Changed::kThere) {
      ++changes.brought;
      TRYV(txn.Exec("DELETE FROM logged_model_tags WHERE model = ?1", item->target));
    }
    if (changed == Changed::kBoth) ++changes.kept;
  }
  TRYV(
      txn.Exec("UPDATE import_items SET files_done = 0 WHERE import = ?1 AND kind = ?2 AND source_id = ?3 AND "
               "target IN (SELECT no FROM logged_models WHERE status = ?4)",
               import, Number(ImportKind::kLoggedModel), model.model_id, static_cast<int>(ModelStatus::kPending)));
  TRYV(
      txn.Exec("INSERT INTO logged_models(model_id, experiment, name, model_type, source_run_id, artifact_uri, status, "
               "status_message, created, updated, deleted) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
               "ON CONFLICT(model_id) DO UPDATE SET status = excluded.status, status_message = excluded.status_message, "
               "updated = excluded.updated, deleted = excluded.deleted WHERE ?12 = 1",
               model.model_id, ParseInt(model.experiment_id).value_or(0), model.name, model.model_type, model.source_run_id,
               model.artifact_uri, static_cast<int>(model.status), model.status_message, model.created, model.updated, deleted,
               changed == Changed::kThere));
  TRY(const auto number, FindNumber(txn, "SELECT no FROM logged_models WHERE model_id = ?1", model.model_id));
  CHECK_BUG(number.has_value());
  TRYV(PutItem(txn, import, ImportKind::kLoggedModel, {model.model_id, *number, true, source_uri}));
  TRYV(WriteTags(txn,
                 "INSERT INTO logged_model_params(model, key, value) VALUES(?1, ?2, ?3) "
                 "ON CONFLICT(model, key) DO UPDATE SET value = excluded.value",
                 *number, model.params));
  if (changed == Changed::kThere) {
    TRYV(WriteTags(txn,
                   "INSERT INTO logged_model_tags(model, key, value) VALUES(?1, ?2, ?3) "
                   "ON CONFLICT(model, key) DO UPDATE SET value = excluded.value",
                   *number, model.tags));
  }
  if (changed != Changed::kNowhere || item->state.empty())
    TRYV(NoteState(txn, import, ImportKind::kLoggedModel, {model.model_id, *number}, state));
  MetricKeys keys(txn);
  for (const Metric& point : model.metrics) {
    TRY(const std::int64_t key, keys.Number(point.key));
    const StoredValue stored = ToStored(point.value);
    TRYV(
        txn.Exec("INSERT INTO logged_model_metrics(model, key, time, step, run, dataset_name, dataset_digest, value, is_nan) "
                 "SELECT ?1, ?2, ?3, ?4, no, ?6, ?7, ?8, ?9 FROM runs WHERE run_id = ?5 ON CONFLICT DO NOTHING",
                 *number, key, point.timestamp, point.step, point.run_id, point.dataset_name, point.dataset_digest, stored.value,
                 stored.is_nan));
  }
  return {};
}

namespace {

struct Counted {
  std::int64_t ImportCounts::*value;
  std::string_view table;
  std::string_view column;
  ImportKind kind;
};
constexpr Counted kCounted[] = {
    {&ImportCounts::experiments, "experiments", "no", ImportKind::kExperiment},
    {&ImportCounts::experiment_tags, "experiment_tags", "experiment", ImportKind::kExperiment},
    {&ImportCounts::runs, "runs", "no", ImportKind::kRun},
    {&ImportCounts::points, "metrics", "run", ImportKind::kRun},
    {&ImportCounts::params, "params", "run", ImportKind::kRun},
    {&ImportCounts::tags, "run_tags", "run", ImportKind::kRun},
    {&ImportCounts::dataset_inputs, "inputs", "run", ImportKind::kRun},
    {&ImportCounts::model_inputs, "model_inputs", "run", ImportKind::kRun},
    {&ImportCounts::model_outputs, "model_outputs", "run", ImportKind::kRun},
    {&ImportCounts::logged_models, "logged_models", "no", ImportKind::kLoggedModel},
    {&ImportCounts::logged_model_params, "logged_model_params", "model", ImportKind::kLoggedModel},
    {&ImportCounts::logged_model_tags, "logged_model_tags", "model", ImportKind::kLoggedModel},
    {&ImportCounts::logged_model_points, "logged_model_metrics", "model", ImportKind::kLoggedModel},
};

}  // namespace

Result<ImportCounts> CountImport(sql::Conn& conn, std::int64_t import) {
  ImportCounts out;
  for (const Counted& counted : kCounted) {
    // A scan of the items and a search of each one's rows, whatever else is in the table.
    TRY(sql::Stmt stmt, conn.Prepare(fmt::format("SELECT count(*) FROM import_items i CROSS JOIN {} t "
                                                 "WHERE t.{} = i.target AND i.import = ?1 AND i.kind = ?2 AND i.done = 1",
                                                 counted.table, counted.column)));
    stmt.Bind(import).Bind(Number(counted.kind));
    TRY(const bool found, stmt.Step());
    CHECK_BUG(found);
    out.*counted.value = stmt.Int(0);
  }
  TRY(sql::Stmt sums, conn.Prepare("SELECT coalesce(sum(points), 0), coalesce(sum(same), 0), "
                                   "count(*) FILTER (WHERE done = 1 AND target NOT IN (SELECT no FROM runs)) "
                                   "FROM import_items WHERE import = ?1 AND kind = 2"));
  sums.Bind(import);
  TRY(const bool found, sums.Step());
  CHECK_BUG(found);
  out.points_read = sums.Int(0);
  out.same_points = sums.Int(1);
  out.removed = sums.Int(2);
  return out;
}

}  // namespace mlean::track
