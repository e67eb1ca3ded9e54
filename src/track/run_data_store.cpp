#include "track/run_data_store.hpp"

#include <fmt/format.h>

#include "sql/rows.hpp"
#include "track/metric_keys_store.hpp"

namespace mlean::track {
namespace {

// Calls `take` for each row that `sql` gives for the run.
template <class Take>
Result<void> ForRows(sql::Conn& conn, std::string_view sql, std::int64_t run, const Take& take) {
  TRY(sql::Stmt stmt, conn.Prepare(sql));
  stmt.Bind(run);
  return sql::ForEachRow(stmt, take);
}

Result<void> ReadDatasets(sql::Conn& conn, std::int64_t run, std::vector<DatasetInput>& out) {
  TRYV(ForRows(
      conn,
      "SELECT d.name, d.digest, d.source_type, d.source, d.schema, d.profile FROM inputs i JOIN datasets d ON d.no = i.dataset "
      "WHERE i.run = ?1 ORDER BY i.position",
      run, [&out](const sql::Stmt& row) {
        Dataset dataset{row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.MaybeText(4), row.MaybeText(5)};
        out.push_back({std::move(dataset), {}});
      }));
  if (out.empty()) return {};
  return ForRows(conn,
                 "SELECT i.position, t.key, t.value FROM inputs i JOIN input_tags t ON t.run = i.run AND t.dataset = i.dataset "
                 "WHERE i.run = ?1 ORDER BY i.position, t.position",
                 run, [&out](const sql::Stmt& row) {
                   const auto position = static_cast<std::size_t>(row.Int(0));
                   if (position < out.size()) out[position].tags.push_back({row.Text(1), row.Text(2)});
                 });
}

}  // namespace

Result<RunInfo> ReadRunInfo(sql::Conn& conn, std::int64_t run) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri, deleted FROM runs "
                   "WHERE no = ?1"));
  stmt.Bind(run);
  TRY(const bool found, stmt.Step());
  CHECK_BUG(found);
  RunInfo info;
  info.run_id = stmt.Text(0);
  info.experiment_id = fmt::to_string(stmt.Int(1));
  info.name = stmt.Text(2);
  info.user_id = stmt.Text(3);
  info.status = static_cast<RunStatus>(stmt.Int(4));
  info.start_time = stmt.Int(5);
  info.end_time = stmt.MaybeInt(6);
  info.artifact_uri = stmt.Text(7);
  info.stage = stmt.Int(8) != 0 ? Stage::kDeleted : Stage::kActive;
  return info;
}

Result<Run> ReadRun(sql::Conn& conn, std::int64_t run) {
  Run out;
  TRY(out.info, ReadRunInfo(conn, run));
  TRYV(ForRows(
      conn,
      "SELECT k.key, m.value, m.is_nan, m.time, m.step FROM latest_metrics m JOIN metric_keys k ON k.no = m.key WHERE m.run = ?1 "
      "ORDER BY k.key",
      run, [&out](const sql::Stmt& row) {
        out.metrics.push_back({row.Text(0), FromStored(row.Double(1), row.Int(2) != 0), row.Int(3), row.Int(4)});
      }));
  TRYV(ForRows(conn, "SELECT key, value FROM params WHERE run = ?1 ORDER BY key", run, [&out](const sql::Stmt& row) {
    out.params.push_back({row.Text(0), row.Text(1)});
  }));
  TRYV(ForRows(conn, "SELECT key, value FROM run_tags WHERE run = ?1 ORDER BY key", run, [&out](const sql::Stmt& row) {
    out.tags.push_back({row.Text(0), row.Text(1)});
  }));
  TRYV(ReadDatasets(conn, run, out.datasets));
  TRYV(ForRows(conn, "SELECT model_id FROM model_inputs WHERE run = ?1", run,
               [&out](const sql::Stmt& row) { out.model_inputs.push_back(row.Text(0)); }));
  TRYV(ForRows(conn, "SELECT model_id, step FROM model_outputs WHERE run = ?1 ORDER BY step, model_id", run,
               [&out](const sql::Stmt& row) {
                 out.model_outputs.push_back({row.Text(0), row.Int(1)});
               }));
  return out;
}

}  // namespace mlean::track
