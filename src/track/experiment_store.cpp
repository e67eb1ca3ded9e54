#include "track/experiment_store.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "sql/rows.hpp"
#include "track/artifact_location.hpp"
#include "track/limits.hpp"
#include "track/query_store.hpp"

namespace mlean::track {
namespace {

Error NoExperiment(std::string_view id) { return Fail(Code::kNotFound, fmt::format("No Experiment with id={} exists", id)); }

Result<std::vector<Tag>> ReadTags(sql::Conn& conn, std::int64_t number) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT key, value FROM experiment_tags WHERE experiment = ?1 ORDER BY key"));
  stmt.Bind(number);
  return sql::ReadRows(stmt, [](const sql::Stmt& row) { return Tag{row.Text(0), row.Text(1)}; });
}

// From a row of no, name, artifact_location, deleted, created, updated.
Result<Experiment> ReadExperiment(sql::Conn& conn, const sql::Stmt& stmt) {
  Experiment out;
  out.id = fmt::to_string(stmt.Int(0));
  out.name = stmt.Text(1);
  out.artifact_location = stmt.Text(2);
  out.stage = stmt.Int(3) != 0 ? Stage::kDeleted : Stage::kActive;
  out.created = stmt.Int(4);
  out.updated = stmt.Int(5);
  TRY(out.tags, ReadTags(conn, stmt.Int(0)));
  return out;
}

Result<void> WriteTag(sql::Txn& txn, std::int64_t number, const Tag& tag) {
  TRYV(CheckKey(tag.key, KeyOf::kTag));
  TRYV(CheckLength(tag.value, kMaxExperimentTagValue, "value"));
  return txn.Exec(
      "INSERT INTO experiment_tags(experiment, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(experiment, key) DO UPDATE SET value = "
      "excluded.value",
      number, tag.key, tag.value);
}

Result<void> CheckName(std::string_view name) {
  if (name.empty()) return Fail(Code::kInvalid, "Invalid experiment name: ''");
  if (!IsValidUtf8(name)) return Fail(Code::kInvalid, "Invalid experiment name: not UTF-8");
  return CheckLength(name, kMaxExperimentName, "name");
}

// The active experiment's number.
Result<std::int64_t> Active(sql::Conn& conn, std::string_view id) {
  TRY(const Experiment experiment, GetExperiment(conn, id));
  if (experiment.stage == Stage::kDeleted) {
    return Fail(Code::kInvalid,
                fmt::format("The experiment {} must be in the 'active' state. Current state is deleted.", experiment.id));
  }
  return *ParseInt(id);
}

Result<void> AddClause(sql::SelectText& text, const Clause& clause) {
  if (clause.field == Field::kTag) {
    const bool absent = clause.op == Op::kIsNull;
    text.Add(absent ? "NOT EXISTS(SELECT 1 FROM experiment_tags t WHERE t.experiment = e.no AND t.key = "
                    : "EXISTS(SELECT 1 FROM experiment_tags t WHERE t.experiment = e.no AND t.key = ");
    text.Value(std::string_view(clause.key));
    if (!absent && clause.op != Op::kNotNull) {
      text.Add(" AND ");
      TRYV(text.CompareText("t.value", clause.key, clause.op, clause.value));
    }
    text.Add(")");
    return {};
  }
  if (clause.field == Field::kAttribute && clause.key == "name")
    return text.CompareText("e.name", clause.key, clause.op, clause.value);
  if (clause.field == Field::kAttribute && clause.key == "creation_time")
    return text.CompareNumber("e.created", clause.key, clause.op, clause.value);
  if (clause.field == Field::kAttribute && clause.key == "last_update_time")
    return text.CompareNumber("e.updated", clause.key, clause.op, clause.value);
  if (clause.field == Field::kAttribute && clause.key == "experiment_id")
    return text.CompareText("CAST(e.no AS TEXT)", clause.key, clause.op, clause.value);
  return Fail(Code::kInvalid, fmt::format("Invalid attribute key '{}' specified. Valid keys are '['name', 'creation_time', "
                                          "'last_update_time', 'tags.<key>']'",
                                          clause.key));
}

Result<sql::SortTerm> TermOf(const Order& order) {
  using sql::SortKind;
  if (order.field != Field::kAttribute)
    return Fail(Code::kInvalid, "Invalid order_by entity: experiments are ordered by attributes only");
  if (order.key == "name") return sql::SortTerm{"e.name", SortKind::kText, order.ascending};
  if (order.key == "experiment_id") return sql::SortTerm{"e.no", SortKind::kInteger, order.ascending};
  if (order.key == "creation_time") return sql::SortTerm{"e.created", SortKind::kInteger, order.ascending};
  if (order.key == "last_update_time") return sql::SortTerm{"e.updated", SortKind::kInteger, order.ascending};
  return Fail(Code::kInvalid,
              fmt::format("Invalid order_by attribute '{}'. Valid keys are 'name', 'experiment_id', 'creation_time', "
                          "'last_update_time'",
                          order.key));
}

}  // namespace

Result<std::string> CreateExperiment(sql::Txn& txn, const NewExperiment& spec, TimeMs now) {
  TRYV(CheckName(spec.name));
  TRYV(CheckLength(spec.artifact_location, kMaxArtifactLocation, "artifact_location"));
  {
    TRY(sql::Stmt stmt, txn.Prepare("SELECT deleted FROM experiments WHERE name = ?1"));
    stmt.Bind(spec.name);
    TRY(const bool there, stmt.Step());
    if (there) {
      return Fail(Code::kExists, fmt::format("Experiment(name={}) already exists.{}", spec.name,
                                             stmt.Int(0) != 0 ? " It is deleted; restore it, or use another name." : ""));
    }
  }
  TRYV(txn.Exec("INSERT INTO experiments(name, artifact_location, created, updated) VALUES(?1, ?2, ?3, ?3)", spec.name,
                spec.artifact_location, now));
  const std::int64_t number = txn.LastRowId();
  if (spec.artifact_location.empty()) {
    TRYV(txn.Exec("UPDATE experiments SET artifact_location = ?2 WHERE no = ?1", number,
                  BelowLocation(spec.default_root, fmt::to_string(number))));
  }
  for (const Tag& tag : spec.tags) TRYV(WriteTag(txn, number, tag));
  return fmt::to_string(number);
}

Result<void> PrepareDefaultExperiment(sql::Txn& txn, std::string_view default_root, TimeMs now) {
  return txn.Exec("UPDATE experiments SET artifact_location = ?1, created = ?2, updated = ?2 WHERE no = 0 AND created = 0",
                  BelowLocation(default_root, "0"), now);
}

Result<std::string> EnsureExperiment(sql::Txn& txn, const NewExperiment& spec, TimeMs now) {
  Result<Experiment> found = GetExperimentByName(txn, spec.name);
  if (!found && found.error().code == Code::kNotFound) return CreateExperiment(txn, spec, now);
  if (!found) return std::move(found).error();
  if (found->stage == Stage::kDeleted) {
    return Fail(Code::kInvalid, fmt::format("cannot use experiment '{}': it is deleted", spec.name));
  }
  return found->id;
}

Result<Experiment> GetExperiment(sql::Conn& conn, std::string_view id) {
  const auto number = ParseInt(id);
  if (!number) {
    return Fail(Code::kInvalid, fmt::format("Invalid experiment ID '{}'. Experiment ID must be a valid integer.", id));
  }
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT no, name, artifact_location, deleted, created, updated FROM experiments WHERE no = ?1"));
  stmt.Bind(*number);
  TRY(const bool found, stmt.Step());
  if (!found) return NoExperiment(id);
  return ReadExperiment(conn, stmt);
}

Result<Experiment> GetExperimentByName(sql::Conn& conn, std::string_view name) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT no, name, artifact_location, deleted, created, updated FROM experiments WHERE name = ?1"));
  stmt.Bind(name);
  TRY(const bool found, stmt.Step());
  if (!found) return Fail(Code::kNotFound, fmt::format("Could not find experiment with name '{}'", name));
  return ReadExperiment(conn, stmt);
}

Result<std::vector<Experiment>> ListExperiments(sql::Conn& conn, const Query& query, sql::SortPlace* next) {
  TRYV(CheckSize(query));  // a key that is there twice orders as the first does, as in MLflow
  std::vector<sql::SortTerm> terms;
  for (const Order& order : query.order) {
    TRY(sql::SortTerm term, TermOf(order));
    terms.push_back(std::move(term));
  }
  if (query.order.empty()) terms.push_back({"e.created", sql::SortKind::kInteger, false});
  terms.push_back({"e.no", sql::SortKind::kInteger, query.order.empty()});
  const sql::Keyset order(std::move(terms));
  sql::SelectText text;
  text.Add("SELECT e.no");
  order.AddColumns(text);
  text.Add(" FROM experiments e WHERE TRUE");
  AddView(text, query.view, "e.deleted");
  sql::AddCondition(text, query.visible, "e.no");
  TRYV(sql::AddClauses(text, query.where, [&](const Clause& clause) { return AddClause(text, clause); }));
  TRYV(order.AddAfter(text, query.after));
  TRY(const std::vector<std::int64_t> numbers, order.Numbers(conn, text, query.limit, next));
  return sql::ReadEach(conn, numbers,
                       [](sql::Conn& from, std::int64_t number) { return GetExperiment(from, fmt::to_string(number)); });
}

Result<std::vector<std::string>> AllExperimentIds(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no FROM experiments WHERE deleted = 0 ORDER BY no"));
  return sql::ReadRows(stmt, [](const sql::Stmt& row) { return std::to_string(row.Int(0)); });
}

Result<void> RenameExperiment(sql::Txn& txn, std::string_view id, std::string_view name, TimeMs now) {
  TRYV(CheckName(name));
  TRY(const Experiment experiment, GetExperiment(txn, id));
  if (experiment.stage == Stage::kDeleted) return Fail(Code::kInvalid, "Cannot rename a non-active experiment.");
  if (experiment.name == name) return txn.Exec("UPDATE experiments SET updated = ?2 WHERE no = ?1", *ParseInt(id), now);
  if (GetExperimentByName(txn, name)) return Fail(Code::kExists, fmt::format("Experiment(name={}) already exists.", name));
  return txn.Exec("UPDATE experiments SET name = ?2, updated = ?3 WHERE no = ?1", *ParseInt(id), name, now);
}

Result<void> DeleteExperiment(sql::Txn& txn, std::string_view id, TimeMs now) {
  TRY(const Experiment experiment, GetExperiment(txn, id));
  if (experiment.stage == Stage::kDeleted) return NoExperiment(id);
  const std::int64_t number = *ParseInt(id);
  TRYV(txn.Exec("UPDATE experiments SET deleted = 1, updated = ?2 WHERE no = ?1", number, now));
  return txn.Exec("UPDATE runs SET deleted = 1, deleted_time = ?2 WHERE experiment = ?1 AND deleted = 0", number, now);
}

Result<void> RestoreExperiment(sql::Txn& txn, std::string_view id, TimeMs now) {
  TRY(const Experiment experiment, GetExperiment(txn, id));
  if (experiment.stage == Stage::kActive) return NoExperiment(id);
  const std::int64_t number = *ParseInt(id);
  TRYV(txn.Exec("UPDATE experiments SET deleted = 0, updated = ?2 WHERE no = ?1", number, now));
  return txn.Exec("UPDATE runs SET deleted = 0, deleted_time = NULL WHERE experiment = ?1", number);
}

Result<void> SetExperimentTag(sql::Txn& txn, std::string_view id, const Tag& tag) {
  TRY(const std::int64_t number, Active(txn, id));
  return WriteTag(txn, number, tag);
}

Result<void> DeleteExperimentTag(sql::Txn& txn, std::string_view id, std::string_view key) {
  TRY(const std::int64_t number, Active(txn, id));
  TRYV(txn.Exec("DELETE FROM experiment_tags WHERE experiment = ?1 AND key = ?2", number, key));
  if (txn.Changes() == 0) return Fail(Code::kNotFound, fmt::format("No tag with name: {} in experiment with id {}", key, id));
  return {};
}

}  // namespace mlean::track
