#include "access/migrations.hpp"

namespace mlean::access {
namespace {

// Numbers of users are never given twice, so that nobody inherits what a removed user of the same name was granted. `kind` and
// `object`: see grant_store.hpp.
constexpr const char* kTables = R"sql(
CREATE TABLE access_users(
  no INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL, admin INTEGER NOT NULL,
  created INTEGER NOT NULL, updated INTEGER NOT NULL) STRICT;
CREATE TABLE access_tokens(
  id TEXT PRIMARY KEY, user INTEGER NOT NULL, digest TEXT NOT NULL UNIQUE, note TEXT NOT NULL, read_only INTEGER NOT NULL,
  created INTEGER NOT NULL, expires INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX access_tokens_by_user ON access_tokens(user);
CREATE TABLE access_grants(
  user INTEGER NOT NULL, kind INTEGER NOT NULL, object INTEGER NOT NULL, level INTEGER NOT NULL,
  PRIMARY KEY(user, kind, object)) STRICT, WITHOUT ROWID;
CREATE INDEX access_grants_by_object ON access_grants(kind, object);
CREATE TABLE access_changes(one INTEGER PRIMARY KEY CHECK(one = 1), counter INTEGER NOT NULL) STRICT;
INSERT INTO access_changes VALUES(1, 0);
)sql";

}  // namespace

std::vector<sql::Migration> Migrations() { return {{"access", 1, kTables}}; }

}  // namespace mlean::access
