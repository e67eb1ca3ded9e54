#include "track/export_store.hpp"

#include "sql/rows.hpp"
#include "track/logged_model_data_store.hpp"
#include "track/metric_keys_store.hpp"
#include "track/run_data_store.hpp"

namespace mlean::track {

Result<std::vector<ExportedRun>> RunsBehind(sql::Conn& conn, std::int64_t after, int limit) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no, deleted_time FROM runs WHERE no > ?1 ORDER BY no LIMIT ?2"));
  stmt.Bind(after).Bind(limit);
  TRY(std::vector<ExportedRun> out, sql::ReadRows(stmt, [](const sql::Stmt& row) {
        return ExportedRun{row.Int(0), {}, row.MaybeInt(1)};
      }));
  for (ExportedRun& one : out) {
    TRY(one.run, ReadRun(conn, one.number));
  }
  return out;
}

Result<void> ForEachPoint(sql::Conn& conn, std::int64_t run, const std::function<Result<void>(const Metric&)>& act) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT k.key, m.value, m.is_nan, m.time, m.step FROM metrics m JOIN metric_keys k ON k.no = m.key "
                   "WHERE m.run = ?1 ORDER BY m.key, m.time, m.step, m.value, m.is_nan"));
  stmt.Bind(run);
  return sql::ForEachRow(stmt, [&](const sql::Stmt& row) {
    return act({row.Text(0), FromStored(row.Double(1), row.Int(2) != 0), row.Int(3), row.Int(4)});
  });
}

Result<std::vector<ExportedModel>> LoggedModelsBehind(sql::Conn& conn, std::int64_t after, int limit) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no, deleted FROM logged_models WHERE no > ?1 ORDER BY no LIMIT ?2"));
  stmt.Bind(after).Bind(limit);
  TRY(std::vector<ExportedModel> out, sql::ReadRows(stmt, [](const sql::Stmt& row) {
        return ExportedModel{row.Int(0), {}, row.Int(1) != 0};
      }));
  for (ExportedModel& one : out) {
    TRY(one.model, ReadLoggedModel(conn, one.number));
  }
  return out;
}

}  // namespace mlean::track
