#include "rollout/rollout_store.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "codec/json.hpp"

namespace mlean::rollout {
namespace {

using codec::Json;

constexpr std::string_view kColumns =
    "id, model, candidate_version, champion_version, plan, seed, status, step, weight, step_started, started, ended, verdict, "
    "reason, evidence, turn_id";

std::string PlanToJson(const Plan& plan) {
  Json::Array steps;
  for (const double weight : plan.steps) steps.emplace_back(weight);
  return Json(Json::Object{{"strategy", StrategyName(plan.strategy)},
                           {"steps", std::move(steps)},
                           {"step_for_ms", plan.step_for_ms},
                           {"min_requests", plan.min_requests}})
      .Dump();
}

Result<Plan> PlanFromJson(const std::string& text) {
  TRY(const Json json, Json::Parse(text));
  TRY(const std::string strategy, json.StringAt("strategy"));
  TRY(const Json* steps, json.ArrayAt("steps"));
  Plan plan;
  TRY(plan.strategy, ParseStrategy(strategy));
  plan.steps.clear();
  for (const Json& weight : steps->AsArray()) {
    if (!weight.IsNumber()) return Fail(Code::kCorrupt, "a step is no number");
    plan.steps.push_back(weight.AsDouble());
  }
  TRY(plan.step_for_ms, json.IntAt("step_for_ms"));
  TRY(plan.min_requests, json.IntAt("min_requests"));
  TRYV(CheckPlan(plan));
  return plan;
}

std::optional<Verdict> ParseVerdict(std::string_view name) {
  for (const Verdict verdict : {Verdict::kPass, Verdict::kFail, Verdict::kNotEnoughEvidence}) {
    if (VerdictName(verdict) == name) return verdict;
  }
  return std::nullopt;
}

std::optional<std::string> NameOf(const std::optional<Verdict>& verdict) {
  if (!verdict) return std::nullopt;
  return std::string(VerdictName(*verdict));
}

// The row under the cursor, columns as kColumns.
Result<Rollout> ReadRow(const sql::Stmt& row) {
  Rollout out;
  out.id = row.Text(0);
  out.model = row.Text(1);
  out.candidate_version = row.Int(2);
  out.champion_version = row.MaybeInt(3);
  Result<Plan> plan = PlanFromJson(row.Text(4));
  Result<Status> status = ParseStatus(row.Text(6));
  if (!plan || !status) {
    Error error = !plan ? std::move(plan).error() : std::move(status).error();
    error.code = Code::kCorrupt;
    return std::move(error).With(fmt::format("cannot read rollout '{}'", out.id));
  }
  out.plan = *std::move(plan);
  out.seed = row.Text(5);
  out.state = {.step = static_cast<int>(row.Int(7)), .weight = row.Double(8), .step_started = row.Int(9), .status = *status};
  out.started = row.Int(10);
  out.ended = row.MaybeInt(11);
  if (const std::optional<std::string> verdict = row.MaybeText(12)) out.verdict = ParseVerdict(*verdict);
  out.reason = row.Text(13);
  out.evidence = row.Text(14);
  out.turn_id = row.MaybeText(15);
  return out;
}

Result<std::optional<Rollout>> ReadFirst(sql::Stmt stmt) {
  TRY(const bool found, stmt.Step());
  if (!found) return std::optional<Rollout>();
  TRY(Rollout rollout, ReadRow(stmt));
  return std::optional<Rollout>(std::move(rollout));
}

Error Ended(const Rollout& rollout) {
  return Fail(Code::kConflict,
              fmt::format("cannot change rollout '{}': it is {} already", rollout.id, StatusName(rollout.state.status)));
}

Result<void> Store(sql::Txn& txn, std::string_view id, const StateUpdate& update, TimeMs now) {
  const std::optional<std::int64_t> ended = update.state.Ended() ? std::optional<std::int64_t>(now) : std::nullopt;
  return txn.Exec(
      "UPDATE rollouts SET status = ?1, step = ?2, weight = ?3, step_started = ?4, ended = ?5, verdict = ?6, reason = ?7, "
      "evidence = ?8 WHERE id = ?9",
      StatusName(update.state.status), update.state.step, update.state.weight, update.state.step_started, ended,
      NameOf(update.verdict), update.reason, update.evidence, id);
}

}  // namespace

std::vector<sql::Migration> Migrations() {
  return {{.room = "rollout", .number = 1, .sql = R"sql(
    CREATE TABLE rollouts (
      id TEXT PRIMARY KEY,
      model TEXT NOT NULL,
      candidate_version INTEGER NOT NULL,
      champion_version INTEGER,
      plan TEXT NOT NULL,
      seed TEXT NOT NULL,
      status TEXT NOT NULL,
      step INTEGER NOT NULL,
      weight REAL NOT NULL,
      step_started INTEGER NOT NULL,
      started INTEGER NOT NULL,
      ended INTEGER,
      verdict TEXT,
      reason TEXT NOT NULL,
      evidence TEXT NOT NULL,
      turn_id TEXT
    ) STRICT;
    CREATE UNIQUE INDEX rollouts_running ON rollouts (model) WHERE ended IS NULL;
    CREATE INDEX rollouts_started ON rollouts (started);
  )sql"}};
}

Result<Rollout> Create(sql::Txn& txn, const NewRollout& spec, TimeMs now) {
  TRYV(CheckPlan(spec.plan));
  TRY(const std::optional<Rollout> running, FindRunning(txn, spec.model));
  if (running) {
    return Fail(
        Code::kConflict,
        fmt::format("cannot start rollout of '{}': version {} is being rolled out", spec.model, running->candidate_version),
        fmt::format("mlean rollout abort {}", spec.model));
  }
  Rollout out;
  out.id = NewUuidV7(now);
  out.model = spec.model;
  out.candidate_version = spec.candidate_version;
  out.champion_version = spec.champion_version;
  out.plan = spec.plan;
  TRY(sql::Stmt before, txn.Prepare("SELECT count(*) FROM rollouts WHERE model = ?1"));
  before.Bind(spec.model);
  TRY(const bool counted, before.Step());
  CHECK_BUG(counted);
  out.seed = Sha256Hex(fmt::format("{}/{}/{}", spec.model, spec.candidate_version, before.Int(0))).substr(0, 32);
  Advanced first = Begin(spec.plan, now);
  out.state = first.state;
  out.started = now;
  if (out.state.Ended()) out.ended = now;
  out.reason = std::move(first.reason);
  out.turn_id = spec.turn_id;
  TRYV(txn.Exec(
      "INSERT INTO rollouts (id, model, candidate_version, champion_version, plan, seed, status, step, weight, step_started, "
      "started, ended, verdict, reason, evidence, turn_id) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, NULL, ?13, ?14, ?15)",
      out.id, out.model, out.candidate_version, out.champion_version, PlanToJson(out.plan), out.seed,
      StatusName(out.state.status), out.state.step, out.state.weight, out.state.step_started, out.started, out.ended, out.reason,
      out.evidence, out.turn_id));
  return out;
}

Result<void> UpdateState(sql::Txn& txn, std::string_view id, const StateUpdate& update, TimeMs now) {
  TRY(const Rollout rollout, Get(txn, id));
  if (rollout.state.Ended()) return Ended(rollout);
  return Store(txn, id, update, now);
}

Result<void> Finish(sql::Txn& txn, std::string_view id, Status status, std::string_view reason, TimeMs now) {
  StateUpdate update;
  update.state.status = status;
  if (!update.state.Ended()) {
    return Fail(Code::kInvalid, fmt::format("cannot finish rollout '{}': '{}' is no end", id, StatusName(status)));
  }
  TRY(const Rollout rollout, Get(txn, id));
  if (rollout.state.status == status) return {};
  if (rollout.state.Ended()) return Ended(rollout);
  update.state = rollout.state;
  update.state.status = status;
  update.state.weight = status == Status::kPromoted ? 1 : 0;
  update.verdict = rollout.verdict;
  update.reason = reason;
  update.evidence = rollout.evidence;
  return Store(txn, id, update, now);
}

Result<std::optional<Rollout>> FindRunning(sql::Conn& conn, std::string_view model) {
  TRY(sql::Stmt stmt, conn.Prepare(fmt::format("SELECT {} FROM rollouts WHERE model = ?1 AND ended IS NULL", kColumns)));
  stmt.Bind(model);
  return ReadFirst(std::move(stmt));
}

Result<Rollout> Get(sql::Conn& conn, std::string_view id) {
  TRY(sql::Stmt stmt, conn.Prepare(fmt::format("SELECT {} FROM rollouts WHERE id = ?1", kColumns)));
  stmt.Bind(id);
  TRY(std::optional<Rollout> found, ReadFirst(std::move(stmt)));
  if (!found) return Fail(Code::kNotFound, fmt::format("cannot find rollout '{}': no such id", id), "mlean rollout status");
  return *std::move(found);
}

Result<std::vector<Rollout>> List(sql::Conn& conn, const ListFilter& filter) {
  TRY(sql::Stmt stmt,
      conn.Prepare(fmt::format(
          "SELECT {} FROM rollouts WHERE (CAST(?1 AS TEXT) IS NULL OR model = ?1) AND (CAST(?2 AS TEXT) IS NULL OR status = ?2) "
          "ORDER BY started DESC, id DESC LIMIT ?3",
          kColumns)));
  const std::optional<std::string> status = filter.status ? std::optional<std::string>(StatusName(*filter.status)) : std::nullopt;
  stmt.Bind(filter.model).Bind(status).Bind(std::clamp(filter.limit, 1, 1000));
  std::vector<Rollout> out;
  while (true) {
    TRY(const bool more, stmt.Step());
    if (!more) return out;
    TRY(Rollout rollout, ReadRow(stmt));
    out.push_back(std::move(rollout));
  }
}

}  // namespace mlean::rollout
