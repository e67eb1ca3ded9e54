#include "audit/migrations.hpp"

namespace mlean::audit {

// The trigger on INSERT is there for INSERT OR REPLACE, which deletes without firing the trigger on DELETE.
std::vector<sql::Migration> Migrations() {
  return {{"audit", 1, R"sql(
CREATE TABLE audit_events(
  seq INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  before_hash TEXT NOT NULL,
  after_hash TEXT NOT NULL,
  request_id TEXT NOT NULL,
  detail TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_events_object ON audit_events(object);

CREATE TABLE audit_head(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  count INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head VALUES(1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never removed'); END;
CREATE TRIGGER audit_events_only_append BEFORE INSERT ON audit_events
WHEN NEW.seq <> (SELECT count + 1 FROM audit_head)
BEGIN SELECT RAISE(ABORT, 'audit events are only appended'); END;
CREATE TRIGGER audit_head_only_grows BEFORE UPDATE ON audit_head
WHEN NEW.count <> OLD.count + 1
BEGIN SELECT RAISE(ABORT, 'the audit head only grows'); END;
CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit head is never removed'); END;
)sql"}};
}

}  // namespace mlean::audit
