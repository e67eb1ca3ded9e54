#include "registry/rows_store.hpp"

#include <fmt/format.h>

#include "sql/rows.hpp"

namespace mlean::registry {
namespace {

constexpr std::size_t kMaxClauses = 65;  // those of a filter, and that it is no prompt

}  // namespace

Result<std::int64_t> ModelNumber(sql::Conn& conn, std::string_view name) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no FROM models WHERE name = ?1"));
  stmt.Bind(name);
  TRY(const bool found, stmt.Step());
  if (!found) return Fail(Code::kNotFound, fmt::format("Registered Model with name={} not found", name), "mlean models list");
  return stmt.Int(0);
}

Result<std::string> ModelName(sql::Conn& conn, std::int64_t number) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT name FROM models WHERE no = ?1"));
  stmt.Bind(number);
  TRY(const bool found, stmt.Step());
  if (!found) return Fail(Code::kNotFound, fmt::format("Registered Model with number {} not found", number));
  return stmt.Text(0);
}

Result<std::vector<Tag>> ReadTags(sql::Conn& conn, std::string_view sql, std::int64_t owner) {
  TRY(sql::Stmt stmt, conn.Prepare(sql));
  stmt.Bind(owner);
  return sql::ReadRows(stmt, [](const sql::Stmt& row) { return Tag{row.Text(0), row.Text(1)}; });
}

Result<ModelVersion> ReadVersion(sql::Conn& conn, std::int64_t number) {
  ModelVersion out;
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT m.name, v.version, v.created, v.updated, v.stage, v.description, v.source, v.run_id, v.run_link, "
                   "v.logged_model_id, v.user_id, v.status, v.digest, v.path, v.size, v.schema, v.gate_report, v.model "
                   "FROM model_versions v JOIN models m ON m.no = v.model WHERE v.no = ?1"));
  stmt.Bind(number);
  TRY(const bool found, stmt.Step());
  CHECK_BUG(found);
  out.model = stmt.Text(0);
  out.version = static_cast<int>(stmt.Int(1));
  out.created = stmt.Int(2);
  out.updated = stmt.Int(3);
  out.stage = static_cast<Stage>(stmt.Int(4));
  out.description = stmt.Text(5);
  out.source = stmt.Text(6);
  out.run_id = stmt.Text(7);
  out.run_link = stmt.Text(8);
  out.logged_model_id = stmt.Text(9);
  out.user_id = stmt.Text(10);
  out.status = stmt.Text(11);
  out.digest = stmt.Text(12);
  out.path = stmt.Text(13);
  out.size = stmt.Int(14);
  out.schema = stmt.Text(15);
  out.gate_report = stmt.Text(16);
  TRY(out.tags, ReadTags(conn, "SELECT key, value FROM version_tags WHERE version_no = ?1 ORDER BY key", number));
  TRY(sql::Stmt aliases, conn.Prepare("SELECT alias FROM model_aliases WHERE model = ?1 AND version = ?2 ORDER BY alias"));
  aliases.Bind(stmt.Int(17)).Bind(out.version);
  TRY(out.aliases, sql::ReadRows(aliases, [](const sql::Stmt& row) { return row.Text(0); }));
  return out;
}

Result<std::vector<std::int64_t>> Numbers(sql::Stmt stmt) {
  return sql::ReadRows(stmt, [](const sql::Stmt& row) { return row.Int(0); });
}

Result<void> AddTagClause(sql::SelectText& text, std::string_view exists, const Clause& clause) {
  text.Add(clause.op == Op::kIsNull ? "(NOT " : "(");
  text.Add(exists);
  text.Value(std::string_view(clause.key));
  if (clause.op != Op::kIsNull && clause.op != Op::kNotNull) {
    text.Add(" AND ");
    TRYV(text.CompareText("t.value", clause.key, clause.op, clause.value));
  }
  text.Add(")");
  if (clause.or_absent) {
    text.Add(" OR NOT ");
    text.Add(exists);
    text.Value(std::string_view(clause.key));
    text.Add(")");
  }
  text.Add(")");
  return {};
}

Result<void> CheckQuery(const Query& query) {
  if (query.where.size() > kMaxClauses) return Fail(Code::kInvalid, "cannot search: too many clauses");
  if (query.order.size() > 32) return Fail(Code::kInvalid, "cannot search: more than 32 order keys");
  return {};
}

}  // namespace mlean::registry
