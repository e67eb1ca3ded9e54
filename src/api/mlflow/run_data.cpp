// What is logged to a run: runs/log-metric, log-parameter, set-tag, delete-tag, log-batch, log-model (reference/mlflow.md 1.2).
#include <fmt/format.h>

#include "api/mlflow/bind.hpp"
#include "codec/python_text.hpp"
#include "track/limits.hpp"
#include "track/metric_store.hpp"
#include "track/param_store.hpp"
#include "track/run_store.hpp"
#include "track/tag_store.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr Field kMetric[] = {{"run_id", Type::kString, kRequired},
                             {"key", Type::kString, kRequired},
                             {"value", Type::kDouble, kRequired},
                             {"timestamp", Type::kTime, kRequired},
                             {"step", Type::kInt},
                             {"model_id"},
                             {"dataset_name"},
                             {"dataset_digest"}};
constexpr std::span<const Field> kPoint = std::span(kMetric).subspan(1);
constexpr Field kPairOfRun[] = {{"run_id", Type::kString, kRequired}, {"key", Type::kString, kRequired}, {"value"}};
constexpr std::span<const Field> kKeyOfRun = std::span(kPairOfRun).first(2);
constexpr Field kBatch[] = {{"run_id", Type::kString, kRequired},
                            {"metrics", Type::kObjects, false, kPoint},
                            {"params", Type::kObjects, false, kPair},
                            {"tags", Type::kObjects, false, kPair}};
constexpr Field kLogModel[] = {{"run_id", Type::kString, kRequired}, {"model_json", Type::kString, kRequired}};

track::Metric ToMetric(const Json& request) {
  track::Metric metric{.key = TextOf(request, "key"), .value = request.Find("value")->AsDouble()};
  metric.timestamp = IntOf(request, "timestamp");
  metric.step = IntOf(request, "step");
  metric.model_id = TextOf(request, "model_id");
  metric.dataset_name = TextOf(request, "dataset_name");
  metric.dataset_digest = TextOf(request, "dataset_digest");
  return metric;
}

std::string RunId(const Json& request) { return TextOf(request, "run_id"); }

Result<void> LogBatch(sql::Txn& txn, const Json& request, const flows::Workspace&) {
  std::vector<track::Metric> metrics;
  const std::span<const Json> points = ListOf(request, "metrics");
  metrics.reserve(points.size());
  for (const Json& point : points) metrics.push_back(ToMetric(point));
  return track::LogBatch(txn, RunId(request), metrics, PairsOf(request, "params"), PairsOf(request, "tags"));
}

// 2.x clients and R tell here which model they wrote into the run's artifacts; it joins the list in a tag.
Result<void> LogModel(sql::Txn& txn, const Json& request, const flows::Workspace&) {
  const std::string text = TextOf(request, "model_json");
  Result<Json> parsed = Json::Parse(text, {.allow_nan = true});
  if (!parsed || !parsed->IsObject()) {
    return Fail(Code::kInvalid, fmt::format("Malformed model info. \n {} \n is not a valid JSON.", track::CutTo(text, 1000)));
  }
  Json model = *std::move(parsed);
  std::vector<std::string> missing;
  for (const char* key : {"artifact_path", "flavors", "utc_time_created", "run_id"}) {
    if (model.Find(key) == nullptr) missing.emplace_back(key);
  }
  if (!missing.empty()) {
    Json::Array names(missing.begin(), missing.end());
    return Fail(Code::kInvalid,
                fmt::format("Model json is missing mandatory fields: {}", codec::PythonRepr(Json(std::move(names)))));
  }
  TRY(const track::Run run, track::GetRun(txn, RunId(request)));
  constexpr std::string_view kHistory = "mlflow.log-model.history";
  Json history = Json::Array{};
  for (const track::Tag& tag : run.tags) {
    if (tag.key != kHistory) continue;
    if (Result<Json> kept = Json::Parse(tag.value); kept && kept->IsArray()) history = *std::move(kept);
  }
  history.Push(std::move(model));
  return track::SetTags(txn, RunId(request), {{std::string(kHistory), history.DumpPython()}});
}

}  // namespace

void BindRunData(net::Router& router, Context& context) {
  ChangeEndpoint(
      router, context, "POST", "runs/log-metric", kMetric, Edits(OfRunAndModels),
      [](sql::Txn& txn, const Json& request, const flows::Workspace&) {
        return track::LogMetrics(txn, RunId(request), {ToMetric(request)});
      },
      After::kReplyAtOnce);
  ChangeEndpoint(
      router, context, "POST", "runs/log-parameter", kPairOfRun, Edits(OfRun),
      [](sql::Txn& txn, const Json& request, const flows::Workspace&) {
        return track::LogParam(txn, RunId(request), {TextOf(request, "key"), TextOf(request, "value")});
      },
      After::kReplyAtOnce);
  ChangeEndpoint(
      router, context, "POST", "runs/set-tag", kPairOfRun, Edits(OfRun),
      [](sql::Txn& txn, const Json& request, const flows::Workspace&) {
        return track::SetTags(txn, RunId(request), {{TextOf(request, "key"), TextOf(request, "value")}});
      },
      After::kReplyAtOnce);
  ChangeEndpoint(router, context, "POST", "runs/delete-tag", kKeyOfRun, Edits(OfRun),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace&) {
                   return track::DeleteTag(txn, RunId(request), TextOf(request, "key"));
                 });
  ChangeEndpoint(router, context, "POST", "runs/log-batch", kBatch, Edits(OfRunAndModels), LogBatch);
  ChangeEndpoint(router, context, "POST", "runs/log-model", kLogModel, Edits(OfRun), LogModel);
}

}  // namespace mlean::api::mlflow
