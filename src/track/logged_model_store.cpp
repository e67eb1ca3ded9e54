#include "track/logged_model_store.hpp"

#include <fmt/format.h>

#include "base/ids.hpp"
#include "base/text.hpp"
#include "track/artifact_location.hpp"
#include "track/experiment_store.hpp"
#include "track/limits.hpp"
#include "track/logged_model_data_store.hpp"
#include "track/python_repr.hpp"
#include "track/run_name.hpp"

namespace mlean::track {
namespace {

Result<void> CheckModelName(std::string_view name) {
  if (name.find_first_of("/:.%\"'") == std::string_view::npos && IsValidUtf8(name)) return CheckLength(name, 500, "name");
  return Fail(Code::kInvalid,
              fmt::format("Invalid model name ({}) provided. Model name must be a non-empty string and cannot contain the "
                          "following characters: ('/', ':', '.', '%', '\"', \"'\")",
                          PythonRepr(name)));
}

Result<std::int64_t> Locate(sql::Conn& conn, std::string_view model_id, bool with_deleted = true) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no FROM logged_models WHERE model_id = ?1 AND deleted <= ?2"));
  stmt.Bind(model_id).Bind(with_deleted);
  TRY(const bool found, stmt.Step());
  if (!found) return Fail(Code::kNotFound, fmt::format("Logged model with ID '{}' not found.", model_id));
  return stmt.Int(0);
}

Result<void> WriteParams(sql::Txn& txn, std::int64_t model, const std::vector<Param>& params) {
  for (const Param& param : params) {
    TRYV(CheckKey(param.key, KeyOf::kParam));
    const std::string value(CutTo(param.value, kMaxParamValue));
    TRYV(txn.Exec("INSERT INTO logged_model_params(model, key, value) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING", model,
                  param.key, value));
    if (txn.Changes() > 0) continue;
    TRY(sql::Stmt stmt, txn.Prepare("SELECT value FROM logged_model_params WHERE model = ?1 AND key = ?2"));
    stmt.Bind(model).Bind(param.key);
    TRY(const bool there, stmt.Step());
    CHECK_BUG(there);
    if (stmt.Text(0) == value) continue;
    return Fail(Code::kInvalid, fmt::format("Changing param values is not allowed. Param with key='{}' was already logged with "
                                            "value='{}'. Attempted logging new value '{}'.",
                                            param.key, stmt.Text(0), value));
  }
  return {};
}

Result<void> WriteTags(sql::Txn& txn, std::int64_t model, const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) {
    TRYV(CheckKey(tag.key, KeyOf::kTag));
    TRYV(
        txn.Exec("INSERT INTO logged_model_tags(model, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(model, key) DO UPDATE SET "
                 "value = excluded.value",
                 model, tag.key, CutTo(tag.value, kMaxRunTagValue)));
  }
  return {};
}

}  // namespace

Result<LoggedModel> CreateLoggedModel(sql::Txn& txn, const NewLoggedModel& spec, TimeMs now) {
  TRYV(CheckModelName(spec.name));
  TRYV(CheckLength(spec.model_type, 500, "model_type"));
  TRY(const Experiment experiment, GetExperiment(txn, spec.experiment_id));
  if (experiment.stage == Stage::kDeleted) {
    return Fail(Code::kInvalid,
                fmt::format("The experiment {} must be in the 'active' state. Current state is deleted.", experiment.id));
  }
  const std::string model_id = "m-" + NewHex32();
  TRYV(txn.Exec(
      "INSERT INTO logged_models(model_id, experiment, name, model_type, source_run_id, artifact_uri, status, status_message, "
      "created, updated) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 1, '', ?7, ?7)",
      model_id, *ParseInt(experiment.id), spec.name.empty() ? RandomRunName() : spec.name, spec.model_type, spec.source_run_id,
      BelowLocation(experiment.artifact_location, fmt::format("models/{}/artifacts", model_id)), now));
  const std::int64_t number = txn.LastRowId();
  TRYV(WriteParams(txn, number, spec.params));
  TRYV(WriteTags(txn, number, spec.tags));
  return ReadLoggedModel(txn, number);
}

Result<std::string> ExperimentOfLoggedModel(sql::Conn& conn, std::string_view model_id) {
  TRY(const std::int64_t model, Locate(conn, model_id));
  TRY(sql::Stmt stmt, conn.Prepare("SELECT experiment FROM logged_models WHERE no = ?1"));
  stmt.Bind(model);
  TRY(const bool found, stmt.Step());
  CHECK_BUG(found);
  return fmt::to_string(stmt.Int(0));
}

Result<LoggedModel> GetLoggedModel(sql::Conn& conn, std::string_view model_id, bool with_deleted) {
  TRY(const std::int64_t model, Locate(conn, model_id, with_deleted));
  return ReadLoggedModel(conn, model);
}

Result<LoggedModel> FinalizeLoggedModel(sql::Txn& txn, std::string_view model_id, ModelStatus status, TimeMs now) {
  TRY(const std::int64_t model, Locate(txn, model_id));
  TRYV(txn.Exec("UPDATE logged_models SET status = ?2, updated = ?3 WHERE no = ?1", model, static_cast<int>(status), now));
  return ReadLoggedModel(txn, model);
}

Result<void> LogLoggedModelParams(sql::Txn& txn, std::string_view model_id, const std::vector<Param>& params) {
  TRY(const std::int64_t model, Locate(txn, model_id));
  return WriteParams(txn, model, params);
}

Result<void> SetLoggedModelTags(sql::Txn& txn, std::string_view model_id, const std::vector<Tag>& tags) {
  TRY(const std::int64_t model, Locate(txn, model_id));
  return WriteTags(txn, model, tags);
}

Result<void> DeleteLoggedModelTag(sql::Txn& txn, std::string_view model_id, std::string_view key) {
  TRY(const std::int64_t model, Locate(txn, model_id));
  TRYV(txn.Exec("DELETE FROM logged_model_tags WHERE model = ?1 AND key = ?2", model, key));
  if (txn.Changes() == 0) {
    return Fail(Code::kNotFound,
                fmt::format("No tag with key {} found for model with ID {}.", PythonRepr(key), PythonRepr(model_id)));
  }
  return {};
}

Result<void> DeleteLoggedModel(sql::Txn& txn, std::string_view model_id, TimeMs now) {
  TRY(const std::int64_t model, Locate(txn, model_id));
  return txn.Exec("UPDATE logged_models SET deleted = 1, updated = ?2 WHERE no = ?1", model, now);
}

}  // namespace mlean::track
