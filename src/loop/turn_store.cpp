#include "loop/turn_store.hpp"

#include <fmt/core.h>

#include "sql/rows.hpp"

namespace mlean::loop {
namespace {

constexpr std::string_view kSelectTurn =
    "SELECT id, number, model, cause, detail, status, outcome, created, ended, run_id, version, rollout_id FROM turns ";

Turn ReadTurn(const sql::Stmt& row) {
  Turn turn;
  turn.id = row.Text(0);
  turn.number = row.Int(1);
  turn.model = row.Text(2);
  turn.cause = row.Text(3);
  turn.detail = row.Text(4);
  turn.status = row.Text(5);
  turn.outcome = row.Text(6);
  turn.created = row.Int(7);
  turn.ended = row.MaybeInt(8);
  turn.run_id = row.Text(9);
  turn.version = row.MaybeInt(10);
  turn.rollout_id = row.MaybeText(11);
  return turn;
}

// From a row of position, name, status, started, ended, inputs, outputs, message, attempts, wall_ms.
Result<TurnStep> ReadStep(const sql::Stmt& row) {
  TurnStep step;
  step.position = static_cast<int>(row.Int(0));
  step.name = row.Text(1);
  step.status = row.Text(2);
  step.started = row.Int(3);
  step.ended = row.MaybeInt(4);
  TRY(step.inputs, codec::Json::Parse(row.Text(5)));
  TRY(step.outputs, codec::Json::Parse(row.Text(6)));
  step.message = row.Text(7);
  step.attempts = row.Int(8);
  step.wall_ms = row.MaybeInt(9).value_or(0);
  return step;
}

Result<void> ChangeOne(sql::Txn& txn, const std::string& id, Result<void> done) {
  TRYV(std::move(done));
  if (txn.Changes() == 1) return {};
  return Fail(Code::kNotFound, fmt::format("cannot change turn '{}': there is no such turn under way", id), "mlean loop history");
}

}  // namespace

Result<Turn> CreateTurn(sql::Txn& txn, const NewTurn& turn) {
  TRY(const auto other, FindTurnUnderWay(txn, turn.model));
  if (other) {
    return Fail(Code::kConflict, fmt::format("cannot start a turn of '{}': turn {} is under way", turn.model, other->number),
                "mlean loop status");
  }
  TRYV(
      txn.Exec("INSERT INTO turns(id, model, cause, detail, status, created, run_id, number) "
               "VALUES(?1, ?2, ?3, ?4, 'running', ?5, ?6, (SELECT coalesce(max(number), 0) + 1 FROM turns))",
               turn.id, turn.model, turn.cause, turn.detail, turn.created, turn.run_id));
  return GetTurn(txn, turn.id);
}

Result<void> SetTurnStatus(sql::Txn& txn, const std::string& id, const std::string& status) {
  return ChangeOne(txn, id, txn.Exec("UPDATE turns SET status = ?1 WHERE id = ?2 AND ended IS NULL", status, id));
}

Result<void> SetTurnVersion(sql::Txn& txn, const std::string& id, std::int64_t version) {
  return ChangeOne(txn, id, txn.Exec("UPDATE turns SET version = ?1 WHERE id = ?2", version, id));
}

Result<void> SetTurnRollout(sql::Txn& txn, const std::string& id, const std::string& rollout_id) {
  return ChangeOne(txn, id, txn.Exec("UPDATE turns SET rollout_id = ?1 WHERE id = ?2", rollout_id, id));
}

Result<void> EndTurn(sql::Txn& txn, const std::string& id, const std::string& status, const std::string& outcome, TimeMs now) {
  return ChangeOne(txn, id,
                   txn.Exec("UPDATE turns SET status = ?1, outcome = ?2, ended = ?3 WHERE id = ?4 AND ended IS NULL", status,
                            outcome, now, id));
}

Result<Turn> GetTurn(sql::Conn& conn, const std::string& id) {
  TRY(sql::Stmt rows, conn.Prepare(std::string(kSelectTurn) + "WHERE id = ?1"));
  rows.Bind(id);
  TRY(const bool found, rows.Step());
  if (!found) return Fail(Code::kNotFound, fmt::format("cannot find turn '{}'", id), "mlean loop history");
  return ReadTurn(rows);
}

Result<std::optional<Turn>> FindTurnUnderWay(sql::Conn& conn, const std::string& model) {
  TRY(sql::Stmt rows, conn.Prepare(std::string(kSelectTurn) + "WHERE model = ?1 AND status IN ('running', 'waiting')"));
  rows.Bind(model);
  return sql::ReadRow(rows, ReadTurn);
}

Result<std::vector<Turn>> ListTurns(sql::Conn& conn, const std::string& model, std::int64_t limit) {
  TRY(sql::Stmt rows, conn.Prepare(std::string(kSelectTurn) + "WHERE ?1 = '' OR model = ?1 ORDER BY number DESC LIMIT ?2"));
  rows.Bind(model).Bind(limit);
  return sql::ReadRows(rows, ReadTurn);
}

Result<std::vector<TurnStep>> ListSteps(sql::Conn& conn, const std::string& turn_id) {
  TRY(sql::Stmt rows, conn.Prepare("SELECT position, name, status, started, ended, inputs, outputs, message, attempts, wall_ms "
                                   "FROM turn_steps WHERE turn_id = ?1 ORDER BY position"));
  rows.Bind(turn_id);
  return sql::ReadRows(rows, ReadStep);
}

Result<void> BeginStep(sql::Txn& txn, const std::string& turn_id, int position, const std::string& name,
                       const codec::Json& inputs, TimeMs now) {
  return txn.Exec(
      "INSERT INTO turn_steps(turn_id, position, name, status, started, inputs) VALUES(?1, ?2, ?3, 'running', ?4, ?5) "
      "ON CONFLICT(turn_id, position) DO UPDATE SET status = 'running', attempts = turn_steps.attempts + 1, inputs = "
      "excluded.inputs",
      turn_id, position, name, now, inputs.Dump());
}

Result<void> FinishStep(sql::Txn& txn, const std::string& turn_id, int position, const std::string& status,
                        const codec::Json& outputs, const std::string& message, TimeMs now, std::int64_t wall_ms) {
  return txn.Exec(
      "UPDATE turn_steps SET status = ?1, outputs = ?2, message = ?3, ended = ?4, wall_ms = ?5 "
      "WHERE turn_id = ?6 AND position = ?7",
      status, outputs.Dump(), message, now, wall_ms, turn_id, position);
}

}  // namespace mlean::loop
