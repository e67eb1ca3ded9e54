#include "track/run_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "base/text.hpp"
#include "track/artifact_location.hpp"
#include "track/experiment_store.hpp"
#include "track/limits.hpp"
#include "track/run_data_store.hpp"
#include "track/run_name.hpp"
#include "track/tag_store.hpp"

namespace mlean::track {
namespace {

Error NoRun(std::string_view run_id) { return Fail(Code::kNotFound, fmt::format("Run with id={} not found", run_id)); }

Error IsDeleted(std::string_view run_id) {
  return Fail(Code::kInvalid, fmt::format("The run {} must be in the 'active' state. Current state is deleted.", run_id));
}

struct NumberAndStage {
  std::int64_t number = 0;
  bool deleted = false;
};

Result<NumberAndStage> Locate(sql::Conn& conn, std::string_view run_id) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no, deleted FROM runs WHERE run_id = ?1"));
  stmt.Bind(run_id);
  TRY(const bool found, stmt.Step());
  if (!found) return NoRun(run_id);
  return NumberAndStage{stmt.Int(0), stmt.Int(1) != 0};
}

// The name from the spec or its tags; conflicting ones are refused as MLflow does.
Result<std::string> ChooseName(const NewRun& spec) {
  const auto tag = std::find_if(spec.tags.begin(), spec.tags.end(), [](const Tag& t) { return t.key == kRunNameTag; });
  const std::string tagged = tag == spec.tags.end() ? "" : tag->value;
  if (!spec.name.empty() && !tagged.empty() && spec.name != tagged) {
    return Fail(Code::kInvalid,
                fmt::format("Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
                            "(run_name='{}', mlflow.runName='{}').",
                            spec.name, tagged));
  }
  if (!spec.name.empty()) return spec.name;
  return tagged.empty() ? RandomRunName() : tagged;
}

Result<void> InsertRun(sql::Txn& txn, const NewRun& spec, const std::string& run_id, const std::string& name, TimeMs now) {
  TRY(const Experiment experiment, GetExperiment(txn, spec.experiment_id));
  if (experiment.stage == Stage::kDeleted) {
    return Fail(Code::kInvalid,
                fmt::format("The experiment {} must be in the 'active' state. Current state is deleted.", experiment.id));
  }
  return txn.Exec(
      "INSERT INTO runs(run_id, experiment, name, user_id, status, start_time, artifact_uri) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      run_id, *ParseInt(experiment.id), CutTo(name, kMaxRunTagValue), spec.user_id, static_cast<int>(spec.status),
      spec.start_time.value_or(now), BelowLocation(experiment.artifact_location, run_id + "/artifacts"));
}

}  // namespace

Result<Run> CreateRun(sql::Txn& txn, const NewRun& spec, TimeMs now) {
  std::string run_id = spec.run_id;
  if (run_id.empty()) {
    run_id = NewHex32();
  } else {
    TRYV(CheckRunId(run_id));
    const Result<NumberAndStage> there = Locate(txn, run_id);
    if (there) return GetRun(txn, run_id);
    if (there.error().code != Code::kNotFound) return there.error();
  }
  if (!IsValidUtf8(spec.name) || !IsValidUtf8(spec.user_id))
    return Fail(Code::kInvalid, "cannot create run: a text is not UTF-8");
  TRY(const std::string name, ChooseName(spec));
  TRYV(InsertRun(txn, spec, run_id, name, now));
  std::vector<Tag> tags = spec.tags;
  std::erase_if(tags, [](const Tag& tag) { return tag.key == kRunNameTag; });
  tags.push_back({std::string(kRunNameTag), name});
  TRYV(SetTags(txn, run_id, tags));
  return GetRun(txn, run_id);
}

Result<RunInfo> UpdateRun(sql::Txn& txn, std::string_view run_id, const RunChange& change) {
  TRY(const std::int64_t run, ActiveRun(txn, run_id));
  if (change.status) TRYV(txn.Exec("UPDATE runs SET status = ?2 WHERE no = ?1", run, static_cast<int>(*change.status)));
  if (change.end_time) TRYV(txn.Exec("UPDATE runs SET end_time = ?2 WHERE no = ?1", run, *change.end_time));
  if (change.name && !change.name->empty()) TRYV(SetTags(txn, run_id, {{std::string(kRunNameTag), *change.name}}));
  return GetRunInfo(txn, run_id);
}

Result<void> DeleteRun(sql::Txn& txn, std::string_view run_id, TimeMs now) {
  TRY(const NumberAndStage run, Locate(txn, run_id));
  if (run.deleted) return {};
  return txn.Exec("UPDATE runs SET deleted = 1, deleted_time = ?2 WHERE no = ?1", run.number, now);
}

Result<void> RestoreRun(sql::Txn& txn, std::string_view run_id) {
  TRY(const NumberAndStage run, Locate(txn, run_id));
  if (!run.deleted) return {};
  return txn.Exec("UPDATE runs SET deleted = 0, deleted_time = NULL WHERE no = ?1", run.number);
}

Result<std::string> ExperimentOfRun(sql::Conn& conn, std::string_view run_id) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT experiment FROM runs WHERE run_id = ?1"));
  stmt.Bind(run_id);
  TRY(const bool found, stmt.Step());
  if (!found) return NoRun(run_id);
  return fmt::to_string(stmt.Int(0));
}

Result<RunInfo> GetRunInfo(sql::Conn& conn, std::string_view run_id) {
  TRY(const std::int64_t run, RunNumber(conn, run_id));
  return ReadRunInfo(conn, run);
}

Result<Run> GetRun(sql::Conn& conn, std::string_view run_id) {
  TRY(const std::int64_t run, RunNumber(conn, run_id));
  return ReadRun(conn, run);
}

Result<std::int64_t> RunNumber(sql::Conn& conn, std::string_view run_id) {
  TRY(const NumberAndStage run, Locate(conn, run_id));
  return run.number;
}

Result<std::int64_t> ActiveRun(sql::Conn& conn, std::string_view run_id) {
  TRY(const NumberAndStage run, Locate(conn, run_id));
  if (run.deleted) return IsDeleted(run_id);
  return run.number;
}

}  // namespace mlean::track
