#include "track/removal_store.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "sql/rows.hpp"
#include "track/query_store.hpp"
#include "track/run_store.hpp"

namespace mlean::track {
namespace {

constexpr int kRowsAtOnce = 20'000;

Removable ReadRemovable(const sql::Stmt& row) { return {row.Text(0), fmt::to_string(row.Int(1)), row.Text(2), row.Int(3)}; }

// `head` ends before the latest time of deletion. All of them when `limit` is negative.
Result<std::vector<Removable>> Select(sql::Conn& conn, std::string_view head, TimeMs until, std::string_view column,
                                      const std::vector<std::string>& experiments, std::string_view id, std::string_view after,
                                      int limit) {
  sql::SelectText text;
  text.Add(head);
  text.Value(until);
  if (!experiments.empty()) {
    text.Add(fmt::format(" AND {} IN ", column));
    if (!AddExperimentIds(text, experiments)) return std::vector<Removable>{};
  }
  text.Add(fmt::format(" AND {} > ", id));
  text.Value(after);
  text.Add(fmt::format(" ORDER BY {}", id));
  if (limit >= 0) text.Add(fmt::format(" LIMIT {}", limit));
  TRY(sql::Stmt stmt, text.Prepare(conn));
  return sql::ReadRows(stmt, ReadRemovable);
}

struct PointsDeleted {
  std::int64_t rows = 0;
  bool all = false;
};
// The run's first points, as many as one transaction may delete.
Result<PointsDeleted> DeletePoints(sql::Txn& txn, std::int64_t run) {
  TRY(sql::Stmt stmt, txn.Prepare("SELECT key, time, step, value, is_nan FROM metrics WHERE run = ?1 "
                                  "ORDER BY key, time, step, value, is_nan LIMIT 1 OFFSET ?2"));
  stmt.Bind(run).Bind(kRowsAtOnce);
  TRY(const bool many, stmt.Step());
  if (many) {
    TRYV(txn.Exec("DELETE FROM metrics WHERE run = ?1 AND (key, time, step, value, is_nan) < (?2, ?3, ?4, ?5, ?6)", run,
                  stmt.Int(0), stmt.Int(1), stmt.Int(2), stmt.Double(3), stmt.Int(4)));
  } else {
    TRYV(txn.Exec("DELETE FROM metrics WHERE run = ?1", run));
  }
  return PointsDeleted{txn.Changes(), !many};
}

}  // namespace

Result<std::vector<Removable>> DeletedRuns(sql::Conn& conn, TimeMs until, const std::vector<std::string>& experiments,
                                           std::string_view after, int limit) {
  return Select(conn,
                "SELECT run_id, experiment, artifact_uri, coalesce(deleted_time, 0) FROM runs WHERE deleted = 1 AND "
                "coalesce(deleted_time, 0) <= ",
                until, "experiment", experiments, "run_id", after, limit);
}

Result<std::vector<Removable>> DeletedLoggedModels(sql::Conn& conn, TimeMs until, const std::vector<std::string>& experiments,
                                                   std::string_view after, int limit) {
  return Select(conn,
                "SELECT model_id, experiment, artifact_uri, updated FROM logged_models WHERE deleted = 1 AND updated <= ", until,
                "experiment", experiments, "model_id", after, limit);
}

Result<std::vector<Removable>> DeletedExperiments(sql::Conn& conn, TimeMs until, const std::vector<std::string>& experiments) {
  return Select(conn,
                "SELECT CAST(no AS TEXT), no, artifact_location, updated FROM experiments WHERE deleted = 1 AND no <> 0 AND "
                "updated <= ",
                until, "no", experiments, "CAST(no AS TEXT)", "", -1);
}

Result<void> RemoveRun(sql::Txn& txn, std::string_view run_id) {
  TRY(const RunInfo info, GetRunInfo(txn, run_id));
  if (info.stage != Stage::kDeleted) {
    return Fail(Code::kInvalid, fmt::format("cannot delete run '{}' for good: it is active, not deleted", run_id));
  }
  TRY(const std::int64_t run, RunNumber(txn, run_id));
  TRYV(txn.Exec("DELETE FROM runs WHERE no = ?1", run));
  return txn.Exec("INSERT INTO removed_runs(no) VALUES(?1)", run);
}

Result<void> RemoveLoggedModel(sql::Txn& txn, std::string_view model_id) {
  TRY(sql::Stmt stmt, txn.Prepare("SELECT no FROM logged_models WHERE model_id = ?1 AND deleted = 1"));
  stmt.Bind(model_id);
  TRY(const bool found, stmt.Step());
  if (!found)
    return Fail(Code::kNotFound, fmt::format("cannot delete logged model '{}' for good: none such is deleted", model_id));
  const std::int64_t model = stmt.Int(0);
  TRYV(txn.Exec("DELETE FROM logged_model_params WHERE model = ?1", model));
  TRYV(txn.Exec("DELETE FROM logged_model_tags WHERE model = ?1", model));
  TRYV(txn.Exec("DELETE FROM logged_model_metrics WHERE model = ?1", model));
  return txn.Exec("DELETE FROM logged_models WHERE no = ?1", model);
}

Result<bool> RemoveExperiment(sql::Txn& txn, std::string_view id) {
  const std::int64_t number = ParseInt(id).value_or(0);
  TRY(sql::Stmt stmt, txn.Prepare("SELECT EXISTS(SELECT 1 FROM runs WHERE experiment = ?1) OR "
                                  "EXISTS(SELECT 1 FROM logged_models WHERE experiment = ?1)"));
  stmt.Bind(number);
  TRY(const bool found, stmt.Step());
  if (!found || stmt.Int(0) != 0) return false;
  TRYV(txn.Exec("DELETE FROM experiments WHERE no = ?1 AND deleted = 1 AND no <> 0", number));
  if (txn.Changes() == 0) return false;
  TRYV(txn.Exec("DELETE FROM experiment_tags WHERE experiment = ?1", number));
  TRYV(txn.Exec("DELETE FROM datasets WHERE experiment = ?1", number));
  return true;
}

Result<bool> SweepRemoved(sql::Txn& txn) {
  TRY(sql::Stmt stmt, txn.Prepare("SELECT no FROM removed_runs ORDER BY no LIMIT 1000"));
  TRY(const std::vector<std::int64_t> runs, sql::ReadRows(stmt, [](const sql::Stmt& row) { return row.Int(0); }));
  if (runs.empty()) return false;
  std::int64_t last = -1;  // of those that are done
  std::int64_t rows = 0;
  for (const std::int64_t run : runs) {
    TRY(const PointsDeleted deleted, DeletePoints(txn, run));
    rows += deleted.rows;
    if (!deleted.all) break;
    for (const std::string_view table :
         {"latest_metrics", "params", "run_tags", "inputs", "input_tags", "model_inputs", "model_outputs"}) {
      TRYV(txn.Exec(fmt::format("DELETE FROM {} WHERE run = ?1", table), run));
      rows += txn.Changes();
    }
    last = run;
    if (rows >= kRowsAtOnce) break;
  }
  // One pass for all of them: this table is by model.
  TRYV(txn.Exec("DELETE FROM logged_model_metrics WHERE run IN (SELECT no FROM removed_runs WHERE no <= ?1)", last));
  TRYV(txn.Exec("DELETE FROM removed_runs WHERE no <= ?1", last));
  return true;
}

}  // namespace mlean::track
