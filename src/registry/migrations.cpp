#include "registry/migrations.hpp"

namespace mlean::registry {
namespace {

// `last_version` only grows, so a deleted version's number is never given again.
constexpr const char* kTables = R"sql(
CREATE TABLE models(
  no INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  last_version INTEGER NOT NULL DEFAULT 0);
CREATE TABLE model_tags(model INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(model, key)) WITHOUT ROWID;
CREATE TABLE model_aliases(model INTEGER NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY(model, alias)) WITHOUT ROWID;
CREATE TABLE model_versions(
  no INTEGER PRIMARY KEY AUTOINCREMENT, model INTEGER NOT NULL, version INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  stage INTEGER NOT NULL DEFAULT 0, description TEXT NOT NULL, source TEXT NOT NULL, run_id TEXT NOT NULL, run_link TEXT NOT NULL,
  logged_model_id TEXT NOT NULL, user_id TEXT NOT NULL, status TEXT NOT NULL, digest TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL,
  schema TEXT NOT NULL, gate_report TEXT NOT NULL, idempotency_key TEXT UNIQUE, deleted INTEGER NOT NULL DEFAULT 0, UNIQUE(model, version));
CREATE INDEX model_versions_by_run ON model_versions(run_id);
CREATE TABLE version_tags(
  version_no INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(version_no, key)) WITHOUT ROWID;
CREATE TABLE registry_changes(one INTEGER PRIMARY KEY CHECK(one = 1), counter INTEGER NOT NULL);
INSERT INTO registry_changes VALUES(1, 0);
)sql";

// The newest changes first, and the newest READY version of each stage of a model, without looking at all others.
constexpr const char* kOrders = R"sql(
CREATE INDEX model_versions_by_change ON model_versions(updated) WHERE deleted = 0;
CREATE INDEX model_versions_by_stage ON model_versions(model, stage, version) WHERE deleted = 0 AND status = 'READY';
)sql";

}  // namespace

std::vector<sql::Migration> Migrations() { return {{"registry", 1, kTables}, {"registry", 2, kOrders}}; }

}  // namespace mlean::registry
