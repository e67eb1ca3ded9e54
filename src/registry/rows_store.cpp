#include "registry/rows_store.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace mlean::registry {
namespace {

// LIKE's case-sensitive twin in SQLite is GLOB.
std::string GlobOf(std::string_view like) {
  std::string glob;
  for (const char c : like) {
    switch (c) {
      case '%': glob += '*'; break;
      case '_': glob += '?'; break;
      case '*':
      case '?':
      case '[': glob += {'[', c, ']'}; break;
      default: glob += c;
    }
  }
  return glob;
}

std::string_view Symbol(Op op) {
  switch (op) {
    case Op::kEq: return " = ";
    case Op::kNe: return " <> ";
    case Op::kLt: return " < ";
    case Op::kLe: return " <= ";
    case Op::kGt: return " > ";
    case Op::kGe: return " >= ";
    case Op::kLike: return " GLOB ";
    case Op::kILike: return " LIKE ";
    case Op::kIn: return " IN ";
  }
  return " = ";
}

Error BadClause(std::string_view key) {
  return Fail(Code::kInvalid, fmt::format("cannot search by '{}': wrong kind of value", key));
}

}  // namespace

Result<std::int64_t> ModelNumber(sql::Conn& conn, std::string_view name) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no FROM models WHERE name = ?1"));
  stmt.Bind(name);
  TRY(const bool found, stmt.Step());
  if (!found) return Fail(Code::kNotFound, fmt::format("Registered Model with name={} not found", name), "mlean models list");
  return stmt.Int(0);
}

Result<std::vector<Tag>> ReadTags(sql::Conn& conn, std::string_view sql, std::int64_t owner) {
  TRY(sql::Stmt stmt, conn.Prepare(sql));
  stmt.Bind(owner);
  std::vector<Tag> out;
  while (true) {
    TRY(const bool row, stmt.Step());
    if (!row) return out;
    out.push_back({stmt.Text(0), stmt.Text(1)});
  }
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
  while (true) {
    TRY(const bool row, aliases.Step());
    if (!row) return out;
    out.aliases.push_back(aliases.Text(0));
  }
}

Result<std::vector<std::int64_t>> Numbers(sql::Stmt stmt) {
  std::vector<std::int64_t> out;
  while (true) {
    TRY(const bool row, stmt.Step());
    if (!row) return out;
    out.push_back(stmt.Int(0));
  }
}

void SearchText::Value(std::string_view value) {
  values_.emplace_back(std::string(value));
  text_ += fmt::format("?{}", values_.size());
}
void SearchText::Value(std::int64_t value) {
  values_.emplace_back(value);
  text_ += fmt::format("?{}", values_.size());
}

Result<sql::Stmt> SearchText::Prepare(sql::Conn& conn) const {
  TRY(sql::Stmt stmt, conn.Prepare(text_));
  for (const auto& value : values_) {
    std::visit([&stmt](const auto& bound) { stmt.Bind(bound); }, value);
  }
  return stmt;
}

Result<void> AddCompare(SearchText& text, std::string_view expression, const Clause& clause, bool number) {
  text.Add(expression);
  text.Add(Symbol(clause.op));
  if (number) {
    const auto* value = std::get_if<std::int64_t>(&clause.value);
    if (value == nullptr || clause.op >= Op::kLike) return BadClause(clause.key);
    text.Value(*value);
    return {};
  }
  if (clause.op == Op::kIn) {
    const auto* list = std::get_if<std::vector<std::string>>(&clause.value);
    if (list == nullptr || list->size() > 10000) return BadClause(clause.key);
    text.Add("(");
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i > 0) text.Add(", ");
      text.Value(std::string_view((*list)[i]));
    }
    text.Add(")");
    return {};
  }
  const auto* value = std::get_if<std::string>(&clause.value);
  if (value == nullptr) return BadClause(clause.key);
  // The matcher backtracks: each '%' more multiplies the worst case.
  if ((clause.op == Op::kLike || clause.op == Op::kILike) &&
      (value->size() > 1000 || std::count(value->begin(), value->end(), '%') > 16)) {
    return Fail(Code::kInvalid,
                fmt::format("cannot search by '{}': the pattern is too long or has too many wildcards", clause.key));
  }
  text.Value(clause.op == Op::kLike ? std::string_view(GlobOf(*value)) : std::string_view(*value));
  return {};
}

Result<void> AddTagClause(SearchText& text, std::string_view exists, const Clause& clause) {
  text.Add("(");
  text.Add(exists);
  text.Value(std::string_view(clause.key));
  text.Add(" AND ");
  TRYV(AddCompare(text, "t.value", clause, false));
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
  if (query.where.size() > 64) return Fail(Code::kInvalid, "cannot search: more than 64 clauses");
  if (query.order.size() > 32) return Fail(Code::kInvalid, "cannot search: more than 32 order keys");
  return {};
}

}  // namespace mlean::registry
