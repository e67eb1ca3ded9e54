// Bringing another tracking store in: its experiments, runs and logged models keep their ids, times and states, deleted ones too.
// What has been brought is written down in the same transactions, so that an import that was killed goes on where it was and
// nothing is there twice. An import is known by its origin: where it comes from, as text.
//
// Values are taken as they are: another store's limits may have been wider than ours (limits.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "track/types.hpp"

namespace mlean::track {

enum class ImportKind : std::uint8_t { kExperiment = 1, kRun = 2, kLoggedModel = 3, kRegisteredModel = 4 };

struct Import {
  std::int64_t no = 0;
  std::string origin;
  std::string prefix;  // in front of the names of its experiments and models
  std::optional<TimeMs> finished;
};
// The import of `origin`, begun when there is none. kConflict when it was begun with another prefix.
Result<Import> BeginImport(sql::Txn& txn, const std::string& origin, const std::optional<std::string>& prefix, TimeMs now);
Result<std::optional<Import>> FindImport(sql::Conn& conn, const std::string& origin);
Result<void> FinishImport(sql::Txn& txn, std::int64_t import, TimeMs now);

struct ImportItem {
  std::string source_id;
  std::int64_t target = 0;  // small number here
  bool done = false;        // all of its rows are here
  std::string source_uri;   // where its files were
  std::string state = {};   // as it was when it was brought, there and here; "": brought by an older release
};
Result<std::optional<ImportItem>> FindItem(sql::Conn& conn, std::int64_t import, ImportKind kind, std::string_view source_id);
Result<void> PutItem(sql::Txn& txn, std::int64_t import, ImportKind kind, const ImportItem& item);
// Of a registered model, whose states the caller knows.
Result<void> SetState(sql::Txn& txn, std::int64_t import, ImportKind kind, std::string_view source_id, const std::string& state);

// What may change of a thing that is finished: name, status, end, deletion, tags. As a short text.
std::string StateOf(const Experiment& source);
std::string StateOf(const Run& source);
std::string StateOf(const LoggedModel& source, bool deleted);
// Where something has changed since it was brought. Nothing is known of what an older release brought: kNowhere.
enum class Changed : std::uint8_t { kNowhere, kThere, kBoth };
Result<Changed> WhereChanged(sql::Conn& conn, ImportKind kind, const ImportItem& item, const std::string& source_state);
// From now on only what changes later counts.
Result<void> NoteState(sql::Txn& txn, std::int64_t import, ImportKind kind, const ImportItem& item,
                       const std::string& source_state);
struct Changes {
  std::int64_t brought = 0;  // things that changed there
  std::int64_t kept = 0;     // that changed here, too: as they are here
};

// The next items behind `after` whose files are not here, by source id; at most `limit`.
Result<std::vector<ImportItem>> ItemsWithoutFiles(sql::Conn& conn, std::int64_t import, ImportKind kind, std::string_view after,
                                                  int limit);
// The experiment of a run or logged model by its small number; none when that is gone.
Result<std::optional<std::int64_t>> ExperimentOf(sql::Conn& conn, ImportKind kind, std::int64_t target);
// The run's or logged model's files are here now, at `uri`, but for `left` that cannot be kept.
Result<void> FinishFiles(sql::Txn& txn, std::int64_t import, ImportKind kind, const ImportItem& item, const std::string& uri,
                         std::int64_t left);
// How many files FinishFiles was told that cannot be kept.
Result<std::int64_t> FilesLeft(sql::Conn& conn, std::int64_t import);

// The experiment as `name`, with its own id when that is free. One that was brought before keeps its id, gets `location`, and
// what has changed there unless it has changed here, too. "Default" is the Default that is there. kExists when another experiment
// has the name. Returns the id here, "" for one that was brought and has been deleted for good since.
Result<std::string> ImportExperiment(sql::Txn& txn, std::int64_t import, const Experiment& source, const std::string& name,
                                     const std::string& location, Changes& changes);

// A run with all but its metrics; its experiment's id is the one here, `artifact_uri` is set by the caller. Begun again it gets
// what has changed (and loses tags that are gone there, unless it has changed here), and its files are looked for again. kExists
// when there is such a run that did not come from this import. Returns its number.
Result<std::int64_t> ImportRun(sql::Txn& txn, std::int64_t import, const Run& run, std::optional<TimeMs> deleted_time,
                               const std::string& source_uri);
Result<void> ImportPoints(sql::Txn& txn, std::int64_t run, const std::vector<Metric>& points);
// All of the run is here; `points` were read. `state` is StateOf the source's.
Result<void> FinishRunImport(sql::Txn& txn, std::int64_t import, const std::string& run_id, std::int64_t run, std::int64_t points,
                             const std::string& state);
// A logged model with its params, tags and metrics; points of runs that are not here are left out. Files of one that was pending
// are looked for again. One that was brought before gets what has changed there unless it has changed here, too; one that has
// been deleted for good since stays away.
Result<void> ImportLoggedModel(sql::Txn& txn, std::int64_t import, const LoggedModel& model, bool deleted,
                               const std::string& source_uri, Changes& changes);

// How much of an import is here.
struct ImportCounts {
  std::int64_t experiments = 0, experiment_tags = 0, runs = 0, points = 0, params = 0, tags = 0, dataset_inputs = 0,
               model_inputs = 0, model_outputs = 0, logged_models = 0, logged_model_params = 0, logged_model_tags = 0,
               logged_model_points = 0;
  std::int64_t points_read = 0;  // of the source
  std::int64_t same_points = 0;  // read more than once: kept once
  std::int64_t removed = 0;      // brought, and deleted for good since
};
Result<ImportCounts> CountImport(sql::Conn& conn, std::int64_t import);

}  // namespace mlean::track
