// What a run read and made: runs/log-inputs, runs/outputs, experiments/search-datasets (reference/mlflow.md 1.2).
#include <fmt/format.h>

#include "api/mlflow/bind.hpp"
#include "api/mlflow/render.hpp"
#include "track/input_store.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr Field kDataset[] = {{"name", Type::kString, kRequired},
                              {"digest", Type::kString, kRequired},
                              {"source_type"},
                              {"source"},
                              {"schema"},
                              {"profile"}};
constexpr Field kDatasetInput[] = {{"tags", Type::kObjects, false, kPair}, {"dataset", Type::kObject, kRequired, kDataset}};
constexpr Field kModelInput[] = {{"model_id", Type::kString, kRequired}};
constexpr Field kInputs[] = {{"run_id", Type::kString, kRequired},
                             {"datasets", Type::kObjects, false, kDatasetInput},
                             {"models", Type::kObjects, false, kModelInput}};
constexpr Field kModelOutput[] = {{"model_id", Type::kString, kRequired}, {"step", Type::kInt}};
constexpr Field kOutputs[] = {{"run_id", Type::kString, kRequired}, {"models", Type::kObjects, kRequired, kModelOutput}};
constexpr Field kSearch[] = {{"experiment_ids", Type::kIds}};
constexpr std::size_t kMaxExperiments = 20;

track::DatasetInput ToInput(const Json& request) {
  const Json& dataset = *request.Find("dataset");
  track::DatasetInput out;
  out.dataset = {
      TextOf(dataset, "name"), TextOf(dataset, "digest"), TextOf(dataset, "source_type"), TextOf(dataset, "source"), {}, {}};
  if (dataset.Find("schema") != nullptr) out.dataset.schema = TextOf(dataset, "schema");
  if (dataset.Find("profile") != nullptr) out.dataset.profile = TextOf(dataset, "profile");
  out.tags = PairsOf(request, "tags");
  return out;
}

Result<Json> LogInputs(const Json& request, Context& context) {
  std::vector<track::DatasetInput> datasets;
  for (const Json& input : ListOf(request, "datasets")) datasets.push_back(ToInput(input));
  std::vector<std::string> models;
  for (const Json& model : ListOf(request, "models")) models.push_back(TextOf(model, "model_id"));
  TRYV(context.workspace.db->Write(
      [&](sql::Txn& txn) { return track::LogInputs(txn, TextOf(request, "run_id"), datasets, models); }));
  return Json(Json::Object{});
}

Result<Json> LogOutputs(const Json& request, Context& context) {
  std::vector<track::ModelOutput> models;
  for (const Json& model : ListOf(request, "models")) models.push_back({TextOf(model, "model_id"), IntOf(model, "step")});
  TRYV(context.workspace.db->Write([&](sql::Txn& txn) { return track::LogOutputs(txn, TextOf(request, "run_id"), models); }));
  return Json(Json::Object{});
}

Result<Json> SearchDatasets(const Json& request, Context& context) {
  const std::vector<std::string> ids = TextsOf(request, "experiment_ids");
  if (ids.empty()) return Fail(Code::kInvalid, "SearchDatasets request must specify at least one experiment_id.");
  if (ids.size() > kMaxExperiments) {
    return Fail(Code::kInvalid,
                fmt::format("SearchDatasets request cannot specify more than {} experiment_ids. Received {} experiment_ids.",
                            kMaxExperiments, ids.size()));
  }
  TRY(const auto found, context.workspace.db->Read([&](sql::Conn& conn) -> Result<std::vector<track::DatasetSummary>> {
    TRY(const std::vector<std::string> readable, ReadableExperiments(conn, context.caller, context.rules, ids));
    return track::ListDatasets(conn, readable);
  }));
  Json::Array list;
  for (const track::DatasetSummary& summary : found) {
    Json one = Json::Object{{"experiment_id", summary.experiment_id}, {"name", summary.name}, {"digest", summary.digest}};
    if (!summary.context.empty()) one.Set("context", summary.context);
    list.push_back(std::move(one));
  }
  Json out = Json::Object{};
  SetList(out, "dataset_summaries", std::move(list));
  return out;
}

}  // namespace

void BindRunInputs(net::Router& router, Context& context) {
  Endpoint(router, context, "POST", "runs/log-inputs", kInputs, Edits(OfRun), LogInputs);
  Endpoint(router, context, "POST", "runs/outputs", kOutputs, Edits(OfRun), LogOutputs);
  Endpoint(router, context, "POST", "experiments/search-datasets", kSearch, kForUsers, SearchDatasets);
}

}  // namespace mlean::api::mlflow
