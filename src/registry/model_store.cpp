#include "registry/model_store.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "registry/names.hpp"
#include "registry/rows_store.hpp"
#include "registry/version_store.hpp"
#include "sql/rows.hpp"

namespace mlean::registry {
namespace {

Result<void> Touch(sql::Txn& txn, std::int64_t model, TimeMs now) {
  TRYV(txn.Exec("UPDATE models SET updated = ?2 WHERE no = ?1", model, now));
  return CountChange(txn);
}

Result<void> WriteTag(sql::Txn& txn, std::int64_t model, const Tag& tag) {
  TRYV(CheckTag(tag));
  return txn.Exec(
      "INSERT INTO model_tags(model, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(model, key) DO UPDATE SET value = excluded.value",
      model, tag.key, tag.value);
}

Result<Model> ReadModel(sql::Conn& conn, std::int64_t number) {
  Model out;
  {
    TRY(sql::Stmt stmt, conn.Prepare("SELECT name, description, created, updated FROM models WHERE no = ?1"));
    stmt.Bind(number);
    TRY(const bool found, stmt.Step());
    CHECK_BUG(found);
    out.name = stmt.Text(0);
    out.description = stmt.Text(1);
    out.created = stmt.Int(2);
    out.updated = stmt.Int(3);
  }
  TRY(out.tags, ReadTags(conn, "SELECT key, value FROM model_tags WHERE model = ?1 ORDER BY key", number));
  {
    TRY(sql::Stmt stmt, conn.Prepare("SELECT alias, version FROM model_aliases WHERE model = ?1 ORDER BY alias"));
    stmt.Bind(number);
    TRYV(sql::ForEachRow(stmt, [&](const sql::Stmt& row) {
      out.aliases.push_back({row.Text(0), static_cast<int>(row.Int(1))});
    }));
  }
  TRY(out.latest, LatestVersions(conn, number, {}));
  return out;
}

Result<sql::SortTerm> TermOf(const Order& order) {
  using sql::SortKind;
  if (order.key == "name") return sql::SortTerm{"m.name", SortKind::kText, order.ascending};
  if (order.key == "timestamp" || order.key == "last_updated_timestamp")
    return sql::SortTerm{"m.updated", SortKind::kInteger, order.ascending};
  if (order.key == "creation_timestamp") return sql::SortTerm{"m.created", SortKind::kInteger, order.ascending};
  return Fail(Code::kInvalid, fmt::format("Invalid order by key '{}' specified. Valid keys are 'name', 'timestamp', "
                                          "'last_updated_timestamp', 'creation_timestamp'",
                                          order.key));
}

}  // namespace

Result<Model> CreateModel(sql::Txn& txn, std::string_view name, std::string_view description, const std::vector<Tag>& tags,
                          TimeMs now) {
  TRYV(CheckModelName(name));
  TRYV(txn.Exec("INSERT INTO models(name, description, created, updated) VALUES(?1, ?2, ?3, ?3) ON CONFLICT DO NOTHING", name,
                description, now));
  if (txn.Changes() == 0) return Fail(Code::kExists, fmt::format("Registered Model (name={}) already exists.", name));
  const std::int64_t number = txn.LastRowId();
  for (const Tag& tag : tags) TRYV(WriteTag(txn, number, tag));
  TRYV(CountChange(txn));
  return ReadModel(txn, number);
}

Result<Model> EnsureModel(sql::Txn& txn, std::string_view name, TimeMs now) {
  Result<Model> found = GetModel(txn, name);
  if (found || found.error().code != Code::kNotFound) return found;
  return CreateModel(txn, name, "", {}, now);
}

Result<Model> GetModel(sql::Conn& conn, std::string_view name) {
  TRY(const std::int64_t model, ModelNumber(conn, name));
  return ReadModel(conn, model);
}

namespace {

Result<void> AddClause(sql::SelectText& text, const Clause& clause) {
  if (clause.field == Field::kTag) {
    return AddTagClause(text, "EXISTS(SELECT 1 FROM model_tags t WHERE t.model = m.no AND t.key = ", clause);
  }
  if (clause.key == "name") return text.CompareText("m.name", clause.key, clause.op, clause.value);
  return Fail(Code::kInvalid, fmt::format("Invalid attribute name: {}", clause.key));
}

}  // namespace

Result<std::vector<Model>> ListModels(sql::Conn& conn, const Query& query, sql::SortPlace* next) {
  TRYV(CheckQuery(query));
  std::vector<sql::SortTerm> terms;
  for (const Order& order : query.order) {
    TRY(sql::SortTerm term, TermOf(order));
    terms.push_back(std::move(term));
  }
  terms.push_back({"m.name", sql::SortKind::kText});
  const sql::Keyset order(std::move(terms));
  sql::SelectText text;
  text.Add("SELECT m.no");
  order.AddColumns(text);
  text.Add(" FROM models m WHERE TRUE");
  sql::AddCondition(text, query.visible, "m.no");
  TRYV(sql::AddClauses(text, query.where, [&](const Clause& clause) { return AddClause(text, clause); }));
  TRYV(order.AddAfter(text, query.after));
  TRY(const std::vector<std::int64_t> numbers, order.Numbers(conn, text, query.limit, next));
  return sql::ReadEach(conn, numbers, ReadModel);
}

Result<void> RenameModel(sql::Txn& txn, std::string_view name, std::string_view new_name, TimeMs now) {
  TRYV(CheckModelName(new_name));
  TRY(const std::int64_t model, ModelNumber(txn, name));
  TRYV(txn.Exec("UPDATE models SET name = ?2 WHERE no = ?1 AND NOT EXISTS(SELECT 1 FROM models WHERE name = ?2 AND no <> ?1)",
                model, new_name));
  if (txn.Changes() == 0) return Fail(Code::kExists, fmt::format("Registered Model (name={}) already exists.", new_name));
  TRYV(txn.Exec("UPDATE model_versions SET updated = ?2 WHERE model = ?1", model, now));
  return Touch(txn, model, now);
}

Result<void> DescribeModel(sql::Txn& txn, std::string_view name, std::string_view description, TimeMs now) {
  if (description.size() > 100000 || !IsValidUtf8(description))
    return Fail(Code::kInvalid, "cannot describe model: text too long or not UTF-8");
  TRY(const std::int64_t model, ModelNumber(txn, name));
  TRYV(txn.Exec("UPDATE models SET description = ?2 WHERE no = ?1", model, description));
  return Touch(txn, model, now);
}

Result<void> DeleteModel(sql::Txn& txn, std::string_view name) {
  TRY(const std::int64_t model, ModelNumber(txn, name));
  TRYV(txn.Exec("DELETE FROM version_tags WHERE version_no IN (SELECT no FROM model_versions WHERE model = ?1)", model));
  TRYV(txn.Exec("DELETE FROM model_versions WHERE model = ?1", model));
  TRYV(txn.Exec("DELETE FROM model_aliases WHERE model = ?1", model));
  TRYV(txn.Exec("DELETE FROM model_tags WHERE model = ?1", model));
  TRYV(txn.Exec("DELETE FROM models WHERE no = ?1", model));
  return CountChange(txn);
}

Result<void> SetModelTag(sql::Txn& txn, std::string_view name, const Tag& tag) {
  TRY(const std::int64_t model, ModelNumber(txn, name));
  TRYV(WriteTag(txn, model, tag));
  return CountChange(txn);
}

Result<void> DeleteModelTag(sql::Txn& txn, std::string_view name, std::string_view key) {
  TRY(const std::int64_t model, ModelNumber(txn, name));
  TRYV(txn.Exec("DELETE FROM model_tags WHERE model = ?1 AND key = ?2", model, key));
  return CountChange(txn);
}

Result<void> SetAlias(sql::Txn& txn, std::string_view name, std::string_view alias, int version) {
  TRYV(CheckAlias(alias));
  TRY(const std::int64_t model, ModelNumber(txn, name));
  TRYV(GetVersion(txn, name, version));
  TRYV(
      txn.Exec("INSERT INTO model_aliases(model, alias, version) VALUES(?1, ?2, ?3) ON CONFLICT(model, alias) DO UPDATE SET "
               "version = excluded.version",
               model, alias, version));
  return CountChange(txn);
}

Result<void> DeleteAlias(sql::Txn& txn, std::string_view name, std::string_view alias) {
  TRYV(CheckAlias(alias));
  TRY(const std::int64_t model, ModelNumber(txn, name));
  TRYV(txn.Exec("DELETE FROM model_aliases WHERE model = ?1 AND alias = ?2", model, alias));
  return CountChange(txn);
}

Result<int> ResolveAlias(sql::Conn& conn, std::string_view name, std::string_view alias) {
  TRY(const std::int64_t model, ModelNumber(conn, name));
  TRY(sql::Stmt stmt, conn.Prepare("SELECT version FROM model_aliases WHERE model = ?1 AND alias = ?2"));
  stmt.Bind(model).Bind(alias);
  TRY(const bool found, stmt.Step());
  if (!found) return Fail(Code::kInvalid, fmt::format("Registered model alias {} not found.", alias));
  return static_cast<int>(stmt.Int(0));
}

Result<std::int64_t> ChangeCounter(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT counter FROM registry_changes"));
  TRY(const bool found, stmt.Step());
  return found ? stmt.Int(0) : 0;
}

Result<void> CountChange(sql::Txn& txn) { return txn.Exec("UPDATE registry_changes SET counter = counter + 1"); }

}  // namespace mlean::registry
