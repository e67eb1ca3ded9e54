#include "registry/import_store.hpp"

#include <fmt/format.h>

#include "registry/model_store.hpp"
#include "registry/names.hpp"

namespace mlean::registry {
namespace {

Result<bool> AddVersion(sql::Txn& txn, std::int64_t model, const ModelVersion& version) {
  TRYV(
      txn.Exec("INSERT INTO model_versions(model, version, created, updated, stage, description, source, run_id, run_link, "
               "logged_model_id, user_id, status, digest, path, size, schema, gate_report) "
               "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, '', '', 0, '', '') ON CONFLICT DO NOTHING",
               model, version.version, version.created, version.updated, static_cast<int>(version.stage), version.description,
               version.source, version.run_id, version.run_link, version.logged_model_id, version.user_id, version.status));
  if (txn.Changes() == 0) return false;
  const std::int64_t number = txn.LastRowId();
  for (const Tag& tag : version.tags) {
    TRYV(
        txn.Exec("INSERT INTO version_tags(version_no, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(version_no, key) DO UPDATE SET "
                 "value = excluded.value",
                 number, tag.key, tag.value));
  }
  return true;
}

}  // namespace

Result<std::int64_t> ImportModel(sql::Txn& txn, const ImportedModel& imported) {
  const Model& model = imported.model;
  TRYV(CheckModelName(model.name));
  TRYV(txn.Exec("INSERT INTO models(name, description, created, updated) VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                model.name, model.description, model.created, model.updated));
  if (txn.Changes() == 0) return Fail(Code::kExists, fmt::format("Registered Model (name={}) already exists.", model.name));
  const std::int64_t number = txn.LastRowId();
  for (const Tag& tag : model.tags)
    TRYV(
        txn.Exec("INSERT INTO model_tags(model, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(model, key) DO UPDATE SET value = "
                 "excluded.value",
                 number, tag.key, tag.value));
  for (const Alias& alias : model.aliases) {
    TRYV(
        txn.Exec("INSERT INTO model_aliases(model, alias, version) VALUES(?1, ?2, ?3) ON CONFLICT(model, alias) DO UPDATE SET "
                 "version = excluded.version",
                 number, alias.name, alias.version));
  }
  TRY(const int added, AddMissingVersions(txn, number, imported));
  static_cast<void>(added);
  return number;
}

Result<int> AddMissingVersions(sql::Txn& txn, std::int64_t model, const ImportedModel& imported) {
  TRYV(txn.Exec("UPDATE models SET last_version = max(last_version, ?2) WHERE no = ?1", model, imported.last_version));
  if (txn.Changes() == 0) return 0;
  int added = 0;
  for (const ModelVersion& version : imported.versions) {
    TRY(const bool is_new, AddVersion(txn, model, version));
    added += is_new ? 1 : 0;
  }
  if (added > 0 || imported.versions.empty()) TRYV(CountChange(txn));
  return added;
}

Result<void> MoveSources(sql::Txn& txn, std::int64_t model, std::string_view from, std::string_view to) {
  return txn.Exec(
      "UPDATE model_versions SET source = ?3 || substr(source, length(?2) + 1) WHERE model = ?1 AND "
      "substr(source, 1, length(?2) + 1) = ?2 || '/'",
      model, from, to);
}

Result<ModelCounts> CountModel(sql::Conn& conn, std::int64_t model) {
  TRY(sql::Stmt stmt,
      conn.Prepare(
          "SELECT (SELECT count(*) FROM model_tags WHERE model = ?1), (SELECT count(*) FROM model_aliases WHERE model = ?1), "
          "(SELECT count(*) FROM model_versions WHERE model = ?1 AND deleted = 0), (SELECT count(*) FROM version_tags t "
          "JOIN model_versions v ON v.no = t.version_no WHERE v.model = ?1 AND v.deleted = 0)"));
  stmt.Bind(model);
  TRY(const bool found, stmt.Step());
  CHECK_BUG(found);
  return ModelCounts{stmt.Int(0), stmt.Int(1), stmt.Int(2), stmt.Int(3)};
}

}  // namespace mlean::registry
