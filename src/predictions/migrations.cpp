#include "predictions/migrations.hpp"

namespace mlean::predictions {
namespace {

// A changed label's earlier text goes to the history by trigger, so that the common case, a new label, is one insert.
constexpr const char* kTables = R"sql(
CREATE TABLE label_models(no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, labels INTEGER NOT NULL DEFAULT 0);
CREATE TABLE labels(
  model INTEGER NOT NULL, id TEXT NOT NULL, row INTEGER NOT NULL, label TEXT NOT NULL, event_time INTEGER NOT NULL, arrived INTEGER NOT NULL,
  PRIMARY KEY(model, id, row)) WITHOUT ROWID;
CREATE TABLE label_history(
  model INTEGER NOT NULL, id TEXT NOT NULL, row INTEGER NOT NULL, label TEXT NOT NULL, event_time INTEGER NOT NULL, arrived INTEGER NOT NULL);
CREATE INDEX label_history_by_id ON label_history(model, id, row);
CREATE TRIGGER labels_keep_old AFTER UPDATE ON labels BEGIN
  INSERT INTO label_history VALUES(old.model, old.id, old.row, old.label, old.event_time, old.arrived);
END;
)sql";

}  // namespace

std::vector<sql::Migration> Migrations() { return {{"predictions", 1, kTables}}; }

}  // namespace mlean::predictions
