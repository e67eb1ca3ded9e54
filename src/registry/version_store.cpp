#include "registry/version_store.hpp"

#include <fmt/format.h>

#include <map>

#include "base/text.hpp"
#include "registry/model_store.hpp"
#include "registry/names.hpp"
#include "registry/rows_store.hpp"
#include "sql/rows.hpp"

namespace mlean::registry {
namespace {

Error NoVersion(std::string_view model, std::string_view version) {
  return Fail(Code::kNotFound, fmt::format("Model Version (name={}, version={}) not found", model, version));
}

Result<std::int64_t> Locate(sql::Conn& conn, std::string_view model, int version) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT v.no FROM model_versions v JOIN models m ON m.no = v.model "
                                   "WHERE m.name = ?1 AND v.version = ?2 AND v.deleted = 0"));
  stmt.Bind(model).Bind(version);
  TRY(const bool found, stmt.Step());
  if (!found) return NoVersion(model, fmt::to_string(version));
  return stmt.Int(0);
}

// As in MLflow a stage moves the times of version and model, a description that of the version, a tag none.
Result<void> Touch(sql::Txn& txn, std::int64_t version, TimeMs now) {
  TRYV(txn.Exec("UPDATE model_versions SET updated = ?2 WHERE no = ?1", version, now));
  TRYV(txn.Exec("UPDATE models SET updated = ?2 WHERE no = (SELECT model FROM model_versions WHERE no = ?1)", version, now));
  return CountChange(txn);
}

Result<void> WriteTag(sql::Txn& txn, std::int64_t version, const Tag& tag) {
  TRYV(CheckTag(tag));
  return txn.Exec(
      "INSERT INTO version_tags(version_no, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(version_no, key) DO UPDATE SET value = "
      "excluded.value",
      version, tag.key, tag.value);
}

Result<std::optional<ModelVersion>> FindByKey(sql::Txn& txn, const NewVersion& spec) {
  if (spec.idempotency_key.empty()) return std::optional<ModelVersion>{};
  std::int64_t number = 0;
  {
    TRY(sql::Stmt stmt, txn.Prepare("SELECT no FROM model_versions WHERE idempotency_key = ?1"));
    stmt.Bind(spec.idempotency_key);
    TRY(const bool found, stmt.Step());
    if (!found) return std::optional<ModelVersion>{};
    number = stmt.Int(0);
  }
  TRY(ModelVersion version, ReadVersion(txn, number));
  if (version.model != spec.model) {
    return Fail(Code::kConflict, fmt::format("cannot create version of '{}': key '{}' made version {} of '{}'", spec.model,
                                             spec.idempotency_key, version.version, version.model));
  }
  return std::optional<ModelVersion>(std::move(version));
}

Result<void> CheckSpec(const NewVersion& spec) {
  for (const std::string* text :
       {&spec.source, &spec.run_id, &spec.run_link, &spec.description, &spec.user_id, &spec.path, &spec.schema}) {
    if (!IsValidUtf8(*text))
      return Fail(Code::kInvalid, fmt::format("cannot create version of '{}': a text is not UTF-8", spec.model));
  }
  if (spec.source.size() > 65535 || spec.description.size() > 100000 || spec.run_id.size() > 256) {
    return Fail(Code::kInvalid, fmt::format("cannot create version of '{}': a text is too long", spec.model));
  }
  return {};
}

}  // namespace

Result<ModelVersion> CreateVersion(sql::Txn& txn, const NewVersion& spec, TimeMs now) {
  TRY(std::optional<ModelVersion> made, FindByKey(txn, spec));
  if (made) return *std::move(made);
  TRYV(CheckSpec(spec));
  TRY(const std::int64_t model, ModelNumber(txn, spec.model));
  TRYV(txn.Exec("UPDATE models SET last_version = last_version + 1, updated = ?2 WHERE no = ?1", model, now));
  const std::optional<std::string> key =
      spec.idempotency_key.empty() ? std::optional<std::string>() : std::optional<std::string>(spec.idempotency_key);
  TRYV(txn.Exec(
      "INSERT INTO model_versions(model, version, created, updated, description, source, run_id, run_link, logged_model_id, "
      "user_id, status, digest, path, size, schema, gate_report, idempotency_key) "
      "VALUES(?1, (SELECT last_version FROM models WHERE no = ?1), ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
      "?15)",
      model, now, spec.description, spec.source, spec.run_id, spec.run_link, spec.logged_model_id, spec.user_id, spec.status,
      spec.digest, spec.path, spec.size, spec.schema, spec.gate_report, key));
  const std::int64_t number = txn.LastRowId();
  for (const Tag& tag : spec.tags) TRYV(WriteTag(txn, number, tag));
  TRYV(CountChange(txn));
  return ReadVersion(txn, number);
}

Result<ModelVersion> GetVersion(sql::Conn& conn, std::string_view model, int version) {
  TRY(const std::int64_t number, Locate(conn, model, version));
  return ReadVersion(conn, number);
}

Result<std::vector<ModelVersion>> ListVersions(sql::Conn& conn, std::string_view model) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT v.no FROM model_versions v JOIN models m ON m.no = v.model "
                                   "WHERE m.name = ?1 AND v.deleted = 0 ORDER BY v.version DESC"));
  stmt.Bind(model);
  TRY(const std::vector<std::int64_t> numbers, Numbers(std::move(stmt)));
  return sql::ReadEach(conn, numbers, ReadVersion);
}

Result<std::vector<std::string>> ServableModels(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT name FROM models m WHERE EXISTS(SELECT 1 FROM model_versions v WHERE v.model = m.no "
                                   "AND v.path <> '' AND v.deleted = 0) ORDER BY name"));
  std::vector<std::string> names;
  while (true) {
    TRY(const bool row, stmt.Step());
    if (!row) return names;
    names.emplace_back(stmt.Text(0));
  }
}

Result<std::vector<ModelVersion>> ServableVersions(sql::Conn& conn, std::string_view model, int also, std::size_t newest) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT v.no FROM model_versions v JOIN models m ON m.no = v.model "
                   "WHERE m.name = ?1 AND v.deleted = 0 AND v.path <> '' AND (v.version = ?2 "
                   "OR v.version IN (SELECT a.version FROM model_aliases a WHERE a.model = m.no) "
                   "OR v.version IN (SELECT n.version FROM model_versions n WHERE n.model = m.no AND n.deleted = 0 "
                   "AND n.path <> '' ORDER BY n.version DESC LIMIT ?3)) ORDER BY v.version DESC"));
  stmt.Bind(model).Bind(also).Bind(static_cast<std::int64_t>(newest));
  TRY(const std::vector<std::int64_t> numbers, Numbers(std::move(stmt)));
  return sql::ReadEach(conn, numbers, ReadVersion);
}

namespace {

Result<void> AddClause(sql::SelectText& text, const Clause& clause) {
  if (clause.field == Field::kTag) {
    return AddTagClause(text, "EXISTS(SELECT 1 FROM version_tags t WHERE t.version_no = v.no AND t.key = ", clause);
  }
  const bool number = clause.key == "version_number";
  const std::string_view expression = clause.key == "name"          ? "m.name"
                                      : number                      ? "v.version"
                                      : clause.key == "run_id"      ? "v.run_id"
                                      : clause.key == "source_path" ? "v.source"
                                                                    : "";
  if (expression.empty()) return Fail(Code::kInvalid, fmt::format("Invalid attribute name: {}", clause.key));
  return number ? text.CompareNumber(expression, clause.key, clause.op, clause.value)
                : text.CompareText(expression, clause.key, clause.op, clause.value);
}

Result<sql::SortTerm> TermOf(const Order& order) {
  using sql::SortKind;
  if (order.key == "name") return sql::SortTerm{"m.name", SortKind::kText, order.ascending};
  if (order.key == "version_number") return sql::SortTerm{"v.version", SortKind::kInteger, order.ascending};
  if (order.key == "creation_timestamp") return sql::SortTerm{"v.created", SortKind::kInteger, order.ascending};
  if (order.key == "last_updated_timestamp") return sql::SortTerm{"v.updated", SortKind::kInteger, order.ascending};
  return Fail(Code::kInvalid, fmt::format("Invalid order by key '{}' specified.", order.key));
}

}  // namespace

Result<std::vector<ModelVersion>> SearchVersions(sql::Conn& conn, const Query& query, sql::SortPlace* next) {
  TRYV(CheckQuery(query));
  std::vector<sql::SortTerm> terms;
  for (const Order& order : query.order) {
    TRY(sql::SortTerm term, TermOf(order));
    terms.push_back(std::move(term));
  }
  terms.push_back({"m.name", sql::SortKind::kText});
  terms.push_back({"v.version", sql::SortKind::kInteger, false});
  const sql::Keyset order(std::move(terms));
  sql::SelectText text;
  text.Add("SELECT v.no");
  order.AddColumns(text);
  text.Add(" FROM model_versions v JOIN models m ON m.no = v.model WHERE v.deleted = 0");
  sql::AddCondition(text, query.visible, "m.no");
  TRYV(sql::AddClauses(text, query.where, [&](const Clause& clause) { return AddClause(text, clause); }));
  TRYV(order.AddAfter(text, query.after));
  TRY(const std::vector<std::int64_t> numbers, order.Numbers(conn, text, query.limit, next));
  return sql::ReadEach(conn, numbers, ReadVersion);
}

Result<std::vector<ModelVersion>> LatestVersions(sql::Conn& conn, std::string_view model, const std::vector<Stage>& stages) {
  TRY(const std::int64_t owner, ModelNumber(conn, model));
  return LatestVersions(conn, owner, stages);
}

Result<std::vector<ModelVersion>> LatestVersions(sql::Conn& conn, std::int64_t model, const std::vector<Stage>& stages) {
  // In the order of MLflow: that in which the stages came to the model's versions.
  TRY(sql::Stmt stmt,
      conn.Prepare(
          "SELECT no, (SELECT min(o.version) FROM model_versions o WHERE o.model = ?1 AND o.stage = ?2 AND o.deleted = 0 "
          "AND o.status = 'READY') FROM model_versions WHERE model = ?1 AND stage = ?2 AND deleted = 0 AND "
          "status = 'READY' ORDER BY version DESC LIMIT 1"));
  static constexpr Stage kAll[] = {Stage::kNone, Stage::kStaging, Stage::kProduction, Stage::kArchived};
  std::map<std::int64_t, std::int64_t> by_oldest;
  for (const Stage stage : stages.empty() ? std::vector<Stage>(std::begin(kAll), std::end(kAll)) : stages) {
    stmt.Bind(model).Bind(static_cast<int>(stage));
    TRY(const bool found, stmt.Step());
    if (found) by_oldest[stmt.Int(1)] = stmt.Int(0);
    stmt.Reset();
  }
  std::vector<std::int64_t> numbers;
  for (const auto& [oldest, number] : by_oldest) numbers.push_back(number);
  return sql::ReadEach(conn, numbers, ReadVersion);
}

Result<void> UpdateVersion(sql::Txn& txn, std::string_view model, int version, const VersionChange& change, TimeMs now) {
  TRY(const std::int64_t number, Locate(txn, model, version));
  TRYV(txn.Exec(
      "UPDATE model_versions SET description = coalesce(?2, description), status = coalesce(?3, status), "
      "digest = coalesce(?4, digest), path = coalesce(?5, path), size = coalesce(?6, size), schema = coalesce(?7, schema), "
      "gate_report = coalesce(?8, gate_report) WHERE no = ?1",
      number, change.description, change.status, change.digest, change.path, change.size, change.schema, change.gate_report));
  TRYV(txn.Exec("UPDATE model_versions SET updated = ?2 WHERE no = ?1", number, now));
  return CountChange(txn);
}

Result<std::vector<int>> VersionsInStage(sql::Conn& conn, std::string_view model, Stage stage) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT v.version FROM model_versions v JOIN models m ON m.no = v.model WHERE m.name = ?1 AND "
                                   "v.stage = ?2 AND v.deleted = 0 ORDER BY v.version"));
  stmt.Bind(model).Bind(static_cast<int>(stage));
  return sql::ReadRows(stmt, [](const sql::Stmt& row) { return static_cast<int>(row.Int(0)); });
}

Result<ModelVersion> TransitionStage(sql::Txn& txn, std::string_view model, int version, Stage stage, bool archive_existing,
                                     TimeMs now) {
  if (archive_existing && stage != Stage::kStaging && stage != Stage::kProduction) {
    return Fail(Code::kInvalid,
                fmt::format("Model version transition cannot archive existing model versions because '{}' is not an Active "
                            "stage. Valid stages are Staging, Production",
                            StageName(stage)));
  }
  TRY(const std::int64_t number, Locate(txn, model, version));
  if (archive_existing) {
    TRYV(
        txn.Exec("UPDATE model_versions SET stage = ?3, updated = ?4 WHERE stage = ?2 AND no <> ?1 AND deleted = 0 AND "
                 "model = (SELECT model FROM model_versions WHERE no = ?1)",
                 number, static_cast<int>(stage), static_cast<int>(Stage::kArchived), now));
  }
  TRYV(txn.Exec("UPDATE model_versions SET stage = ?2 WHERE no = ?1", number, static_cast<int>(stage)));
  TRYV(Touch(txn, number, now));
  return ReadVersion(txn, number);
}

Result<void> SetVersionTag(sql::Txn& txn, std::string_view model, int version, const Tag& tag) {
  TRY(const std::int64_t number, Locate(txn, model, version));
  TRYV(WriteTag(txn, number, tag));
  return CountChange(txn);
}

Result<void> DeleteVersionTag(sql::Txn& txn, std::string_view model, int version, std::string_view key) {
  TRY(const std::int64_t number, Locate(txn, model, version));
  TRYV(txn.Exec("DELETE FROM version_tags WHERE version_no = ?1 AND key = ?2", number, key));
  return CountChange(txn);
}

Result<void> DeleteVersion(sql::Txn& txn, std::string_view model, int version, TimeMs now) {
  TRY(const std::int64_t number, Locate(txn, model, version));
  TRY(const std::int64_t owner, ModelNumber(txn, model));
  TRYV(txn.Exec("UPDATE model_versions SET deleted = 1, updated = ?2 WHERE no = ?1", number, now));
  TRYV(txn.Exec("DELETE FROM version_tags WHERE version_no = ?1", number));
  TRYV(txn.Exec("DELETE FROM model_aliases WHERE model = ?1 AND version = ?2", owner, version));
  TRYV(txn.Exec("UPDATE models SET updated = ?2 WHERE no = ?1", owner, now));
  return CountChange(txn);
}

Result<std::unordered_map<std::string, std::string>> Referred(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT m.name, v.version, v.run_id, v.logged_model_id, v.source FROM model_versions v "
                                   "JOIN models m ON m.no = v.model WHERE v.deleted = 0"));
  std::unordered_map<std::string, std::string> out;
  TRYV(sql::ForEachRow(stmt, [&](const sql::Stmt& row) {
    const std::string name = fmt::format("model '{}' version {}", row.Text(0), row.Int(1));
    std::vector<std::string> ids = Split(row.Text(4), '/');
    ids.push_back(row.Text(2));
    ids.push_back(row.Text(3));
    for (std::string& id : ids) {
      if (!id.empty()) out.emplace(std::move(id), name);
    }
  }));
  return out;
}

}  // namespace mlean::registry
