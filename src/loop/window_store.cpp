#include "loop/window_store.hpp"

#include "sql/rows.hpp"

namespace mlean::loop {
namespace {

Result<Window> ReadWindow(const sql::Stmt& row) {
  Window window;
  window.model = row.Text(0);
  window.start = row.Int(1);
  window.stop = row.Int(2);
  window.time = row.Int(3);
  TRY(window.report, codec::Json::Parse(row.Text(4)));
  return window;
}

}  // namespace

Result<void> AddWindow(sql::Txn& txn, const Window& window) {
  return txn.Exec("INSERT INTO windows(model, start, stop, time, report) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                  window.model, window.start, window.stop, window.time, window.report.Dump());
}

Result<std::vector<Window>> ListWindows(sql::Conn& conn, const std::string& model, std::int64_t limit) {
  TRY(sql::Stmt rows,
      conn.Prepare("SELECT model, start, stop, time, report FROM windows WHERE model = ?1 ORDER BY start DESC LIMIT ?2"));
  rows.Bind(model).Bind(limit);
  return sql::ReadRows(rows, ReadWindow);
}

Result<std::optional<Window>> FindWindow(sql::Conn& conn, const std::string& model, TimeMs start) {
  TRY(sql::Stmt rows, conn.Prepare("SELECT model, start, stop, time, report FROM windows WHERE model = ?1 AND start = ?2"));
  rows.Bind(model).Bind(start);
  return sql::ReadRow(rows, ReadWindow);
}

Result<std::vector<Window>> ListUnconsidered(sql::Conn& conn, const std::string& model) {
  TRY(sql::Stmt rows,
      conn.Prepare("SELECT model, start, stop, time, report FROM windows WHERE model = ?1 AND considered = 0 ORDER BY start"));
  rows.Bind(model);
  return sql::ReadRows(rows, ReadWindow);
}

Result<void> MarkConsidered(sql::Txn& txn, const std::string& model, TimeMs start) {
  return txn.Exec("UPDATE windows SET considered = 1 WHERE model = ?1 AND start <= ?2", model, start);
}

Result<void> PutValidation(sql::Txn& txn, const Validation& validation) {
  return txn.Exec(
      "INSERT INTO validations(content, suite, success, time, summary) VALUES(?1, ?2, ?3, ?4, ?5) "
      "ON CONFLICT(content, suite) DO UPDATE SET success = excluded.success, time = excluded.time, summary = excluded.summary",
      validation.content, validation.suite, validation.success, validation.time, validation.summary.Dump());
}

Result<std::optional<Validation>> FindValidation(sql::Conn& conn, const std::string& content, const std::string& suite) {
  TRY(sql::Stmt rows, conn.Prepare("SELECT success, time, summary FROM validations WHERE content = ?1 AND suite = ?2"));
  rows.Bind(content).Bind(suite);
  return sql::ReadRow(rows, [&](const sql::Stmt& row) -> Result<Validation> {
    Validation out{content, suite, row.Int(0) != 0, row.Int(1), {}};
    TRY(out.summary, codec::Json::Parse(row.Text(2)));
    return out;
  });
}

}  // namespace mlean::loop
