#include "track/input_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "sql/rows.hpp"
#include "track/limits.hpp"
#include "track/query_store.hpp"
#include "track/run_store.hpp"

namespace mlean::track {
namespace {

constexpr std::string_view kContextTag = "mlflow.data.context";

Result<void> CheckDataset(const DatasetInput& input) {
  TRYV(CheckLength(input.dataset.name, 500, "name"));
  TRYV(CheckLength(input.dataset.digest, 36, "digest"));
  TRYV(CheckLength(input.dataset.source, 65535, "source"));
  if (input.dataset.schema) TRYV(CheckLength(*input.dataset.schema, 1048575, "schema"));
  if (input.dataset.profile) TRYV(CheckLength(*input.dataset.profile, 16777215, "profile"));
  for (const Tag& tag : input.tags) {
    TRYV(CheckLength(tag.key, 255, "key"));
    TRYV(CheckLength(tag.value, 500, "value"));
  }
  if (input.dataset.name.empty()) return Fail(Code::kInvalid, "Missing value for required parameter 'name'.");
  return {};
}

Result<std::int64_t> DatasetNumber(sql::Txn& txn, std::int64_t experiment, const Dataset& dataset) {
  TRYV(txn.Exec(
      "INSERT INTO datasets(experiment, name, digest, source_type, source, schema, profile) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) "
      "ON CONFLICT DO NOTHING",
      experiment, dataset.name, dataset.digest, dataset.source_type, dataset.source, dataset.schema, dataset.profile));
  TRY(sql::Stmt stmt, txn.Prepare("SELECT no FROM datasets WHERE experiment = ?1 AND name = ?2 AND digest = ?3"));
  stmt.Bind(experiment).Bind(dataset.name).Bind(dataset.digest);
  TRY(const bool found, stmt.Step());
  CHECK_BUG(found);
  return stmt.Int(0);
}

Result<void> WriteInput(sql::Txn& txn, std::int64_t run, std::int64_t experiment, const DatasetInput& input) {
  TRY(const std::int64_t dataset, DatasetNumber(txn, experiment, input.dataset));
  TRYV(txn.Exec(
      "INSERT INTO inputs(run, dataset, position) SELECT ?1, ?2, count(*) FROM inputs WHERE run = ?1 ON CONFLICT DO NOTHING", run,
      dataset));
  if (txn.Changes() == 0) return {};
  std::vector<Tag> tags = input.tags;
  std::stable_sort(tags.begin(), tags.end(),
                   [](const Tag& a, const Tag& b) { return (a.key != kContextTag) > (b.key != kContextTag); });
  int position = 0;
  for (const Tag& tag : tags) {
    TRYV(txn.Exec("INSERT INTO input_tags(run, dataset, position, key, value) VALUES(?1, ?2, ?3, ?4, ?5)", run, dataset,
                  position++, tag.key, tag.value));
  }
  return {};
}

}  // namespace

Result<void> LogInputs(sql::Txn& txn, std::string_view run_id, const std::vector<DatasetInput>& datasets,
                       const std::vector<std::string>& model_ids) {
  TRY(const std::int64_t run, ActiveRun(txn, run_id));
  TRY(const RunInfo info, GetRunInfo(txn, run_id));
  for (const DatasetInput& input : datasets) {
    TRYV(CheckDataset(input));
    TRYV(WriteInput(txn, run, *ParseInt(info.experiment_id), input));
  }
  for (const std::string& model_id : model_ids) {
    TRYV(CheckLength(model_id, 500, "model_id"));
    TRYV(txn.Exec("INSERT INTO model_inputs(run, model_id) VALUES(?1, ?2) ON CONFLICT DO NOTHING", run, model_id));
  }
  return {};
}

Result<void> LogOutputs(sql::Txn& txn, std::string_view run_id, const std::vector<ModelOutput>& models) {
  TRY(const std::int64_t run, ActiveRun(txn, run_id));
  for (const ModelOutput& model : models) {
    TRYV(CheckLength(model.model_id, 500, "model_id"));
    TRYV(
        txn.Exec("INSERT INTO model_outputs(run, model_id, step) VALUES(?1, ?2, ?3) ON CONFLICT(run, model_id) DO UPDATE SET "
                 "step = excluded.step",
                 run, model.model_id, model.step));
  }
  return {};
}

Result<std::vector<DatasetSummary>> ListDatasets(sql::Conn& conn, const std::vector<std::string>& experiment_ids) {
  sql::SelectText text;
  text.Add(
      "SELECT DISTINCT d.experiment, d.name, d.digest, t.value FROM datasets d JOIN inputs i ON i.dataset = d.no "
      "JOIN runs r ON r.no = i.run AND r.deleted = 0 "
      "LEFT JOIN input_tags t ON t.run = i.run AND t.dataset = d.no AND t.key = 'mlflow.data.context' WHERE d.experiment IN ");
  if (!AddExperimentIds(text, experiment_ids)) return std::vector<DatasetSummary>{};
  text.Add(" ORDER BY d.experiment, d.name, d.digest, t.value LIMIT 1000");
  TRY(sql::Stmt stmt, text.Prepare(conn));
  return sql::ReadRows(stmt, [](const sql::Stmt& row) {
    return DatasetSummary{fmt::to_string(row.Int(0)), row.Text(1), row.Text(2), row.Text(3)};
  });
}

}  // namespace mlean::track
