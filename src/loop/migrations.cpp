#include "loop/migrations.hpp"

namespace mlean::loop {

std::vector<sql::Migration> Migrations() {
  return {{"loop", 1, R"sql(
CREATE TABLE turns(
  id TEXT PRIMARY KEY, model TEXT NOT NULL, cause TEXT NOT NULL, detail TEXT NOT NULL, status TEXT NOT NULL,
  outcome TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, ended INTEGER, run_id TEXT NOT NULL, version INTEGER,
  rollout_id TEXT, number INTEGER NOT NULL UNIQUE);
CREATE INDEX turns_by_model ON turns(model, created);
-- At most one turn of a model is under way.
CREATE UNIQUE INDEX turns_under_way ON turns(model) WHERE status IN ('running', 'waiting');
CREATE TABLE turn_steps(
  turn_id TEXT NOT NULL REFERENCES turns(id), position INTEGER NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
  started INTEGER NOT NULL, ended INTEGER, inputs TEXT NOT NULL DEFAULT '{}', outputs TEXT NOT NULL DEFAULT '{}',
  message TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 1, wall_ms INTEGER,
  PRIMARY KEY(turn_id, position)) WITHOUT ROWID;
CREATE TABLE validations(
  content TEXT NOT NULL, suite TEXT NOT NULL, success INTEGER NOT NULL, time INTEGER NOT NULL, summary TEXT NOT NULL,
  PRIMARY KEY(content, suite)) WITHOUT ROWID;
CREATE TABLE windows(
  model TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, time INTEGER NOT NULL, report TEXT NOT NULL,
  considered INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(model, start)) WITHOUT ROWID;
)sql"}};
}

}  // namespace mlean::loop
